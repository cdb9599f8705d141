import { closeSync, fstatSync, openSync, statSync } from "node:fs";
import { codeOf } from "../../lib/errors.ts";
import { wait } from "../../lib/wait.ts";
import { tailHash } from "./checkpoint.ts";
import { FileIngest, type IngestCounts, type Ingestion } from "./ingest.ts";
import { FileSource } from "./source.ts";

/** How often it is looked for new lines. */
const POLL_MS = 500;

export interface FollowOptions {
  readonly signal: AbortSignal;
  /** Told after each look that found something, with what the file now being read has given so far. */
  readonly onChange: (counts: IngestCounts) => Promise<void>;
  /** Told when the file is done with: it was rotated, replaced, truncated or removed; or following ends. */
  readonly onFile: (counts: IngestCounts) => void;
}

type Change = "none" | "replaced" | "truncated";

/** One file under the followed name, from its opening until another takes its place. */
class FollowedFile implements Disposable {
  readonly #descriptor: number;
  readonly #source: FileSource;
  readonly #file: FileIngest;
  #checkedOffset = 0;
  #checkedHash = "";

  constructor(to: Ingestion, descriptor: number) {
    this.#descriptor = descriptor;
    this.#source = new FileSource(descriptor);
    this.#file = new FileIngest(to, this.#source);
  }

  get counts(): IngestCounts {
    return this.#file.counts;
  }

  /** Whether the name now means another file, or this one was cut and written anew from its beginning. */
  change(path: string): Change {
    const here = fstatSync(this.#descriptor);
    // Truncated and grown past the old place between two looks, the size tells nothing; the bytes do.
    const isCut =
      here.size < this.#file.offsetBytes ||
      (this.#checkedOffset > 0 && tailHash(this.#descriptor, this.#checkedOffset) !== this.#checkedHash);
    if (isCut) return "truncated";
    try {
      const there = statSync(path);
      return there.ino === here.ino && there.dev === here.dev ? "none" : "replaced";
    } catch (error) {
      // Renamed, and the new file is not there yet: what is still written goes to the old one.
      if (codeOf(error) === "ENOENT") return "none";
      throw error;
    }
  }

  /** Reads what is there; true where that was anything. */
  async readOn(signal: AbortSignal): Promise<boolean> {
    const before = this.#file.counts.lines;
    await this.#file.readToEnd({ isLast: false, signal });
    if (this.#file.offsetBytes !== this.#checkedOffset) {
      this.#checkedOffset = this.#file.offsetBytes;
      this.#checkedHash = tailHash(this.#descriptor, this.#checkedOffset);
    }
    return this.#file.counts.lines !== before;
  }

  /** Reads the rest, the line without an end included. */
  async finish(): Promise<void> {
    await this.#file.readToEnd({ isLast: true });
  }

  [Symbol.dispose](): void {
    closeSync(this.#descriptor);
  }
}

function openIfThere(path: string): number | null {
  try {
    return openSync(path, "r");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return null;
    throw error;
  }
}

/**
 * Stays on a log through rotation (rename and re-creation), truncation in place and absence, until the signal. It
 * looks at the name rather than waiting for events: file events are lost on network mounts and in containers, and a
 * look costs microseconds.
 */
export async function followFile(to: Ingestion, path: string, options: FollowOptions): Promise<void> {
  const { signal } = options;
  while (!signal.aborted) {
    const descriptor = openIfThere(path);
    if (descriptor === null) {
      await wait(POLL_MS, signal);
      continue;
    }
    using file = new FollowedFile(to, descriptor);
    for (;;) {
      const change = file.change(path);
      if (change === "truncated") break;
      if (await file.readOn(signal)) await options.onChange(file.counts);
      if (change === "replaced") {
        await file.finish();
        break;
      }
      if (signal.aborted) break;
      await wait(POLL_MS, signal);
    }
    options.onFile(file.counts);
  }
}
