import { type GlobFilter, globFilter, IGNORE_FILE } from "../scan/filter.ts";
import { scanOnly } from "../scan/file-list.ts";
import { fileRule, folderRule } from "../scan/rules.ts";
import type { FoundFile } from "../scan/file-page.ts";
import { scan, type ScanEvent } from "../scan/scan.ts";
import type { Batch, Source, Standing } from "../intake/source.ts";
import type { WatchRules } from "./session.ts";
import type { Arrival } from "./ready-files.ts";

/** The scan's rules, as far as the watcher needs them. */
export function watchRules(filter: GlobFilter): WatchRules {
  return {
    isCandidate: (name) => fileRule(name) === null,
    isEntered: (relativePath, name) =>
      folderRule(name) === null && !filter.excludesFolder(relativePath, name),
    isRules: (name) => name === IGNORE_FILE,
  };
}

function* arrived(root: string, filter: GlobFilter, relativePaths: readonly string[]): Generator<ScanEvent> {
  for (const event of scanOnly(root, filter, relativePaths)) if (event.type !== "skipped") yield event;
}

export interface RoundsOptions {
  readonly root: string;
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  readonly arrivals: AsyncGenerator<Arrival>;
  /** Watches a file again until it is complete. */
  readonly touch: (relativePath: string) => void;
  /** Milliseconds since any moment; never goes back. */
  readonly now: () => number;
}

/** How long a run accepts new arrivals. Without a limit it would never end in a folder where files arrive all day. */
const LONGEST_MS = 600_000;

/**
 * Divides a watcher's reports into runs. A run begins with an arrival, accepts further arrivals while it is working,
 * for LONGEST_MS at most, and ends when all of them are settled. A content that could not be sent is left to another
 * run, as without watching.
 */
export class Rounds {
  readonly #options: RoundsOptions;
  readonly #filter: GlobFilter;
  #next: Promise<IteratorResult<Arrival, unknown>>;

  constructor(options: RoundsOptions) {
    this.#options = options;
    this.#filter = globFilter(options.include, options.exclude);
    this.#next = options.arrivals.next();
  }

  /** Waits for something to arrive; null once the watching has ended. */
  async next(): Promise<Source | null> {
    const first = await this.#next;
    if (first.done === true) return null;
    return {
      whole: null,
      batches: (standing) => this.#batches(standing),
      takeBack: ({ relativePath }: FoundFile) => this.#options.touch(relativePath),
    };
  }

  async *#batches(standing: Standing): AsyncGenerator<Batch> {
    const { now, arrivals } = this.#options;
    const untilMs = now() + LONGEST_MS;
    let idle: Promise<null> | null = null;
    for (;;) {
      idle ??= standing.idle().then(() => null);
      const arrived = await Promise.race([this.#next, idle]);
      if (arrived === null) {
        // `idle` may have resolved before the last batch came.
        if (standing.isIdle) return;
        idle = null;
        continue;
      }
      // What has just arrived is left to the next run.
      if (arrived.done === true || now() >= untilMs) return;
      this.#next = arrivals.next();
      yield this.#batch(arrived.value);
    }
  }

  #batch(arrival: Arrival): Batch {
    const { root } = this.#options;
    if (arrival.type === "rescan") return { events: scan(root, this.#filter), areComplete: false };
    return { events: arrived(root, this.#filter, arrival.relativePaths), areComplete: true };
  }
}
