import { statSync } from "node:fs";
import { wait } from "../../lib/wait.ts";
import { remoteFileSystem } from "./file-system.ts";
import { Inotify } from "./inotify.ts";
import { InotifyWatch } from "./inotify-watch.ts";
import { PortableWatch } from "./portable-watch.ts";
import { type Arrival, ReadyFiles } from "./ready-files.ts";
import type { SessionEnd, SessionOptions, WatchRules } from "./session.ts";

/** How a tree is watched at the moment. */
export type WatchMode =
  /** `folders` is null if their number is not known. */
  | { readonly type: "events"; readonly folders: number | null }
  /** Events are missing or unreliable: the tree is rescanned periodically. */
  | { readonly type: "scanning"; readonly reason: string }
  /** There is no such folder. */
  | { readonly type: "absent" };

export interface WatchOptions {
  /** The path that `openRoot` returned. */
  readonly root: string;
  readonly rules: WatchRules;
  readonly settleMs: number;
  /** How often the tree is rescanned in any case, and how often if changes are not reported. */
  readonly rescanMs: number;
  readonly scanEveryMs: number;
  readonly signal: AbortSignal;
  readonly now: () => number;
  /** Called at each change. */
  readonly onMode: (mode: WatchMode) => void;
}

/** How often a missing root is looked for. */
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

/** Rescans the tree every `scanEveryMs`, for `rescanMs` in all; ends earlier if the root is gone. */
async function scanAround(options: WatchOptions, ready: ReadyFiles): Promise<void> {
  const { root, signal, now, scanEveryMs, rescanMs } = options;
  const untilMs = now() + Math.max(rescanMs, scanEveryMs);
  do {
    if (!isFolder(root)) return;
    // Nothing reports when these are complete; the scan finds them.
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
    // Another folder at its path, such as a disk that was mounted there, is news.
    if (end.type === "root-gone") last = "";
    if (end.type !== "full" && end.type !== "deaf") continue;
    tell({ type: "scanning", reason: SCANNING_REASONS[end.type] });
    await scanAround(options, ready);
  }
}

/**
 * Reports each file in a tree when it is complete, and asks for a rescan whenever files may have been missed: first as
 * soon as everything is watched, so that no file is missed between the first pass and the watching. Ends when the
 * signal aborts.
 */
export class TreeWatch {
  readonly #options: WatchOptions;
  readonly #ready = new ReadyFiles();

  constructor(options: WatchOptions) {
    this.#options = options;
  }

  /** Watches a file that changed after it was reported, until it is complete again. */
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
