import { type FSWatcher, lstatSync, readdirSync, watch } from "node:fs";
import { basename } from "node:path";
import { codeOf } from "../../lib/errors.ts";
import { wait } from "../../lib/wait.ts";
import { below, CompleteFiles } from "./complete-files.ts";
import {
  type FolderIdentity,
  identityOf,
  replaced,
  type SessionEnd,
  type SessionOptions,
} from "./session.ts";

const TICKS_MS = 500;

/**
 * Watches a tree with fs.watch, for systems without inotify. fs.watch does not report that a file was closed, so a file
 * is complete once it looks the same twice, whether it was written or renamed. It does not report the files in a folder
 * that was moved into the tree either, so such folders are listed.
 */
export class PortableWatch {
  readonly #options: SessionOptions;
  readonly #files: CompleteFiles;
  readonly #session = new AbortController();
  /** Paths that have changed since the last tick; they may be folders. */
  readonly #changed = new Set<string>();
  #end: SessionEnd | null = null;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#files = new CompleteFiles(options);
  }

  async run(): Promise<SessionEnd> {
    const { signal, root, ready, onWatching } = this.#options;
    const onAbort = (): void => this.#finish({ type: "aborted" });
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    let watcher: FSWatcher | null = null;
    try {
      const identity = identityOf(root);
      watcher = watch(root, { recursive: true }, (_event, name) => this.#onChange(name?.toString() ?? ""));
      watcher.on("error", (error) => this.#finish(endOf(error)));
      onWatching(null);
      ready.askRescan("watching has begun");
      await Promise.all([this.#tick(), this.#rescan(), this.#checkRoot(identity)]);
    } finally {
      watcher?.close();
      signal.removeEventListener("abort", onAbort);
    }
    return this.#end ?? { type: "aborted" };
  }

  #finish(end: SessionEnd): void {
    this.#end ??= end;
    this.#session.abort();
  }

  #onChange(reported: string): void {
    const { rules, ready } = this.#options;
    const path = reported.replaceAll("\\", "/");
    const name = basename(path);
    if (rules.isRules(name)) ready.askRescan("an ignore file has changed");
    if (path === "" || !this.#isEntered(path)) return;
    if (rules.isCandidate(name)) this.#files.tell({ type: "touched", path });
    // A folder may have a name like a file's.
    this.#changed.add(path);
  }

  /** Whether all folders above a path are entered. */
  #isEntered(path: string): boolean {
    for (let at = path.indexOf("/"); at >= 0; at = path.indexOf("/", at + 1)) {
      const folder = path.slice(0, at);
      if (!this.#options.rules.isEntered(folder, basename(folder))) return false;
    }
    return true;
  }

  async #tick(): Promise<void> {
    while (await wait(TICKS_MS, this.#session.signal)) {
      for (const path of this.#changed) this.#lookInto(path);
      this.#changed.clear();
      await this.#files.tick();
    }
  }

  /** If the path is a folder, passes on all files in it; if nothing is there, the files that were in it are gone. */
  #lookInto(path: string): void {
    const { root, rules } = this.#options;
    try {
      if (!lstatSync(below(root, path)).isDirectory()) return;
      if (!rules.isEntered(path, basename(path))) return;
      for (const entry of readdirSync(below(root, path), { withFileTypes: true })) {
        const inside = `${path}/${entry.name}`;
        if (entry.isDirectory()) this.#lookInto(inside);
        else if (rules.isCandidate(entry.name)) this.#files.tell({ type: "touched", path: inside });
      }
    } catch {
      // Gone, or not readable; the full scan reports the latter.
      this.#files.tell({ type: "folder-gone", path });
    }
  }

  async #rescan(): Promise<void> {
    const { rescanMs, ready } = this.#options;
    while (await wait(rescanMs, this.#session.signal)) ready.askRescan("the regular rescan is due");
  }

  async #checkRoot(identity: FolderIdentity): Promise<void> {
    if (await replaced(this.#options.root, identity, this.#session.signal))
      this.#finish({ type: "root-gone" });
  }
}

/** What an error of the watcher means. ENOSPC, EMFILE: the user's limit is reached. */
function endOf(error: unknown): SessionEnd {
  const code = codeOf(error);
  return code === "ENOSPC" || code === "EMFILE" ? { type: "full" } : { type: "root-gone" };
}
