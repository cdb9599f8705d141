import { closeSync, fstatSync, openSync, statSync } from "node:fs";
import { codeOf } from "../../lib/errors.ts";
import { wait } from "../../lib/wait.ts";
import { tailHash } from "./checkpoint.ts";
import { addCounts, createCounts, type IngestCounts, sumOf } from "./counts.ts";
import { FileIngest, type SourceEvent } from "./file-ingest.ts";
import type { Ingestion } from "./ingestion.ts";
import { FileSource } from "./source.ts";

/** How often the file is checked for new lines. */
const POLL_MS = 500;
/** A replaced file is read until it has been silent for this long: its writer may still have it open … */
const OLD_SILENCE_MS = 10_000;
/** … but at most this many replaced files are kept open. */
const MAX_OLD = 8;
/** Time limit for storing what is in the files when the signal comes. */
const DRAIN_MS = 1_000;

export interface FollowOptions {
  readonly signal: AbortSignal;
  /** Called after each check that found something, with the counts of all files so far. */
  readonly onChange: (counts: IngestCounts) => Promise<void>;
  readonly onSource?: ((event: SourceEvent) => void) | undefined;
}

type Change = "none" | "replaced" | "truncated";

/** A file that has, or had, the followed name. */
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

  /** How long the file has been silent. */
  get silentMs(): number {
    return performance.now() - this.#grewMs;
  }

  /** Whether the name now refers to another file, or this file was truncated and rewritten from the beginning. */
  change(path: string): Change {
    const here = fstatSync(this.#descriptor);
    // If the file was truncated and grew past the old place between two checks, its size does not show it, but its
    // bytes do.
    const isCut =
      here.size < this.#file.offsetBytes ||
      (this.#checkedOffset > 0 && tailHash(this.#descriptor, this.#checkedOffset) !== this.#checkedHash);
    if (isCut) return "truncated";
    try {
      const there = statSync(path);
      return there.ino === here.ino && there.dev === here.dev ? "none" : "replaced";
    } catch (error) {
      // The file was renamed and the new one does not exist yet: lines still go to the old one.
      if (codeOf(error) === "ENOENT") return "none";
      throw error;
    }
  }

  /** Reads what is there; true if there was anything. */
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

  /** Reads the rest, including a line without a newline. */
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

/** The file with the followed name, and earlier ones that may still be written to. */
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

  /** The counts of all files so far. */
  get counts(): IngestCounts {
    const open = [...this.#old, ...(this.#current === null ? [] : [this.#current])];
    return sumOf(this.#done, ...open.map((file) => file.counts));
  }

  /** Reads what there is in all of them; true if there was anything. */
  async look(signal: AbortSignal): Promise<boolean> {
    this.#turn();
    let found = false;
    for (const file of this.#old) if (await file.readOn(signal)) found = true;
    if (this.#current !== null && (await this.#current.readOn(signal))) found = true;
    await this.#letGo();
    return found;
  }

  /** Makes the file with the followed name the current one. */
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

  /** Closes files that lost the name, once their writer has moved on to the new one. */
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
 * Follows a log through rotation (rename and re-creation), truncation in place and absence, until the signal; then
 * stores what is there. Returns the counts of all files. It polls the name instead of waiting for file events: these
 * get lost on network mounts and in containers, and a check costs microseconds.
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
