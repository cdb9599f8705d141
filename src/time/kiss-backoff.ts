import type { Peer } from "./ntp/peer.ts";

/** A server that says RATE is left alone for so many rounds, then twice as many, and so on. */
const RATE_ROUNDS = 2;

/** Kisses of death within one process: DENY and RSTR are obeyed for good, RATE for ever longer. */
export class KissBackoff {
  /** Address → its code, how many rounds it is to be left alone (Infinity: for good), and how many it was given last. */
  readonly #kissed = new Map<string, { readonly code: string; rounds: number; readonly given: number }>();

  /** Addresses to be left alone in this round, with their codes. */
  refused(): ReadonlyMap<string, string> {
    return new Map([...this.#kissed].flatMap(([key, { code, rounds }]) => (rounds > 0 ? [[key, code]] : [])));
  }

  /** A round is over: those left alone in it have one round less to go, and new kisses are heeded. */
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
