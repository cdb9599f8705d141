import type { Writer } from "./open-writer.ts";

/** The status of a regular file. */
export interface Look {
  readonly sizeBytes: number;
  /** Milliseconds since the epoch. */
  readonly mtimeMs: number;
  readonly inode: number;
  readonly writer: Writer;
}

export type ArrivalEvent =
  /** A file was created, or closed after writing: it may be complete once it is quiet. */
  | { readonly type: "touched"; readonly path: string }
  /** A file was renamed into place, which programs do only with complete files. */
  | { readonly type: "placed"; readonly path: string }
  | { readonly type: "gone"; readonly path: string }
  /** A folder was moved away or removed, with everything below it. */
  | { readonly type: "folder-gone"; readonly path: string }
  /** `look` null: it is gone, or not a regular file. */
  | { readonly type: "looked"; readonly path: string; readonly look: Look | null }
  | { readonly type: "tick" };

export type ArrivalAction =
  | { readonly type: "look"; readonly path: string }
  /** The file is complete. */
  | { readonly type: "arrive"; readonly path: string }
  /** There were more files than are tracked, so the tree must be rescanned. */
  | { readonly type: "rescan" };

export interface ArrivalOptions {
  /** How long a file must be quiet. */
  readonly settleMs: number;
  /** The most incomplete files that are tracked; beyond that, a rescan is requested. */
  readonly mostHeld: number;
}

/** The state of a file that may not be complete. */
type State =
  /** Complete if it has not changed by then. */
  | { readonly type: "quiet"; readonly untilMs: number; readonly seen: Look | null }
  | {
      readonly type: "looking";
      readonly isPlaced: boolean;
      readonly seen: Look | null;
      readonly pauseMs: number;
    }
  /** Open for writing: checked again when it is closed, and now and then, as not every file system reports closing. */
  | { readonly type: "busy"; readonly untilMs: number; readonly pauseMs: number };

const LONGEST_PAUSE_MS = 30_000;

function isSame(left: Look, right: Look): boolean {
  return left.sizeBytes === right.sizeBytes && left.mtimeMs === right.mtimeMs && left.inode === right.inode;
}

/**
 * Decides when files are complete. A file being written is complete once it is closed, has no open writer, and has been
 * quiet for the settle time; a file renamed into place is complete at once. Pure: does not look at files or read a
 * clock. `nowMs` may count from any moment. A file's mtime is compared only with an earlier mtime of the same file, so
 * a wrong clock does not matter.
 */
export class Arrivals {
  readonly #options: ArrivalOptions;
  readonly #files = new Map<string, State>();
  #isOverfull = false;

  constructor(options: ArrivalOptions) {
    this.#options = options;
  }

  /** How many files are not complete yet. */
  get held(): number {
    return this.#files.size;
  }

  /** Whether a tick would do nothing. */
  get isIdle(): boolean {
    return this.#files.size === 0 && !this.#isOverfull;
  }

  on(event: ArrivalEvent, nowMs: number): ArrivalAction[] {
    switch (event.type) {
      case "touched":
        this.#hold(event.path, {
          type: "quiet",
          untilMs: nowMs + this.#options.settleMs,
          seen: null,
        });
        return [];
      case "placed":
        if (!this.#hold(event.path, { type: "looking", isPlaced: true, seen: null, pauseMs: 0 })) return [];
        return [{ type: "look", path: event.path }];
      case "gone":
        this.#files.delete(event.path);
        return [];
      case "folder-gone":
        for (const path of this.#files.keys()) {
          if (path.startsWith(`${event.path}/`)) this.#files.delete(path);
        }
        return [];
      case "looked":
        return this.#onLooked(event.path, event.look, nowMs);
      case "tick":
        return this.#onTick(nowMs);
    }
  }

  #hold(path: string, state: State): boolean {
    if (!this.#files.has(path) && this.#files.size >= this.#options.mostHeld) {
      this.#isOverfull = true;
      return false;
    }
    this.#files.set(path, state);
    return true;
  }

  #onLooked(path: string, look: Look | null, nowMs: number): ArrivalAction[] {
    const state = this.#files.get(path);
    // It was touched again, or removed, in the meantime.
    if (state?.type !== "looking") return [];
    if (look === null) {
      this.#files.delete(path);
      return [];
    }
    const { settleMs } = this.#options;
    if (look.writer === "open") {
      const pauseMs = Math.min(Math.max(settleMs, 2 * state.pauseMs), LONGEST_PAUSE_MS);
      this.#files.set(path, { type: "busy", untilMs: nowMs + pauseMs, pauseMs });
      return [];
    }
    // If a lease shows that there is no writer, one quiet period is enough; otherwise two looks must see the same.
    const isComplete =
      state.isPlaced || (state.seen === null ? look.writer === "none" : isSame(state.seen, look));
    if (!isComplete) {
      this.#files.set(path, { type: "quiet", untilMs: nowMs + settleMs, seen: look });
      return [];
    }
    this.#files.delete(path);
    return [{ type: "arrive", path }];
  }

  #onTick(nowMs: number): ArrivalAction[] {
    const actions: ArrivalAction[] = [];
    for (const [path, state] of this.#files) {
      if (state.type === "looking" || state.untilMs > nowMs) continue;
      const seen = state.type === "quiet" ? state.seen : null;
      const pauseMs = state.type === "busy" ? state.pauseMs : 0;
      this.#files.set(path, { type: "looking", isPlaced: false, seen, pauseMs });
      actions.push({ type: "look", path });
    }
    if (this.#isOverfull && this.#files.size <= this.#options.mostHeld / 2) {
      this.#isOverfull = false;
      actions.push({ type: "rescan" });
    }
    return actions;
  }
}
