import { statSync } from "node:fs";
import { wait } from "../../lib/wait.ts";
import type { ReadyFiles } from "./ready-files.ts";

/** Which parts of a tree are watched; the rules of the scan. */
export interface WatchRules {
  /** Whether a file of this name may be one to upload. */
  isCandidate(name: string): boolean;
  /** Whether a folder is entered at all. */
  isEntered(relativePath: string, name: string): boolean;
  /** Whether a file of this name changes which files are taken: the tree is rescanned. */
  isRules(name: string): boolean;
}

/** The options for watching one root, until it is gone or can no longer be watched. */
export interface SessionOptions {
  /** The path that `openRoot` returned. */
  readonly root: string;
  readonly rules: WatchRules;
  readonly settleMs: number;
  readonly rescanMs: number;
  readonly ready: ReadyFiles;
  readonly signal: AbortSignal;
  /** Milliseconds since any moment; never goes back. */
  readonly now: () => number;
  /** Called once everything is watched; `folders` is null if their number is not known. */
  readonly onWatching: (folders: number | null) => void;
}

/** Why a session has ended. */
export type SessionEnd =
  | { readonly type: "aborted" }
  /** The root was moved away, replaced or removed. */
  | { readonly type: "root-gone" }
  /** fs.inotify.max_user_watches or max_user_instances is reached. */
  | { readonly type: "full" }
  /** A change made as a test was not reported. */
  | { readonly type: "deaf" };

const ROOT_CHECK_MS = 3_000;

/** Identifies the folder at a path. */
export interface FolderIdentity {
  readonly dev: bigint;
  readonly ino: bigint;
}

/** @throws the system's error. */
export function identityOf(path: string): FolderIdentity {
  return statSync(path, { bigint: true });
}

/**
 * Resolves with `true` once another folder, or none, is at the path: the watch does not report changes there.
 * `false` if the signal aborts first.
 */
export async function replaced(
  path: string,
  { dev, ino }: FolderIdentity,
  signal: AbortSignal,
): Promise<boolean> {
  while (await wait(ROOT_CHECK_MS, signal)) {
    try {
      const now = identityOf(path);
      if (now.dev !== dev || now.ino !== ino) return true;
    } catch {
      // It is not there.
      return true;
    }
  }
  return false;
}
