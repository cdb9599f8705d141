import type { Draw } from "./draw.ts";
import { must } from "./draw.ts";

/** The outcome of a request without an answer. */
export const LOST = { status: null, reason: "cut", retryAfterMs: null } as const;

/**
 * The contents of a server. It stores what it is sent as soon as the request is complete, or up to the ambiguous
 * wait later. Storing a content twice is the defect being looked for.
 */
export class ModelServer {
  readonly #stored = new Set<string>();
  readonly #refusesDuplicates: boolean;
  readonly #ambiguousWaitMs: number;
  #landings: { readonly atMs: number; readonly checksum: string }[] = [];

  /** @param refusesDuplicates whether it answers 409 to contents that it has; otherwise it stores them again. */
  constructor(how: { readonly refusesDuplicates: boolean; readonly ambiguousWaitMs: number }) {
    this.#refusesDuplicates = how.refusesDuplicates;
    this.#ambiguousWaitMs = how.ambiguousWaitMs;
  }

  has(checksum: string): boolean {
    return this.#stored.has(checksum);
  }

  store(checksum: string): "stored" | "duplicate" {
    if (this.#refusesDuplicates && this.has(checksum)) return "duplicate";
    must(!this.has(checksum), `${checksum} was stored twice`);
    this.#stored.add(checksum);
    return "stored";
  }

  /** The outcome is unknown: the content is stored now, later or never. */
  maybeStore(checksum: string, draw: Draw, nowMs: number): void {
    const drawn = draw(3);
    if (drawn === 0) this.store(checksum);
    if (drawn === 1) this.#landings.push({ atMs: nowMs + draw(this.#ambiguousWaitMs), checksum });
  }

  /** Stores what was still being processed until now. */
  land(nowMs: number): void {
    const due = this.#landings.filter(({ atMs }) => atMs <= nowMs);
    this.#landings = this.#landings.filter(({ atMs }) => atMs > nowMs);
    for (const { checksum } of due) this.store(checksum);
  }
}
