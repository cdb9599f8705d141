import { endpointKey } from "../net/server-name.ts";
import type { Peer } from "./peer.ts";
import { compareNs, highOf, lowOf, overlap, type Vote } from "./select.ts";

/** Where a server stands in a round, however many addresses it has: a vote is the server's. */
export interface Standing {
  readonly server: string;
  /** What it says; null while none of its addresses has answered. */
  readonly vote: Vote | null;
  /** The key of the address that speaks for it. */
  readonly speaker: Peer | null;
  /** The server whose vote covers what this one says; null where its vote is its own. */
  readonly sharesVoteOf: string | null;
  /** Whether it may still say something, where it has said nothing yet. */
  readonly isPending: boolean;
  /** Whether samples that were asked for are on their way from an address that has answered. */
  readonly isSampling: boolean;
}

/** The surest address of a server, the one with the least root distance, speaks for it. */
export function standingOf(server: string, peers: readonly Peer[], nowRawNs: bigint): Standing {
  const votes = peers.flatMap((peer) => peer.vote(nowRawNs) ?? []);
  const [surest] = votes.toSorted(
    (left, right) => compareNs(left.rootDistanceNs, right.rootDistanceNs) || (left.id < right.id ? -1 : 1),
  );
  const speaker = peers.find(({ key }) => key === surest?.id) ?? null;
  return {
    server,
    vote: surest === undefined ? null : { ...surest, id: server },
    speaker,
    sharesVoteOf: null,
    isPending: speaker === null && peers.some(({ isOpen }) => isOpen),
    isSampling: peers.some(({ isOpen, samples }) => isOpen && samples.length > 0),
  };
}

/** Whether two servers of key exchanges sent us to the same server for the time. */
function areOneTimeServer({ target: left }: Peer, { target: right }: Peer): boolean {
  if (left.association === undefined || right.association === undefined) return false;
  const [named, other] = [left.association.agreed.ntp, right.association.agreed.ntp];
  const haveOneName = named.host === other.host && named.port === other.port;
  return haveOneName || endpointKey(left.endpoint) === endpointKey(right.endpoint);
}

/** An interval that holds both. */
function covering(vote: Vote, other: Vote): Vote {
  const [low, high] = [lowOf(vote), highOf(vote)];
  const lowNs = lowOf(other) < low ? lowOf(other) : low;
  const highNs = highOf(other) > high ? highOf(other) : high;
  return { id: vote.id, offsetNs: (lowNs + highNs) / 2n, rootDistanceNs: (highNs - lowNs + 1n) / 2n };
}

/**
 * Servers of key exchanges that name the same time server have one vote together. Who relays another's keys may name
 * its server to speak in its stead: so only what agrees is joined, and the vote covers all that they say. It is right
 * if one of them is.
 */
export function shareVotes(standings: readonly Standing[]): readonly Standing[] {
  const placed: Standing[] = [];
  for (const standing of standings) {
    const { vote, speaker } = standing;
    const at = placed.findIndex(
      (other) =>
        vote !== null &&
        speaker !== null &&
        other.vote !== null &&
        other.speaker !== null &&
        areOneTimeServer(speaker, other.speaker) &&
        overlap(vote, other.vote),
    );
    const first = placed[at];
    if (vote === null || first === undefined || first.vote === null) {
      placed.push(standing);
      continue;
    }
    placed[at] = { ...first, vote: covering(first.vote, vote) };
    placed.push({ ...standing, vote: null, sharesVoteOf: first.server });
  }
  return placed;
}
