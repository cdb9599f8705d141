import { expect, test } from "bun:test";
import { assess } from "../../../src/time/ntp/assess.ts";
import { decodePacket, type Packet } from "../../../src/time/ntp/packet.ts";
import type { Target } from "../../../src/time/ntp/peer.ts";
import { Round, type RoundOptions } from "../../../src/time/ntp/round.ts";
import type { Endpoint } from "../../../src/time/net/server-name.ts";
import { ntpOfUnixNs } from "../../../src/time/ntp/timestamp.ts";
import { encodePacket, honestAnswer, referenceId } from "../../support/time/ntp-packet.ts";

const MS = 1_000_000n;
const BUILD_TIME_S = Date.UTC(2026, 10, 20) / 1_000;
/** True time when the raw clock is at zero. */
const TRUE_AT_ZERO = BigInt(BUILD_TIME_S + 1_000) * 1_000n * MS;

function optionsWith(change: Partial<RoundOptions> = {}): RoundOptions {
  let next = 0n;
  return {
    samples: 1,
    buildTimeS: BUILD_TIME_S,
    precisionNs: 1_000n,
    maxRootDistanceNs: 1_500n * MS,
    minServers: 1,
    isThorough: false,
    cookie: () => (next += 1n),
    ...change,
  };
}

function endpoint(number: number): Endpoint {
  return { address: `192.0.2.${number}`, family: 4, port: 123 };
}

function target(server: string, number: number, expectedDelayNs: bigint | null = null): Target {
  return { server, host: server, endpoint: endpoint(number), expectedDelayNs };
}

interface Behaviour {
  readonly delayMs: number;
  readonly offsetMs?: number;
  readonly lie?: (answer: Packet) => Packet;
}

/** Plays a round on a simulated clock; addresses behave according to their number. Null: never answers. */
function play(
  round: Round,
  behaviours: ReadonlyMap<number, Behaviour | null>,
  deadlineMs = 3_000,
): { readonly ending: string; readonly atMs: number; readonly requests: number } {
  const queue: { readonly at: bigint; readonly deliver: () => void }[] = [];
  let now = 0n;
  let requests = 0;
  for (;;) {
    for (const { peer, cookie, bytes } of round.due(now)) {
      requests += 1;
      const sentAt = now;
      peer.sentAt(cookie, sentAt);
      const to = peer.target.endpoint;
      const behaviour = behaviours.get(Number(to.address.split(".")[3]));
      const request = decodePacket(bytes);
      if (behaviour === null || behaviour === undefined || request === null) continue;
      const delay = BigInt(Math.round(behaviour.delayMs * 1e6));
      const at = ntpOfUnixNs(TRUE_AT_ZERO + sentAt + delay / 2n + BigInt(behaviour.offsetMs ?? 0) * MS);
      const honest = honestAnswer(request.transmit, at, at);
      const answer = encodePacket(behaviour.lie?.(honest) ?? honest);
      queue.push({
        at: sentAt + delay,
        deliver: () => round.on({ type: "datagram", from: to, bytes: answer, atRawNs: sentAt + delay }),
      });
    }
    const ending = round.ending(now);
    if (ending !== null) return { ending, atMs: Number(now) / 1e6, requests };
    if (now >= BigInt(deadlineMs) * MS) return { ending: "deadline", atMs: Number(now) / 1e6, requests };
    queue.sort((left, right) => Number(left.at - right.at));
    const wake = round.nextWakeRawNs(now);
    const next = queue[0] !== undefined && queue[0].at < wake ? queue[0].at : wake;
    now = next > BigInt(deadlineMs) * MS ? BigInt(deadlineMs) * MS : next;
    while (queue[0] !== undefined && queue[0].at <= now) queue.shift()?.deliver();
  }
}

/** A server whose name resolves at the start to the addresses with these numbers. */
function serve(round: Round, server: string, ...numbers: readonly number[]): void {
  round.expect(server, server);
  round.resolved(
    server,
    numbers.map((number) => target(server, number)),
  );
}

/** A round of servers s1, s2, … with one address each. */
function roundOf(count: number, change: Partial<RoundOptions> = {}): Round {
  const round = new Round(optionsWith(change), 0n);
  for (let number = 1; number <= count; number += 1) serve(round, `s${number}`, number);
  return round;
}

function behaviours(...each: readonly (Behaviour | null)[]): ReadonlyMap<number, Behaviour | null> {
  return new Map(each.map((behaviour, index) => [index + 1, behaviour]));
}

/** Evaluates on the same clock, with a system clock that is 5 s behind true time. */
function judge(round: Round, ending: ReturnType<typeof play>, minServers = 1): ReturnType<typeof assess> {
  const rawNs = BigInt(Math.round(ending.atMs * 1e6));
  const reading = { rawNs, realNs: TRUE_AT_ZERO + rawNs - 5_000n * MS };
  return assess(round, ending.ending as "quiet", reading, { minServers });
}

const answers: Behaviour = { delayMs: 20 };

test("with eight servers alive, the round ends with the fifth answer", () => {
  const delays = [20, 21, 22, 23, 24, 25, 26, 27].map((delayMs) => ({ delayMs }));
  const round = roundOf(8);
  const ending = play(round, behaviours(...delays));
  expect(ending).toEqual({ ending: "outnumbered", atMs: 24, requests: 8 });
  const { answer, reports } = judge(round, ending);
  expect(answer?.offsetRawNs).toBe(TRUE_AT_ZERO);
  expect(answer?.agreeing).toBe(5);
  expect(reports.map(({ status }) => status)).toEqual([
    "selected",
    ...Array.from({ length: 4 }, () => "survivor" as const),
    ...Array.from({ length: 3 }, () => "not_needed" as const),
  ]);
  expect(reports[0]?.offsetNs).toBe(5_000n * MS);
});

test("with four of eight alive, it ends two round trips after the last answer; the dead ones are not needed", () => {
  const round = roundOf(8);
  const ending = play(round, behaviours(answers, answers, answers, answers, null, null, null, null));
  expect(ending).toEqual({ ending: "quiet", atMs: 60, requests: 8 });
  expect(
    judge(round, ending)
      .reports.slice(4)
      .map(({ status, reason }) => [status, reason]),
  ).toEqual(Array.from({ length: 4 }, () => ["not_needed", "enough others agreed before it answered"]));
});

test("no strict minority ends a round before the honest servers have had a second", () => {
  const liar: Behaviour = { delayMs: 1, offsetMs: 700 };
  const table: readonly (readonly [string, number, readonly (Behaviour | null)[], number | null])[] = [
    ["two liars of four: no majority", 4, [liar, liar, { delayMs: 320 }, { delayMs: 330 }], null],
    ["one of five", 5, [liar, ...Array.from({ length: 4 }, () => ({ delayMs: 320 }))], 0],
    ["two of five", 5, [liar, liar, ...Array.from({ length: 3 }, () => ({ delayMs: 990 }))], 0],
    ["one of two: no majority", 2, [liar, { delayMs: 900 }], null],
    ["four of nine", 9, [liar, liar, liar, liar, ...Array.from({ length: 5 }, () => ({ delayMs: 950 }))], 0],
  ];
  for (const [what, count, players, offsetMs] of table) {
    const round = roundOf(count);
    const { answer } = judge(round, play(round, behaviours(...players)));
    const off = answer === null ? null : Number(answer.offsetRawNs - TRUE_AT_ZERO) / 1e6;
    expect([what, off]).toEqual([what, offsetMs]);
  }
});

test("after a second a majority of those that answered is enough, unless the clock is to be set", () => {
  const two = behaviours(answers, answers, null, null, null);
  const measured = roundOf(5);
  const ending = play(measured, two);
  expect(ending).toEqual({ ending: "quiet", atMs: 1_000, requests: 11 });
  expect(judge(measured, ending).reports.map(({ status }) => status)).toEqual([
    "selected",
    "survivor",
    "unreachable",
    "unreachable",
    "unreachable",
  ]);
  expect(play(roundOf(5, { isThorough: true }), two)).toMatchObject({ ending: "deadline", atMs: 3_000 });
  const half = behaviours(answers, answers, null, null);
  expect(play(roundOf(4, { isThorough: true }), half)).toMatchObject({ ending: "quiet", atMs: 1_000 });
});

test("a server that was slow in earlier runs gets twice that time", () => {
  const round = new Round(optionsWith(), 0n);
  round.expect("quick", "quick");
  round.resolved("quick", [target("quick", 1)]);
  round.expect("slow", "slow");
  round.resolved("slow", [target("slow", 2, 800n * MS)]);
  expect(play(round, behaviours(answers, null))).toMatchObject({ ending: "quiet", atMs: 1_600 });
});

test("if three of five agree, and one of them could have moved the answer, a fourth is awaited", () => {
  const sure = (answer: Packet): Packet => ({ ...answer, rootDelay: 0, rootDispersion: 0 });
  const round = roundOf(5);
  const slow: Behaviour = { delayMs: 60 };
  const ending = play(
    round,
    behaviours({ delayMs: 1, offsetMs: 15, lie: sure }, { delayMs: 40 }, { delayMs: 41 }, slow, slow),
  );
  expect(ending).toMatchObject({ ending: "outnumbered", atMs: 60 });
  expect(judge(round, ending).answer?.offsetRawNs).toBe(TRUE_AT_ZERO);
});

test("three fast liars of seven that agree and answer first are outvoted", () => {
  const liar: Behaviour = { delayMs: 0.2, offsetMs: 900 };
  const slow: Behaviour = { delayMs: 150 };
  const round = roundOf(7);
  const ending = play(round, behaviours(liar, liar, liar, slow, slow, slow, slow));
  const { answer, reports } = judge(round, ending);
  expect(ending.ending).toBe("outnumbered");
  expect(answer?.offsetRawNs).toBe(TRUE_AT_ZERO);
  expect(reports.slice(0, 3).map(({ status }) => status)).toEqual([
    "falseticker",
    "falseticker",
    "falseticker",
  ]);
  expect(reports[0]?.reason).toStartWith("it is 900");
});

test("two against two: no answer, and every server's reason is reported", () => {
  const liar: Behaviour = { delayMs: 20, offsetMs: 900 };
  const round = roundOf(4);
  const ending = play(round, behaviours(answers, answers, liar, liar));
  const { answer, reason, reports } = judge(round, ending);
  expect([ending.ending, answer, reason]).toEqual([
    "exhausted",
    null,
    "no majority among the 4 servers that answered",
  ]);
  expect(new Set(reports.map(({ status }) => status))).toEqual(new Set(["falseticker"]));
});

test("one that answers among dead ones is enough after a second", () => {
  const round = roundOf(4);
  const ending = play(round, behaviours(answers, null, null, null));
  expect([ending.ending, ending.atMs]).toEqual(["quiet", 1_000]);
  const { answer } = judge(round, ending);
  expect([answer?.agreeing, answer?.tolerance]).toEqual([1, { liars: 0, of: "answered" }]);
});

test("--min-servers waits for more until the deadline, then refuses", () => {
  const round = roundOf(4, { minServers: 3 });
  const ending = play(round, behaviours(answers, answers, null, null), 1_000);
  expect([ending.ending, ending.atMs]).toEqual(["deadline", 1_000]);
  const { answer, reason, reports } = judge(round, ending, 3);
  expect([answer, reason]).toEqual([null, "only 2 of the servers agree; 3 are asked for (--min-servers)"]);
  expect(reports.map(({ status }) => status)).toEqual(["survivor", "survivor", "unreachable", "unreachable"]);
});

test("all dead: requests are repeated twice, until the deadline", () => {
  const round = roundOf(2);
  const ending = play(round, behaviours(null, null), 8_000);
  expect(ending).toEqual({ ending: "deadline", atMs: 8_000, requests: 6 });
});

test("silent servers are queried again after 250 ms or four median delays, and once more", () => {
  const sentAt = (delayMs: number): number[] => {
    const round = roundOf(2, { minServers: 2 });
    const times: number[] = [];
    const players = new Map<number, Behaviour | null>([[1, { delayMs }]]);
    const get = players.get.bind(players);
    let now = 0;
    players.get = (number: number) => {
      if (number === 2) times.push(now);
      return get(number);
    };
    const due = round.due.bind(round);
    round.due = (nowRawNs) => {
      now = Number(nowRawNs) / 1e6;
      return due(nowRawNs);
    };
    play(round, players);
    return times;
  };
  expect(sentAt(20)).toEqual([0, 250, 500]);
  expect(sentAt(1)).toEqual([0, 250, 500]);
  expect(sentAt(100)).toEqual([0, 400, 800]);
});

test("the repeat of a lost request is answered, and timed from its own sending", () => {
  const round = roundOf(3);
  let third = 0;
  const lossy = new Map<number, Behaviour | null>([[1, { delayMs: 30, offsetMs: 900 }]]);
  const get = lossy.get.bind(lossy);
  lossy.get = (number: number) => (number > 1 && (third += 1) > 2 ? { delayMs: 30 } : get(number));
  const ending = play(round, lossy);
  expect(ending).toEqual({ ending: "outnumbered", atMs: 280, requests: 5 });
  expect(judge(round, ending).reports[1]?.delayNs).toBe(30n * MS);
});

test("with several samples, the one with the least delay counts, and jitter is reported", () => {
  const round = roundOf(1, { samples: 3 });
  const delays = [30, 10, 20];
  const varying = new Map<number, Behaviour | null>();
  varying.get = () => ({ delayMs: delays.shift() ?? 10 });
  const ending = play(round, varying);
  expect(ending).toEqual({ ending: "outnumbered", atMs: 60, requests: 3 });
  const [report] = judge(round, ending).reports;
  expect([report?.status, report?.delayNs, report?.jitterNs]).toEqual(["selected", 10n * MS, 0]);
});

test("a name has one vote however many addresses it has; an address under two names has one", () => {
  const round = new Round(optionsWith(), 0n);
  serve(round, "liars", 1, 2, 3, 4);
  serve(round, "a", 5);
  serve(round, "b", 6);
  serve(round, "again", 6);
  const liar: Behaviour = { delayMs: 20, offsetMs: 900 };
  const ending = play(round, behaviours(liar, liar, liar, liar, answers, answers));
  const { answer, reports, asked } = judge(round, ending);
  expect([answer?.offsetRawNs, asked]).toEqual([TRUE_AT_ZERO, 3]);
  expect(reports.map(({ host, status }) => `${host} ${status}`)).toEqual([
    ...Array.from({ length: 4 }, () => "liars falseticker"),
    "a selected",
    "b survivor",
  ]);
});

test("a name is represented by its most certain address; the others are survivors if they overlap", () => {
  const round = new Round(optionsWith(), 0n);
  serve(round, "pool", 1, 2, 3);
  serve(round, "other", 4);
  serve(round, "third", 5);
  const vague: Behaviour = { delayMs: 15 };
  const wrong: Behaviour = { delayMs: 18, offsetMs: 900 };
  const ending = play(round, behaviours(answers, vague, wrong, { delayMs: 21 }, { delayMs: 30 }));
  const { answer, reports } = judge(round, ending);
  expect([ending.atMs, answer?.agreeing]).toEqual([21, 2]);
  expect(reports.map(({ status, reason }) => [status, reason])).toEqual([
    ["survivor", "another address of the same server was more precise"],
    ["selected", null],
    ["falseticker", "it contradicts a more precise address of the same server"],
    ["survivor", null],
    ["not_needed", "enough others agreed before it answered"],
  ]);
});

test("a server that claims to have held a request longer than the whole exchange is invalid", () => {
  const round = roundOf(1);
  const hour = 3_600n << 32n;
  const held: Behaviour = { delayMs: 1, lie: (answer) => ({ ...answer, transmit: answer.transmit + hour }) };
  const ending = play(round, behaviours(held));
  const { answer, reports } = judge(round, ending);
  expect([ending.ending, answer, reports[0]?.status]).toEqual(["exhausted", null, "invalid"]);
  expect(reports[0]?.reason).toBe("it claims to have held the request for longer than the round trip took");
});

test("all requested samples are taken, even if there is a majority before", () => {
  const round = roundOf(3, { samples: 4 });
  const ending = play(round, behaviours({ delayMs: 10 }, { delayMs: 20 }, { delayMs: 30 }));
  expect([ending.ending, ending.atMs, ending.requests]).toEqual(["outnumbered", 120, 12]);
  // A server that falls silent after its first sample is queried twice more, then counts with that sample.
  const lossy = roundOf(1, { samples: 2 });
  let asked = 0;
  const players = new Map<number, Behaviour | null>();
  players.get = () => ((asked += 1) === 1 ? answers : null);
  const stalled = play(lossy, players);
  expect(stalled).toEqual({ ending: "outnumbered", atMs: 770, requests: 4 });
  expect(judge(lossy, stalled).answer?.offsetRawNs).toBe(TRUE_AT_ZERO);
});

test("kisses, unsynchronised servers and refusals end a server's part at once", () => {
  const round = roundOf(4);
  const ending = play(
    round,
    behaviours(
      { delayMs: 5, lie: (answer) => ({ ...answer, stratum: 0, referenceId: referenceId("RSTR") }) },
      { delayMs: 5, lie: (answer) => ({ ...answer, stratum: 16 }) },
      { delayMs: 5, lie: (answer) => ({ ...answer, transmit: 0n }) },
      answers,
    ),
  );
  expect([ending.ending, ending.atMs]).toEqual(["exhausted", 20]);
  expect(judge(round, ending).reports.map(({ status, reason }) => [status, reason])).toEqual([
    ["kiss_of_death", "kiss code RSTR"],
    ["unsynchronised", "stratum 16"],
    ["invalid", "it has a zero timestamp"],
    ["selected", null],
  ]);
});

test("an ICMP error ends an address's part if it quotes the cookie; with no address left the round is over", () => {
  const round = roundOf(1);
  round.due(0n);
  expect(round.ending(0n)).toBeNull();
  round.on({ type: "refused", cookie: 99n, reason: "connection refused" });
  expect(round.ending(1n)).toBeNull();
  round.on({ type: "refused", cookie: 1n, reason: "connection refused" });
  expect(round.ending(1n)).toBe("exhausted");
});

test("an answer from a port that was not queried is reported as such, and not trusted", () => {
  const round = roundOf(1);
  const [outgoing] = round.due(0n);
  const packet = honestAnswer(outgoing?.cookie ?? 0n, ntpOfUnixNs(TRUE_AT_ZERO), ntpOfUnixNs(TRUE_AT_ZERO));
  const from = { ...endpoint(1), port: 9_999 };
  round.on({ type: "datagram", from, bytes: encodePacket(packet), atRawNs: 10n * MS });
  expect(round.ending(10n * MS)).toBeNull();
  const { answer, reports } = judge(round, { ending: "deadline", atMs: 3_000, requests: 1 });
  expect([answer, reports[0]?.status, reports[0]?.reason]).toEqual([
    null,
    "invalid",
    "the answer came from 192.0.2.1:9999, which was not asked",
  ]);
});

test("a name still being resolved could outvote the others, until it fails", () => {
  const round = roundOf(1);
  round.expect("late", "late");
  play(round, behaviours(answers), 25);
  expect(round.ending(25n * MS)).toBeNull();
  round.unresolvable("late", "cannot resolve late");
  expect(round.ending(25n * MS)).toBe("exhausted");
});
