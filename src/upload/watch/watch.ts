import { statSync } from "node:fs";
import { wait } from "../../lib/wait.ts";
import { remoteFileSystem } from "./file-system.ts";
import { Inotify } from "./inotify.ts";
import { InotifyWatch } from "./inotify-watch.ts";
import { PortableWatch } from "./portable-watch.ts";
import { type Arrival, ReadyFiles } from "./ready-files.ts";
import type { SessionEnd, SessionOptions, WatchRules } from "./session.ts";

/** How a tree is watched just now. */
export type WatchMode =
  /** `folders` null: it is not known how many. */
  | { readonly type: "events"; readonly folders: number | null }
  /** Events are missing or unreliable: the tree is rescanned periodically. */
  | { readonly type: "scanning"; readonly reason: string }
  /** The root is not there. */
  | { readonly type: "absent" };

export interface WatchOptions {
  /** As `openRoot` gave it. */
  readonly root: string;
  readonly rules: WatchRules;
  readonly settleMs: number;
  /** How often the tree is rescanned in any case, and how often where changes are not reported. */
  readonly rescanMs: number;
  readonly scanEveryMs: number;
  readonly signal: AbortSignal;
  readonly now: () => number;
  /** Told once for each change. */
  readonly onMode: (mode: WatchMode) => void;
}

/** A root that comes back is watched again within this time. */
const ABSENT_LOOK_MS = 2_000;

const SCANNING_REASONS: Readonly<Record<"full" | "deaf", string>> = {
  full: "this user's limit of watched folders is reached (sysctl fs.inotify.max_user_watches, max_user_instances)",
  deaf: "the file system did not report a change that was made as a test",
};

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

/** Looks through the tree every so often, for one long rescan's time; ends earlier where the root goes. */
async function scanAround(options: WatchOptions, ready: ReadyFiles): Promise<void> {
  const { root, signal, now, scanEveryMs, rescanMs } = options;
  const untilMs = now() + Math.max(rescanMs, scanEveryMs);
  do {
    if (!isFolder(root)) return;
    // Nothing reports when those are complete: the scan finds them.
    ready.takeTouched();
    ready.askRescan("the folder is rescanned periodically");
  } while ((await wait(scanEveryMs, signal)) && now() < untilMs);
}

async function session(options: SessionOptions): Promise<SessionEnd> {
  if (process.platform !== "linux") return await new PortableWatch(options).run();
  const inotify = Inotify.open();
  if (inotify === null) return { type: "full" };
  try {
    return await new InotifyWatch(inotify, options).run();
  } catch (error) {
    if (!isFolder(options.root)) return { type: "root-gone" };
    throw error;
  }
}

async function keepWatching(options: WatchOptions, ready: ReadyFiles): Promise<void> {
  const { root, signal, onMode } = options;
  let last = "";
  const tell = (mode: WatchMode): void => {
    const now = mode.type === "scanning" ? `scanning: ${mode.reason}` : mode.type;
    if (now !== last) onMode(mode);
    last = now;
  };
  while (!signal.aborted) {
    if (!isFolder(root)) {
      tell({ type: "absent" });
      await wait(ABSENT_LOOK_MS, signal);
      continue;
    }
    const remote = remoteFileSystem(root);
    if (remote !== null) {
      tell({ type: "scanning", reason: `it lies on a network file system (${remote})` });
      await scanAround(options, ready);
      continue;
    }
    const end = await session({
      ...options,
      ready,
      onWatching: (folders) => tell({ type: "events", folders }),
    });
    if (end.type !== "full" && end.type !== "deaf") continue;
    tell({ type: "scanning", reason: SCANNING_REASONS[end.type] });
    await scanAround(options, ready);
  }
}

/**
 * Tells of each file in a tree when it is complete, and asks for the tree to be looked through whenever single files
 * may have been missed: first of all as soon as everything is watched, so that nothing falls between a first pass and
 * the watching. Ends when the signal aborts.
 */
export class TreeWatch {
  readonly #options: WatchOptions;
  readonly #ready = new ReadyFiles();

  constructor(options: WatchOptions) {
    this.#options = options;
  }

  /** Watches a reported file again until it is complete: it has changed since. */
  touch(relativePath: string): void {
    this.#ready.touch(relativePath);
  }

  /** Has the tree rescanned. */
  rescan(reason: string): void {
    this.#ready.askRescan(reason);
  }

  async *arrivals(): AsyncGenerator<Arrival> {
    const over = new AbortController();
    const signal = AbortSignal.any([this.#options.signal, over.signal]);
    const ready = this.#ready;
    const watching = keepWatching({ ...this.#options, signal }, ready).catch((error: unknown) =>
      ready.fail(error),
    );
    try {
      yield* ready.take(signal);
    } finally {
      over.abort();
      await watching;
    }
  }
}
