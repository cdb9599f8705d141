import { plural } from "../../lib/format/count.ts";
import type { Reading } from "../clock/clock.ts";
import { combine, type Tolerance } from "./combine.ts";
import type { Peer } from "./peer.ts";
import type { Round } from "./round.ts";
import { bestSample, jitterNs, type Leap } from "./sample.ts";
import { majority, type Vote } from "./select.ts";
import {
  judgeAwaited,
  judgeUnrepresentative,
  judgeSharing,
  type Judgement,
  judgeSilent,
  judgeVote,
  type ServerStatus,
  unreachable,
  type Verdict,
} from "./server-status.ts";
import type { Ending } from "./stop-rule.ts";

/** The result for one address. Offsets are relative to the system clock. */
export interface ServerReport {
  readonly server: string;
  readonly host: string;
  readonly address: string | null;
  readonly port: number | null;
  readonly status: ServerStatus;
  readonly offsetNs: bigint | null;
  readonly delayNs: bigint | null;
  readonly jitterNs: number | null;
  readonly stratum: number | null;
  readonly reason: string | null;
}

/** True time according to a majority of servers. */
interface Answer {
  /** True time minus raw monotonic time. */
  readonly offsetRawNs: bigint;
  readonly errorBoundNs: bigint;
  /** How many liars the bound tolerates. */
  readonly tolerance: Tolerance;
  readonly delayNs: bigint;
  readonly stratum: number;
  readonly leap: Leap;
  readonly server: string;
  readonly host: string;
  readonly address: string;
  /** How many servers support it. */
  readonly agreeing: number;
}

export interface Assessment {
  readonly answer: Answer | null;
  /** Servers queried, and servers that gave a valid answer. */
  readonly asked: number;
  readonly answered: number;
  readonly reports: readonly ServerReport[];
  /** Why there is no answer; null if there is one. */
  readonly reason: string | null;
}

function leapOf(peers: readonly Peer[]): Leap {
  const leaps = peers.flatMap((peer) => bestSample(peer.samples)?.leap ?? []);
  const most = (leap: Leap): boolean => leaps.filter((each) => each === leap).length * 2 > leaps.length;
  return (["insert", "delete"] as const).find(most) ?? "none";
}

function reasonForNone({ agreement, votes, refused }: Verdict, asked: number): string | null {
  if (asked === 0) return "no server was asked";
  if (votes.length === 0)
    return asked === 1 ? "the server gave no valid answer" : `none of ${asked} servers gave a valid answer`;
  if (agreement === null) return `no majority among the ${plural(votes.length, "server")} that answered`;
  return refused;
}

interface Needed {
  readonly asked: number;
  readonly leastServers: number;
  readonly minServers: number;
}

function refusal(support: number, { leastServers, minServers }: Needed): string | null {
  if (support < minServers)
    return `only ${support} of the servers ${support === 1 ? "agrees" : "agree"}; ${minServers} are asked for (--min-servers)`;
  if (support >= leastServers) return null;
  return `by this clock certificates are not valid: ${leastServers} servers must agree that it is wrong, and ${support} do`;
}

/** Evaluates the votes of a finished round. */
function verdictOf(votes: readonly Vote[], needed: Needed): Verdict {
  const { asked } = needed;
  const agreement = majority(votes);
  const refused = agreement === null ? null : refusal(agreement.support, needed);
  const combination =
    agreement === null || refused !== null ? null : combine(agreement, { asked, answered: votes.length });
  return { agreement, combination, votes, refused };
}

function answerOf(round: Round, speakers: ReadonlyMap<string, Peer>, verdict: Verdict): Answer | null {
  const { agreement, combination } = verdict;
  const selected = combination === null ? undefined : speakers.get(combination.selected);
  const best = selected === undefined ? null : bestSample(selected.samples);
  if (agreement === null || combination === null || selected === undefined || best === null) return null;
  const agreeing = new Set(agreement.agreeing.map(({ id }) => id));
  const { server, host, endpoint } = selected.target;
  return {
    offsetRawNs: combination.offsetNs,
    errorBoundNs: combination.errorBoundNs,
    tolerance: combination.tolerance,
    delayNs: best.delayNs,
    stratum: best.stratum,
    leap: leapOf(round.peers.filter(({ target }) => agreeing.has(target.server))),
    server,
    host,
    address: endpoint.address,
    agreeing: agreement.support,
  };
}

const EXPIRED = "its certificate is not valid at the time that was found";
const UNKNOWN = { offsetNs: null, delayNs: null, jitterNs: null, stratum: null } as const;

function reportsOfUnresolved(round: Round, ending: Ending): ServerReport[] {
  return round.unresolved.map(({ server, host, failure, late }) => {
    const judged = failure === null ? judgeAwaited(late, ending) : unreachable(failure);
    return { server, host, address: null, port: null, ...UNKNOWN, ...judged };
  });
}

/** Servers whose certificates are not valid at the time found with their help. */
function expired(
  { agreement, combination }: Verdict,
  speakers: ReadonlyMap<string, Peer>,
  now: Reading,
): ReadonlySet<string> {
  if (agreement === null || combination === null) return new Set();
  const foundMs = Number((combination.offsetNs + now.rawNs) / 1_000_000n);
  const gone = agreement.agreeing.filter(
    ({ id }) => speakers.get(id)?.target.association?.isValidAt(foundMs) === false,
  );
  return new Set(gone.map(({ id }) => id));
}

/** Repeats the vote until every certificate involved is valid at the resulting time. */
function voteOf(
  votes: readonly Vote[],
  needed: Needed,
  speakers: ReadonlyMap<string, Peer>,
  now: Reading,
): Verdict {
  const verdict = verdictOf(votes, needed);
  const gone = expired(verdict, speakers, now);
  if (gone.size === 0) return verdict;
  return voteOf(
    votes.filter(({ id }) => !gone.has(id)),
    needed,
    speakers,
    now,
  );
}

/** Evaluates a finished round: which servers are right, what the time is, and what to report for each address. */
export function assess(
  round: Round,
  ending: Ending,
  now: Reading,
  options: { readonly minServers: number },
): Assessment {
  const standings = round.standings(now.rawNs);
  const votes = standings.flatMap(({ vote }) => vote ?? []);
  const asked = round.askedCount(standings);
  const speakers = new Map(
    standings.flatMap(({ server, speaker }) => (speaker === null ? [] : [[server, speaker] as const])),
  );
  const needed = { asked, leastServers: round.leastServers(standings), minServers: options.minServers };
  const verdict = voteOf(votes, needed, speakers, now);
  const judge = (peer: Peer): Judgement => {
    const { server } = peer.target;
    const own = peer.vote(now.rawNs);
    const sharesVoteOf = standings.find((standing) => standing.server === server)?.sharesVoteOf ?? null;
    const spoken = votes.find(({ id }) => id === (sharesVoteOf ?? server));
    if (own === null || spoken === undefined) return judgeSilent(peer, ending, now.rawNs);
    if (!verdict.votes.includes(spoken)) return { status: "invalid", reason: EXPIRED };
    const ofSpeaker = judgeVote(spoken, verdict);
    if (sharesVoteOf !== null) return judgeSharing(sharesVoteOf, ofSpeaker);
    return speakers.get(server) === peer ? ofSpeaker : judgeUnrepresentative(own, spoken, ofSpeaker);
  };
  const lead = now.realNs - now.rawNs;
  const reports = round.peers.map((peer): ServerReport => {
    const { server, host, endpoint } = peer.target;
    const best = bestSample(peer.samples);
    const place = { server, host, address: endpoint.address, port: endpoint.port };
    if (best === null) return { ...place, ...UNKNOWN, ...judge(peer) };
    return {
      ...place,
      offsetNs: best.offsetNs - lead,
      delayNs: best.delayNs,
      jitterNs: jitterNs(peer.samples, best),
      stratum: best.stratum,
      ...judge(peer),
    };
  });
  const answer = answerOf(round, speakers, verdict);
  return {
    answer,
    asked,
    answered: votes.length,
    reports: [...reports, ...reportsOfUnresolved(round, ending)],
    reason: answer === null ? reasonForNone(verdict, asked) : null,
  };
}
