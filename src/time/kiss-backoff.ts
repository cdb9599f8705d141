import type { Peer } from "./ntp/peer.ts";

/** After a RATE, a server is skipped for this many rounds, then twice as many, and so on. */
const RATE_ROUNDS = 2;

/** Kisses of death within one process: DENY and RSTR are obeyed for good, RATE for a growing number of rounds. */
export class KissBackoff {
  /** Address → its code, the rounds still to skip (Infinity: for good), and the number of rounds set last. */
  readonly #kissed = new Map<string, { readonly code: string; rounds: number; readonly given: number }>();

  /** Addresses to skip in this round, with their codes. */
  refused(): ReadonlyMap<string, string> {
    return new Map([...this.#kissed].flatMap(([key, { code, rounds }]) => (rounds > 0 ? [[key, code]] : [])));
  }

  /** Call after a round: counts down the addresses skipped in it and takes up new kisses. */
  heed(peers: readonly Peer[]): void {
    for (const kiss of this.#kissed.values()) kiss.rounds -= 1;
    for (const { end, requests, key } of peers) {
      if (end?.type !== "kiss" || requests === 0) continue;
      const isForGood = end.code !== "RATE";
      const given = 2 * (this.#kissed.get(key)?.given ?? RATE_ROUNDS / 2);
      this.#kissed.set(key, { code: end.code, rounds: isForGood ? Infinity : given, given });
    }
  }
}
