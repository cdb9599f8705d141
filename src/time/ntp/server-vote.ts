import { endpointKey } from "../net/server-name.ts";
import type { Peer } from "./peer.ts";
import { compareNs, highOf, lowOf, overlap, type Vote } from "./select.ts";

/** A server's state in a round, however many addresses it has: votes belong to servers. */
export interface Standing {
  readonly server: string;
  /** Its vote; null as long as none of its addresses has answered. */
  readonly vote: Vote | null;
  /** The address that represents it. */
  readonly speaker: Peer | null;
  /** The server whose vote includes this one's; null if it has its own. */
  readonly sharesVoteOf: string | null;
  /** Whether it has not answered yet but still may. */
  readonly isPending: boolean;
  /** Whether an address that has answered still owes samples that were requested. */
  readonly isSampling: boolean;
}

/** A server is represented by its most certain address, the one with the least root distance. */
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

/** Whether two key exchange servers referred us to the same time server. */
function areOneTimeServer({ target: left }: Peer, { target: right }: Peer): boolean {
  if (left.association === undefined || right.association === undefined) return false;
  const [named, other] = [left.association.agreed.ntp, right.association.agreed.ntp];
  const haveOneName = named.host === other.host && named.port === other.port;
  return haveOneName || endpointKey(left.endpoint) === endpointKey(right.endpoint);
}

/** An interval that contains both. */
function covering(vote: Vote, other: Vote): Vote {
  const [low, high] = [lowOf(vote), highOf(vote)];
  const lowNs = lowOf(other) < low ? lowOf(other) : low;
  const highNs = highOf(other) > high ? highOf(other) : high;
  return { id: vote.id, offsetNs: (lowNs + highNs) / 2n, rootDistanceNs: (highNs - lowNs + 1n) / 2n };
}

/**
 * Key exchange servers that name the same time server share one vote. An attacker that relays another server's
 * keys could name that server to speak in its stead: so only votes that agree are merged, and the merged vote
 * covers them all. It is right if one of them is.
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
