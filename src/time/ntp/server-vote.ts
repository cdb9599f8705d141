import { combine } from "./combine.ts";
import type { Peer } from "./peer.ts";
import { largestAgreement, majority, type Vote } from "./select.ts";

/** A server's state in a round; the vote is the server's, however many addresses it has. */
export type Standing =
  /** No answer that is still missing could change what it says. */
  | { readonly kind: "settled"; readonly vote: Vote }
  /** Some of its addresses have answered and agree; others may still contradict them. */
  | { readonly kind: "provisional"; readonly vote: Vote }
  /** Nothing to go by yet. */
  | { readonly kind: "open" }
  /** It has no vote, and will have none. */
  | { readonly kind: "out" };

/** Where a server's addresses agree by majority, the surest of them speaks for it. */
export function standingOf(server: string, peers: readonly Peer[], nowRawNs: bigint): Standing {
  const votes = peers.map((peer) => peer.vote(nowRawNs)).filter((vote) => vote !== null);
  const open = peers.filter((peer) => peer.isOpen).length;
  const agreement = majority(votes);
  const agreed = votes.filter((vote) => agreement?.agreeing.includes(vote.id) === true);
  const spoken = combine(agreed);
  const speaker = agreed.find((vote) => vote.id === spoken?.selected);
  if (agreement === null || speaker === undefined) return open > 0 ? { kind: "open" } : { kind: "out" };
  const vote: Vote = { ...speaker, id: server };
  const against = votes.length - agreement.support;
  // An address that has answered but owes more samples is open, and votes already: it is not counted twice.
  const silent = peers.filter((peer) => peer.isOpen && peer.samples.length === 0).length;
  const sampling = open > silent;
  return { kind: !sampling && agreement.support > against + silent ? "settled" : "provisional", vote };
}

export interface Tally {
  /** All votes so far. */
  readonly votes: readonly Vote[];
  /** How many votes overlap where most do. */
  readonly support: number;
  /** Of those, how many can no longer change. */
  readonly settled: number;
  /** Servers that may still vote, or change their vote. */
  readonly pending: number;
}

/** Counts what servers say. */
export function tally(standings: readonly Standing[]): Tally {
  const votes = standings.flatMap((standing) => ("vote" in standing ? [standing.vote] : []));
  const agreement = largestAgreement(votes);
  const settledIds = new Set(
    standings.flatMap((standing) => (standing.kind === "settled" ? [standing.vote.id] : [])),
  );
  return {
    votes,
    support: agreement?.support ?? 0,
    settled: agreement?.agreeing.filter((id) => settledIds.has(id)).length ?? 0,
    pending: standings.filter(({ kind }) => kind === "provisional" || kind === "open").length,
  };
}
