import type { Draw } from "./draw.ts";
import { must } from "./draw.ts";

/** How a request ended that got no answer. */
export const LOST = { status: null, reason: "cut", retryAfterMs: null } as const;

/**
 * What a server has. What it was sent it stores while the request is whole, or up to the ambiguous wait later. To store a
 * content twice is the defect that is looked for.
 */
export class ModelServer {
  readonly #stored = new Set<string>();
  readonly #refusesDuplicates: boolean;
  readonly #ambiguousWaitMs: number;
  #landings: { readonly atMs: number; readonly checksum: string }[] = [];

  /** @param refusesDuplicates it answers 409 to what it has; else it stores it again. */
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

  /** Nobody knows: it is stored, will be, or never arrived. */
  maybeStore(checksum: string, draw: Draw, nowMs: number): void {
    const drawn = draw(3);
    if (drawn === 0) this.store(checksum);
    if (drawn === 1) this.#landings.push({ atMs: nowMs + draw(this.#ambiguousWaitMs), checksum });
  }

  /** Stores what has been on its way until now. */
  land(nowMs: number): void {
    const due = this.#landings.filter(({ atMs }) => atMs <= nowMs);
    this.#landings = this.#landings.filter(({ atMs }) => atMs > nowMs);
    for (const { checksum } of due) this.store(checksum);
  }
}
