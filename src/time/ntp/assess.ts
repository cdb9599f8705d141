import type { Reading } from "../clock/clock.ts";
import { combine } from "./combine.ts";
import { judgeSilent, judgeVote, type ServerStatus, type Verdict } from "./server-status.ts";
import type { Ending } from "./stop-rule.ts";
import type { Peer } from "./peer.ts";
import type { Round } from "./round.ts";
import { bestSample, jitterNs, type Leap } from "./sample.ts";
import { majority } from "./select.ts";

/** What became of one address. Offsets are from the system clock. */
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

/** True time by a majority of servers. */
interface Answer {
  /** True time minus raw monotonic time. */
  readonly offsetRawNs: bigint;
  readonly errorBoundNs: bigint;
  readonly delayNs: bigint;
  readonly stratum: number;
  readonly leap: Leap;
  readonly server: string;
  readonly host: string;
  readonly address: string;
  /** How many servers stand behind it. */
  readonly agreeing: number;
}

export interface Assessment {
  readonly answer: Answer | null;
  /** Servers asked, and servers that gave a valid answer. */
  readonly asked: number;
  readonly answered: number;
  readonly reports: readonly ServerReport[];
  /** Why there is no answer; null where there is one. */
  readonly reason: string | null;
}

export interface AssessOptions {
  readonly minServers: number;
  /** Addresses not heard from that were asked less than this before an early end: they were not needed. */
  readonly patienceNs: bigint;
}

function leapOf(peers: readonly Peer[]): Leap {
  const leaps = peers.flatMap((peer) => bestSample(peer.samples)?.leap ?? []);
  const most = (leap: Leap): boolean => leaps.filter((each) => each === leap).length * 2 > leaps.length;
  return (["insert", "delete"] as const).find(most) ?? "none";
}

function reasonForNone(verdict: Verdict, asked: number): string | null {
  if (asked === 0) return "no server was asked";
  if (verdict.votes.length === 0) return `none of ${asked} server(s) gave a valid answer`;
  if (verdict.agreement === null)
    return `no majority among the ${verdict.votes.length} server(s) that answered`;
  return verdict.refused;
}

/** Judges a round that is over: who is right, what the time is, and what is to be said of each address. */
export function assess(round: Round, ending: Ending, now: Reading, options: AssessOptions): Assessment {
  const votes = round.standings(now.rawNs).flatMap((standing) => ("vote" in standing ? [standing.vote] : []));
  const agreement = majority(votes);
  const tooFew = agreement !== null && agreement.support < options.minServers;
  const refused = tooFew
    ? `only ${agreement.support} server(s) agree; ${options.minServers} are asked for (--min-servers)`
    : null;
  const agreed = votes.filter((vote) => agreement?.agreeing.includes(vote.id) === true);
  const combination = combine(agreed);
  const verdict: Verdict = { agreement, combination, votes, refused };
  const lead = now.realNs - now.rawNs;

  let answer: Answer | null = null;
  const reports: ServerReport[] = [];
  // The surest address of a server speaks for it; the first of them that says what the server says is that one.
  for (const peer of round.peers) {
    const best = bestSample(peer.samples);
    const vote = peer.vote(now.rawNs);
    const { server, host, endpoint } = peer.target;
    let judged =
      vote === null
        ? judgeSilent(peer, ending, now.rawNs, options.patienceNs)
        : judgeVote(vote, server, verdict);
    if (judged.status === "selected" && best !== null) {
      const speaks = votes.find(({ id }) => id === server);
      const isSpeaker = answer === null && speaks?.offsetNs === vote?.offsetNs;
      if (isSpeaker && combination !== null) {
        answer = {
          offsetRawNs: combination.offsetNs,
          errorBoundNs: combination.errorBoundNs,
          delayNs: best.delayNs,
          stratum: best.stratum,
          leap: leapOf(
            round.peers.filter((other) => agreement?.agreeing.includes(other.target.server) === true),
          ),
          server,
          host,
          address: endpoint.address,
          agreeing: agreement?.support ?? 0,
        };
      } else {
        judged = { status: "survivor", reason: "another address of its server was surer" };
      }
    }
    reports.push({
      server,
      host,
      address: endpoint.address,
      port: endpoint.port,
      status: judged.status,
      offsetNs: best === null ? null : best.offsetNs - lead,
      delayNs: best?.delayNs ?? null,
      jitterNs: best === null ? null : jitterNs(peer.samples, best),
      stratum: best?.stratum ?? null,
      reason: judged.reason,
    });
  }
  const blank = { offsetNs: null, delayNs: null, jitterNs: null, stratum: null } as const;
  for (const { server, host, endpoint } of round.heldBack) {
    const reason = "held back: it did not answer in the last runs, and the others agreed";
    const { address, port } = endpoint;
    reports.push({ server, host, address, port, status: "not_needed", ...blank, reason });
  }
  for (const { server, host, reason: why } of round.unresolved) {
    const reason = why ?? "its name was not resolved in time";
    reports.push({ server, host, address: null, port: null, status: "unreachable", ...blank, reason });
  }
  const asked = round.askedCount;
  return {
    answer,
    asked,
    answered: votes.length,
    reports,
    reason: answer === null ? reasonForNone(verdict, asked) : null,
  };
}
