// Random sets of time servers for bench/time-attack.ts: honest ones as bad as honest ones can be, and a minority
// of liars that know everything about them and do the most harm possible.
import type { Packet } from "../src/time/ntp/packet.ts";
import { ntpOfUnixNs } from "../src/time/ntp/timestamp.ts";

/** The behaviour of a liar. The first eight concern what it says, the last two when. */
export const LIES = [
  "far off",
  "just off",
  "claiming ±0",
  "inside an honest interval",
  "colluding",
  "changing between samples",
  "understating its distance",
  "overstating its distance",
  "fast",
  "slow",
] as const;
export type Lie = (typeof LIES)[number];

/** An answer, and its delay after the request. */
interface Answer {
  readonly packet: Packet;
  readonly afterNs: bigint;
}

/** A server of a set, with one or more addresses that all behave alike. */
export interface AttackServer {
  readonly name: string;
  readonly addresses: number;
  /** Null: honest. */
  readonly lie: Lie | null;
  /** The answer to a request; null: none. */
  answer(request: {
    readonly cookie: bigint;
    readonly sentRawNs: bigint;
    readonly number: number;
  }): Answer | null;
}

export interface AttackSet {
  readonly servers: readonly AttackServer[];
  /** True time when the raw clock is at zero, in Unix nanoseconds: the right answer. */
  readonly trueNs: bigint;
  readonly samples: number;
}

const MS = 1e6;
const ASK_AGAIN_NS = 250 * MS;
const SHORT_NS = 1e9 / 65_536;

/** How an honest server will be measured: an interval around its offset, relative to true time, in nanoseconds. */
interface Honest {
  readonly forwardNs: number;
  readonly backNs: number;
  readonly processingNs: number;
  /** Its own clock's error, and what it states about it: in units of 2^-16 s. */
  readonly errorNs: number;
  readonly rootDelay: number;
  readonly rootDispersion: number;
  readonly isDead: boolean;
  readonly losesFirst: boolean;
  readonly offsetNs: number;
  readonly halfNs: number;
}

type Random = () => number;

function pick<T>(random: Random, values: readonly [T, ...T[]]): T {
  return values[Math.floor(random() * values.length)] ?? values[0];
}

function logUniform(random: Random, low: number, high: number): number {
  return low * (high / low) ** random();
}

function packetOf(cookie: bigint, change: Partial<Packet>): Packet {
  return {
    leap: 0,
    version: 4,
    mode: 4,
    stratum: 2,
    precision: -24,
    rootDelay: 0,
    rootDispersion: 0,
    referenceId: 0x7f00_0001,
    origin: cookie,
    receive: 0n,
    transmit: 0n,
    ...change,
  };
}

/** An honest server: delays can be entirely one-sided, and its clock is off by as much as it admits. */
function honestOf(random: Random, mayDie: boolean, limitNs: number): Honest {
  const losesFirst = random() < 0.1;
  const most = losesFirst ? limitNs - ASK_AGAIN_NS : limitNs;
  const total = Math.min(most, logUniform(random, 0.05 * MS, pick(random, [5, 60, 1_500]) * MS));
  const share = pick(random, [0.001, 0.5, 0.999, random()]);
  const processingNs = random() < 0.1 ? logUniform(random, 1e3, 5 * MS) : 0;
  const rootDelay = Math.floor(logUniform(random, 1, 6_000));
  const rootDispersion = Math.floor(logUniform(random, 1, 6_000));
  const admitted = (rootDelay / 2 + rootDispersion) * SHORT_NS;
  const errorNs = admitted * pick(random, [-1, -0.99, 0, 0.99, 1, 2 * random() - 1]) * 0.999_999;
  const forwardNs = Math.round(total * share);
  const backNs = Math.round(total * (1 - share));
  return {
    forwardNs,
    backNs,
    processingNs,
    errorNs,
    rootDelay,
    rootDispersion,
    isDead: mayDie && random() < 0.3,
    losesFirst,
    offsetNs: errorNs + (forwardNs - backNs) / 2,
    halfNs: total / 2 + admitted,
  };
}

function honestServer(name: string, honest: Honest, trueNs: bigint, addresses: number): AttackServer {
  const { forwardNs, backNs, processingNs, errorNs, rootDelay, rootDispersion } = honest;
  return {
    name,
    addresses,
    lie: null,
    answer: ({ cookie, sentRawNs, number }) => {
      if (honest.isDead || (honest.losesFirst && number === 1)) return null;
      const receivedNs = trueNs + sentRawNs + BigInt(Math.round(forwardNs + errorNs));
      const change = {
        rootDelay,
        rootDispersion,
        receive: ntpOfUnixNs(receivedNs),
        transmit: ntpOfUnixNs(receivedNs + BigInt(Math.round(processingNs))),
      };
      return {
        packet: packetOf(cookie, change),
        afterNs: BigInt(Math.round(forwardNs + processingNs + backNs)),
      };
    },
  };
}

/**
 * The most effective lies: just beyond the honest servers' measurements, or just inside or outside the edges of
 * their intervals or of their intersection.
 */
function temptingOffset(random: Random, honest: readonly Honest[]): number {
  const offsets = honest.map(({ offsetNs }) => offsetNs);
  if (random() < 0.3)
    return random() < 0.5
      ? Math.max(...offsets) + logUniform(random, 1, 5 * MS)
      : Math.min(...offsets) - logUniform(random, 1, 5 * MS);
  const low = Math.max(...honest.map(({ offsetNs, halfNs }) => offsetNs - halfNs));
  const high = Math.min(...honest.map(({ offsetNs, halfNs }) => offsetNs + halfNs));
  const edges = honest.flatMap(({ offsetNs, halfNs }) => [offsetNs - halfNs, offsetNs + halfNs]);
  const at = random() < 0.5 ? pick(random, [low, high]) : (edges[Math.floor(random() * edges.length)] ?? 0);
  const nudge = pick(random, [-1, 1]) * logUniform(random, 1, 5 * MS);
  return at + nudge;
}

/** What all liars of a set know and have agreed on. */
interface Plot {
  readonly offsetNs: number;
  readonly honest: readonly Honest[];
  readonly trueNs: bigint;
}

function liarServer(name: string, lie: Lie, plot: Plot, random: Random): AttackServer {
  const { honest } = plot;
  const victim = honest[Math.floor(random() * honest.length)] ?? honest[0];
  const inside =
    (victim?.offsetNs ?? 0) + (victim?.halfNs ?? 0) * pick(random, [-0.999, 0.999, 2 * random() - 1]);
  let offsetNs = random() < 0.6 ? plot.offsetNs : temptingOffset(random, honest);
  let halfNs = random() < 0.5 ? 0 : logUniform(random, 1e3, 500 * MS);
  let afterNs = logUniform(random, 0.05 * MS, 900 * MS);
  let wobbleNs = 0;
  switch (lie) {
    case "far off":
      offsetNs = pick(random, [-1, 1]) * logUniform(random, 1e9, 1e14);
      break;
    case "just off":
      halfNs = logUniform(random, 1e3, 50 * MS);
      // Its interval just reaches into the intersection of the honest ones.
      offsetNs += Math.sign(offsetNs) * halfNs;
      break;
    case "claiming ±0":
      halfNs = 0;
      break;
    case "inside an honest interval":
      offsetNs = inside;
      halfNs = 0;
      break;
    case "colluding":
      offsetNs = plot.offsetNs;
      break;
    case "changing between samples":
      wobbleNs = logUniform(random, 1e3, 1e9);
      break;
    case "understating its distance":
      offsetNs = inside;
      halfNs = logUniform(random, 1, 1e5);
      break;
    case "overstating its distance":
      halfNs = 1_400 * MS;
      offsetNs = pick(random, [-1, 1]) * random() * 1_390 * MS;
      break;
    case "fast":
      afterNs = logUniform(random, 1e4, 1 * MS);
      break;
    case "slow":
      afterNs = logUniform(random, 400 * MS, 2_900 * MS);
      break;
  }
  if (lie !== "slow" && random() < 0.5) afterNs = logUniform(random, 1e4, 1 * MS);
  return {
    name,
    addresses: random() < 0.1 ? 2 : 1,
    lie,
    answer: ({ cookie, sentRawNs, number }) => {
      const after = Math.round(afterNs);
      const wobble = number % 2 === 0 ? wobbleNs : 0;
      // It claims to have held the request for the whole round trip: the measured delay is next to nothing.
      const receivedNs = plot.trueNs + sentRawNs + BigInt(Math.round(offsetNs + wobble));
      const change = {
        rootDispersion: Math.floor(halfNs / SHORT_NS),
        receive: ntpOfUnixNs(receivedNs),
        transmit: ntpOfUnixNs(receivedNs + BigInt(after)),
      };
      return { packet: packetOf(cookie, change), afterNs: BigInt(after) };
    },
  };
}

/**
 * A set of up to nine servers in which liars are a minority, also of those that will answer.
 *
 * @param honestMs honest servers answer within this time: a second, less a margin for delays of the machine.
 */
export function attackSet(random: Random, buildTimeS: number, honestMs = 950): AttackSet {
  const trueNs =
    BigInt(buildTimeS + Math.floor(random() * 1e8)) * 1_000_000_000n + BigInt(Math.floor(random() * 1e9));
  const count = 1 + Math.floor(random() * 9);
  const most = Math.ceil(count / 2) - 1;
  const liars =
    random() < 0.5 ? most : random() < 0.6 ? Math.min(1, most) : Math.floor(random() * (most + 1));
  const mayDie = random() < 0.2;
  let honest = Array.from({ length: count - liars }, () => honestOf(random, mayDie, honestMs * MS));
  const sure = honest.filter(({ isDead, losesFirst }) => !isDead && !losesFirst).length;
  if (sure <= liars) honest = honest.map((each) => ({ ...each, isDead: false, losesFirst: false }));
  const plot: Plot = { offsetNs: temptingOffset(random, honest), honest, trueNs };
  const servers = [
    ...honest.map((each, index) => honestServer(`honest ${index}`, each, trueNs, random() < 0.1 ? 2 : 1)),
    ...Array.from({ length: liars }, (_, index) =>
      liarServer(`liar ${index}`, pick(random, LIES), plot, random),
    ),
  ];
  return { servers, trueNs, samples: random() < 0.15 ? 3 : 1 };
}
