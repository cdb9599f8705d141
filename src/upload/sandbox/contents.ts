import { closeSync, readFileSync, writeSync } from "node:fs";
import { openOwnFile } from "../../lib/own-file.ts";

const CHECKSUM = /^[0-9a-f]{64}$/;

/** The contents sent to the sandbox, as checksums only. With a file, they are remembered across restarts. */
export class Contents implements Disposable {
  /** Checksum → how often it was received in whole. More than once means repeats. */
  readonly #taken = new Map<string, number>();
  /** Contents whose processing has ended: only these are found by a check. */
  readonly #visible = new Set<string>();
  readonly #file: number | null;
  repeats = 0;

  constructor(path: string | null) {
    this.#file = path === null ? null : openOwnFile(path, "the sandbox's memory");
    for (const checksum of this.#file === null ? [] : readChecksums(this.#file)) {
      this.#taken.set(checksum, 1);
      this.#visible.add(checksum);
    }
  }

  [Symbol.dispose](): void {
    if (this.#file !== null) closeSync(this.#file);
  }

  has(checksum: string): boolean {
    return this.#visible.has(checksum);
  }

  /** A whole upload has been received. */
  take(checksum: string): void {
    const before = this.#taken.get(checksum) ?? 0;
    if (before > 0) this.repeats += 1;
    this.#taken.set(checksum, before + 1);
  }

  /** The processing of a content has ended. */
  show(checksum: string): void {
    if (this.#visible.has(checksum)) return;
    this.#visible.add(checksum);
    if (this.#file !== null) writeSync(this.#file, `${checksum}\n`);
  }

  counts(): Map<string, number> {
    return new Map(this.#taken);
  }

  get size(): number {
    return this.#visible.size;
  }
}

function readChecksums(descriptor: number): string[] {
  // A line cut short by a crash is not a checksum, so its content was never visible.
  return readFileSync(descriptor, "utf8")
    .split("\n")
    .filter((line) => CHECKSUM.test(line));
}
