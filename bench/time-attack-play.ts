// Plays one set of servers against the round that `nodupe time` runs, on a simulated clock, and compares the
// outcome with the truth.
import { type Assessment, assess } from "../src/time/ntp/assess.ts";
import { decodePacket } from "../src/time/ntp/packet.ts";
import type { Peer } from "../src/time/ntp/peer.ts";
import { Round, type RoundOptions } from "../src/time/ntp/round.ts";
import type { Ending } from "../src/time/ntp/stop-rule.ts";
import type { TransportEvent } from "../src/time/net/transport.ts";
import { encodePacket } from "../tests/support/time/ntp-packet.ts";
import type { AttackServer, AttackSet } from "./time-attack-set.ts";

const MS = 1_000_000n;
const DEADLINE_NS = 3_000n * MS;

/** An outcome compared with the truth. */
export interface Judged {
  readonly isAnswered: boolean;
  /** The truth is outside the reported bound. */
  readonly boundViolated: boolean;
  /** With one liar of five or more: the answer is outside the range of the honest servers heard. */
  readonly rangeViolated: boolean;
  /** The answer is in no honest server's interval. */
  readonly intervalViolated: boolean;
  /** The answer's error and the bound, in nanoseconds; 0 without an answer. */
  readonly errorNs: number;
  readonly boundNs: number;
}

export interface Played extends Judged {
  readonly ending: Ending;
  readonly endedMs: number;
}

function magnitude(ns: bigint): bigint {
  return ns < 0n ? -ns : ns;
}

/** Adds the servers, each with its own addresses; returns address → server. */
function enter(round: Round, set: AttackSet): ReadonlyMap<string, AttackServer> {
  const serverOf = new Map<string, AttackServer>();
  set.servers.forEach((server, index) => {
    round.expect(server.name, server.name);
    const targets = Array.from({ length: server.addresses }, (_, number) => {
      const address = `192.0.${number}.${index + 1}`;
      serverOf.set(address, server);
      const endpoint = { address, family: 4, port: 123 } as const;
      return { server: server.name, host: server.name, endpoint, expectedDelayNs: null };
    });
    round.resolved(server.name, targets);
  });
  return serverOf;
}

/** Runs the round to its end: sends what is due and delivers the servers' answers in order of time. */
function run(round: Round, serverOf: ReadonlyMap<string, AttackServer>): { ending: Ending; endedNs: bigint } {
  const queue: { readonly atNs: bigint; readonly event: TransportEvent }[] = [];
  const asked = new Map<string, number>();
  let now = 0n;
  for (;;) {
    for (const { peer, cookie, bytes } of round.due(now)) {
      const from = peer.target.endpoint;
      const number = (asked.get(from.address) ?? 0) + 1;
      asked.set(from.address, number);
      const request = decodePacket(bytes);
      const answer = serverOf.get(from.address)?.answer({ cookie, sentRawNs: now, number }) ?? null;
      if (answer === null || request === null) continue;
      const atNs = now + answer.afterNs;
      const event = { type: "datagram", from, bytes: encodePacket(answer.packet), atRawNs: atNs } as const;
      queue.push({ atNs, event });
    }
    const ending = round.ending(now);
    if (ending !== null) return { ending, endedNs: now };
    if (now >= DEADLINE_NS) return { ending: "deadline", endedNs: now };
    queue.sort((left, right) => Number(left.atNs - right.atNs));
    let next = round.nextWakeRawNs(now);
    if (queue[0] !== undefined && queue[0].atNs < next) next = queue[0].atNs;
    now = next < DEADLINE_NS ? next : DEADLINE_NS;
    while (queue[0] !== undefined && queue[0].atNs <= now) {
      const due = queue.shift();
      if (due !== undefined) round.on(due.event);
    }
  }
}

/** The outcome for a set, as `assess` returns it. */
export interface Outcome {
  readonly answer: Assessment["answer"];
  readonly peers: readonly Peer[];
  readonly endedRawNs: bigint;
}

/** Compares an outcome with the truth. */
export function judge(
  set: AttackSet,
  { answer, peers, endedRawNs }: Outcome,
  serverOf: (peer: Peer) => AttackServer | undefined,
): Judged {
  if (answer === null) {
    const none = { boundViolated: false, rangeViolated: false, intervalViolated: false };
    return { isAnswered: false, ...none, errorNs: 0, boundNs: 0 };
  }
  const { offsetRawNs, errorBoundNs } = answer;
  const honest = peers.filter((peer) => serverOf(peer)?.lie === null && peer.samples.length > 0);
  const votes = honest.flatMap((peer) => peer.vote(endedRawNs) ?? []);
  const heardHonest = new Set(honest.map(serverOf)).size;
  const liars = set.servers.filter(({ lie }) => lie !== null).length;
  const isBetween =
    votes.some(({ offsetNs }) => offsetNs <= offsetRawNs) &&
    votes.some(({ offsetNs }) => offsetNs >= offsetRawNs);
  const errorNs = magnitude(offsetRawNs - set.trueNs);
  return {
    isAnswered: true,
    boundViolated: errorNs > errorBoundNs,
    rangeViolated: liars <= 1 && set.servers.length >= 5 && heardHonest >= 2 && !isBetween,
    intervalViolated: !votes.some((vote) => magnitude(vote.offsetNs - offsetRawNs) <= vote.rootDistanceNs),
    errorNs: Number(errorNs),
    boundNs: Number(errorBoundNs),
  };
}

/** Plays a set to its end. */
export function play(set: AttackSet, options: RoundOptions): Played {
  const round = new Round(options, 0n);
  const serverOf = enter(round, set);
  const { ending, endedNs } = run(round, serverOf);
  const now = { rawNs: endedNs, realNs: set.trueNs + endedNs };
  const { answer } = assess(round, ending, now, { minServers: options.minServers });
  const outcome = { answer, peers: round.peers, endedRawNs: endedNs };
  const judged = judge(set, outcome, ({ target }) => serverOf.get(target.endpoint.address));
  return { ...judged, ending, endedMs: Number(endedNs) / 1e6 };
}
