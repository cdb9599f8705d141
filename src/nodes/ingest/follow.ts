import { closeSync, fstatSync, openSync, statSync } from "node:fs";
import { codeOf } from "../../lib/errors.ts";
import { wait } from "../../lib/wait.ts";
import { tailHash } from "./checkpoint.ts";
import { addCounts, createCounts, type IngestCounts, sumOf } from "./counts.ts";
import { FileIngest, type SourceEvent } from "./file-ingest.ts";
import type { Ingestion } from "./ingestion.ts";
import { FileSource } from "./source.ts";

/** How often new lines are looked for. */
const POLL_MS = 500;
/** A file that was replaced is read on until it has been silent for so long: its writer may still have it open… */
const OLD_SILENCE_MS = 10_000;
/** …but of files replaced one after another no more are held open. */
const MAX_OLD = 8;
/** What stands in the files when the signal comes is stored within this. */
const DRAIN_MS = 1_000;

export interface FollowOptions {
  readonly signal: AbortSignal;
  /** Told after each look that found something: what all files have given so far. */
  readonly onChange: (counts: IngestCounts) => Promise<void>;
  readonly onSource?: ((event: SourceEvent) => void) | undefined;
}

type Change = "none" | "replaced" | "truncated";

/** One file that has, or had, the followed name. */
class FollowedFile implements Disposable {
  readonly #descriptor: number;
  readonly #file: FileIngest;
  #checkedOffset = 0;
  #checkedHash = "";
  #grewMs = performance.now();

  constructor(to: Ingestion, descriptor: number, path: string) {
    this.#descriptor = descriptor;
    this.#file = new FileIngest(to, new FileSource(descriptor, path));
  }

  opened(): SourceEvent {
    return this.#file.opened();
  }

  ended(): SourceEvent {
    return this.#file.ended();
  }

  get counts(): IngestCounts {
    return this.#file.counts;
  }

  /** For how long nothing has been written to it. */
  get silentMs(): number {
    return performance.now() - this.#grewMs;
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
      this.#grewMs = performance.now();
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

/** The file under the followed name, and those that had it before and may still be written to. */
class FollowedFiles implements Disposable {
  readonly #to: Ingestion;
  readonly #path: string;
  #current: FollowedFile | null = null;
  #old: FollowedFile[] = [];
  #isMissing = false;
  readonly #done = createCounts();
  readonly #onSource: (event: SourceEvent) => void;

  constructor(to: Ingestion, path: string, onSource: FollowOptions["onSource"]) {
    this.#to = to;
    this.#path = path;
    this.#onSource = onSource ?? (() => undefined);
  }

  /** What all files have given so far. */
  get counts(): IngestCounts {
    const open = [...this.#old, ...(this.#current === null ? [] : [this.#current])];
    return sumOf(this.#done, ...open.map((file) => file.counts));
  }

  /** Reads what there is in all of them; true where that was anything. */
  async look(signal: AbortSignal): Promise<boolean> {
    this.#turn();
    let found = false;
    for (const file of this.#old) if (await file.readOn(signal)) found = true;
    if (this.#current !== null && (await this.#current.readOn(signal))) found = true;
    await this.#letGo();
    return found;
  }

  /** Sees to it that the current file is the one under the name. */
  #turn(): void {
    const change = this.#current?.change(this.#path) ?? "none";
    if (change !== "none") this.#onSource({ type: change, path: this.#path });
    if (this.#current !== null && change === "replaced") this.#old.push(this.#current);
    if (this.#current !== null && change === "truncated") this.#close(this.#current);
    if (change !== "none") this.#current = null;
    if (this.#current !== null) return;
    const descriptor = openIfThere(this.#path);
    if (descriptor === null && !this.#isMissing) this.#onSource({ type: "missing", path: this.#path });
    this.#isMissing = descriptor === null;
    if (descriptor === null) return;
    this.#current = new FollowedFile(this.#to, descriptor, this.#path);
    this.#onSource(this.#current.opened());
  }

  /** A file without its name is done with once its writer has gone over to the new one. */
  async #letGo(): Promise<void> {
    const hasMovedOn = (this.#current?.counts.lines ?? 0) > 0;
    while (this.#old.length > 0) {
      const [oldest] = this.#old;
      if (oldest === undefined) return;
      if (this.#old.length <= MAX_OLD && !(hasMovedOn && oldest.silentMs >= OLD_SILENCE_MS)) return;
      await oldest.finish();
      this.#old.shift();
      this.#close(oldest);
    }
  }

  #close(file: FollowedFile): void {
    this.#onSource(file.ended());
    addCounts(this.#done, file.counts);
    file[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    for (const file of this.#old) this.#close(file);
    if (this.#current !== null) this.#close(this.#current);
  }
}

/**
 * Stays on a log through rotation (rename and re-creation), truncation in place and absence, until the signal; then
 * stores what is there. Answers what all files gave. It looks at the name rather than waiting for events: file events are
 * lost on network mounts and in containers, and a look costs microseconds.
 */
export async function followFile(to: Ingestion, path: string, options: FollowOptions): Promise<IngestCounts> {
  const { signal } = options;
  using files = new FollowedFiles(to, path, options.onSource);
  while (!signal.aborted) {
    if (await files.look(signal)) await options.onChange(files.counts);
    await wait(POLL_MS, signal);
  }
  await files.look(AbortSignal.timeout(DRAIN_MS));
  return files.counts;
}
