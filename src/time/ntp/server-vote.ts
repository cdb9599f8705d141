import type { Peer } from "./peer.ts";
import { compareNs, type Vote } from "./select.ts";

/** Where a server stands in a round, however many addresses it has: a vote is the server's. */
export interface Standing {
  /** What it says; null while none of its addresses has answered. */
  readonly vote: Vote | null;
  /** The key of the address that speaks for it. */
  readonly speaker: string | null;
  /** Whether it may still say something, where it has said nothing yet. */
  readonly isPending: boolean;
  /** Whether samples that were asked for are on their way from an address that has answered. */
  readonly isSampling: boolean;
}

/** The surest address of a server, the one with the least root distance, speaks for it. */
export function standingOf(server: string, peers: readonly Peer[], nowRawNs: bigint): Standing {
  const votes = peers.flatMap((peer) => peer.vote(nowRawNs) ?? []);
  const [speaker] = votes.toSorted(
    (left, right) => compareNs(left.rootDistanceNs, right.rootDistanceNs) || (left.id < right.id ? -1 : 1),
  );
  return {
    vote: speaker === undefined ? null : { ...speaker, id: server },
    speaker: speaker?.id ?? null,
    isPending: speaker === undefined && peers.some(({ isOpen }) => isOpen),
    isSampling: peers.some(({ isOpen, samples }) => isOpen && samples.length > 0),
  };
}
