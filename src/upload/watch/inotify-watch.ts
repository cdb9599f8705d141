import { closeSync, openSync } from "node:fs";
import { Directory } from "../../lib/directory.ts";
import { type CollectorOptions, createCollector } from "../../lib/engine.ts";
import { TaskGroup } from "../../lib/task-group.ts";
import { nextTurn, wait } from "../../lib/wait.ts";
import { below, CompleteFiles } from "./complete-files.ts";
import { FOLDER_MASK, IN, Inotify, type InotifyEvent } from "./inotify.ts";
import {
  type FolderIdentity,
  identityOf,
  replaced,
  type SessionEnd,
  type SessionOptions,
} from "./session.ts";
import { WatchedFolders } from "./watched-folders.ts";

const TICKS_MS = 500;
/** Entering a folder leaves a little garbage; without collecting, 100,000 folders would leave 30 MB. */
const COLLECTION: CollectorOptions = { every: 4_096, fromGrowthBytes: 4 * 1024 ** 2, since: "start" };
/** Folders or files that are checked before other work gets its turn. */
const SLICE = 256;
/** The two halves of a move are adjacent in the kernel's queue; without the second by then, the folder has left. */
const MOVE_MS = 1_000;
const CANARY_MS = 5_000;

/** Watches one tree with inotify until one of the reasons of `SessionEnd` ends it. */
export class InotifyWatch {
  readonly #options: SessionOptions;
  readonly #inotify: Inotify;
  readonly #folders = new WatchedFolders();
  readonly #files: CompleteFiles;
  readonly #moves = new Map<number, { readonly watch: number; readonly sinceMs: number }>();
  readonly #session = new AbortController();
  readonly #collect = createCollector(COLLECTION);
  #end: SessionEnd | null = null;
  #root = -1;
  #canary: "none" | "waiting" | "heard" = "none";

  /** @param inotify closed at the end of `run`. */
  constructor(inotify: Inotify, options: SessionOptions) {
    this.#inotify = inotify;
    this.#options = options;
    this.#files = new CompleteFiles(options);
  }

  async run(): Promise<SessionEnd> {
    const { signal, root } = this.#options;
    const onAbort = (): void => this.#finish({ type: "aborted" });
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    using inotify = this.#inotify;
    const failures: unknown[] = [];
    const tasks = new TaskGroup();
    try {
      const identity = identityOf(root);
      for (const task of [
        this.#read(inotify),
        this.#begin(),
        this.#tick(),
        this.#checkRoot(identity),
        this.#singCanary(),
      ])
        tasks.add(task, (error) => {
          failures.push(error);
          this.#finish({ type: "root-gone" });
        });
      // The descriptor must not be closed while it is read from.
      await tasks.idle();
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
    if (failures.length > 0) throw failures[0];
    return this.#end ?? { type: "aborted" };
  }

  async #begin(): Promise<void> {
    await this.#enter(null, "", "known");
    if (this.#end !== null) return;
    // The first pass starts with this much memory in use.
    this.#collect(COLLECTION.every);
    this.#options.onWatching(this.#folders.size);
    this.#options.ready.askRescan("watching has begun");
  }

  #finish(end: SessionEnd): void {
    this.#end ??= end;
    this.#session.abort();
  }

  get #signal(): AbortSignal {
    return this.#session.signal;
  }

  async #read(inotify: Inotify): Promise<void> {
    for await (const events of inotify.events(this.#signal)) {
      for (const event of events) await this.#onEvent(event);
    }
  }

  async #onEvent(event: InotifyEvent): Promise<void> {
    const { watch, mask, name } = event;
    if ((mask & IN.Q_OVERFLOW) !== 0) {
      await this.#enterAnew();
      this.#options.ready.askRescan("more happened at once than the kernel's queue holds");
      return;
    }
    if ((mask & IN.IGNORED) !== 0) {
      this.#folders.delete(watch);
      if (watch === this.#root) this.#finish({ type: "root-gone" });
      return;
    }
    if (watch === this.#root && name === "") {
      if ((mask & IN.OPEN) !== 0) this.#canary = "heard";
      if ((mask & (IN.DELETE_SELF | IN.MOVE_SELF | IN.UNMOUNT)) !== 0) this.#finish({ type: "root-gone" });
      return;
    }
    const folder = this.#folders.path(watch);
    if (folder === null || name === "") return;
    const relativePath = folder === "" ? name : `${folder}/${name}`;
    if ((mask & IN.ISDIR) !== 0) await this.#onFolder(event, relativePath);
    else this.#onFile(mask, name, relativePath);
  }

  async #onFolder({ watch, mask, name, cookie }: InotifyEvent, relativePath: string): Promise<void> {
    if ((mask & IN.MOVED_FROM) !== 0) {
      this.#files.tell({ type: "folder-gone", path: relativePath });
      const moved = this.#folders.child(watch, name);
      if (moved === undefined) return;
      // By the time something happens in it, its old path may belong to another folder.
      this.#folders.moveAway(moved);
      this.#moves.set(cookie, { watch: moved, sinceMs: this.#options.now() });
      return;
    }
    if ((mask & (IN.CREATE | IN.MOVED_TO)) === 0) return;
    const moved = this.#moves.get(cookie);
    this.#moves.delete(cookie);
    if (!this.#options.rules.isEntered(relativePath, name)) {
      if (moved !== undefined) this.#leave(moved.watch);
      return;
    }
    if (moved !== undefined) this.#folders.set(moved.watch, watch, name);
    await this.#enter(watch, name, (mask & IN.MOVED_TO) === 0 ? "touched" : "placed");
  }

  #onFile(mask: number, name: string, path: string): void {
    const { rules, ready } = this.#options;
    if (rules.isRules(name) && (mask & (IN.CLOSE_WRITE | IN.MOVED_TO | IN.MOVED_FROM | IN.DELETE)) !== 0)
      ready.askRescan("an ignore file has changed");
    if (!rules.isCandidate(name)) return;
    if ((mask & (IN.DELETE | IN.MOVED_FROM)) !== 0) this.#files.tell({ type: "gone", path });
    else if ((mask & IN.MOVED_TO) !== 0) this.#files.tell({ type: "placed", path });
    else if ((mask & (IN.CREATE | IN.CLOSE_WRITE)) !== 0) this.#files.tell({ type: "touched", path });
  }

  /**
   * Watches a folder and everything below it. Each folder is watched before it is listed, so that a new file is either
   * reported or listed. `files` says how to treat the listed files; `known`: a rescan follows and finds them.
   */
  async #enter(parent: number | null, name: string, files: "known" | "touched" | "placed"): Promise<void> {
    const queue: { parent: number | null; name: string }[] = [{ parent, name }];
    let count = 0;
    for (let at = queue.pop(); at !== undefined && this.#end === null; at = queue.pop()) {
      const above = at.parent === null ? "" : this.#folders.path(at.parent);
      if (above === null) continue;
      const relativePath = above === "" ? at.name : `${above}/${at.name}`;
      const result = this.#inotify.watch(below(this.#options.root, relativePath));
      if (result.type === "full") return this.#finish({ type: "full" });
      if (result.type === "refused") {
        if (at.parent === null) this.#finish({ type: "root-gone" });
        continue;
      }
      if (at.parent === null) this.#root = result.watch;
      this.#folders.set(result.watch, at.parent, at.name);
      for (const subfolder of this.#readFolder(relativePath, files))
        queue.push({ parent: result.watch, name: subfolder });
      count += 1;
      if (count % SLICE !== 0) continue;
      this.#collect(SLICE);
      await nextTurn();
    }
  }

  /** Enters the tree again after events were lost, perhaps for folders that were created, moved or removed. */
  async #enterAnew(): Promise<void> {
    const before = [...this.#folders.watches()];
    this.#folders.clear();
    this.#moves.clear();
    await this.#enter(null, "", "known");
    for (const watch of before) if (!this.#folders.has(watch)) this.#inotify.unwatch(watch);
  }

  /** Lists a folder: passes its files on, and returns the names of the subfolders to enter. */
  #readFolder(relativePath: string, files: "known" | "touched" | "placed"): string[] {
    const { rules } = this.#options;
    const subfolders: string[] = [];
    try {
      using directory = new Directory(below(this.#options.root, relativePath));
      for (let entry = directory.next(); entry !== null; entry = directory.next()) {
        const { name } = entry;
        const path = relativePath === "" ? name : `${relativePath}/${name}`;
        const type = entry.type === "unknown" ? directory.status(false).type : entry.type;
        if (type === "folder" && rules.isEntered(path, name)) subfolders.push(name);
        if (type === "file" && files !== "known" && rules.isCandidate(name))
          this.#files.tell({ type: files, path });
      }
    } catch {
      // It is gone or cannot be read; the full scan reports the latter.
    }
    return subfolders;
  }

  async #tick(): Promise<void> {
    const { now } = this.#options;
    while (await wait(TICKS_MS, this.#signal)) {
      for (const [cookie, { watch, sinceMs }] of this.#moves) {
        if (now() - sinceMs < MOVE_MS) continue;
        this.#moves.delete(cookie);
        this.#leave(watch);
      }
      await this.#files.tick();
    }
  }

  /** Stops watching a folder that has left the tree, or that is not entered at its new place. */
  #leave(watch: number): void {
    for (const gone of this.#folders.deleteTree(watch)) this.#inotify.unwatch(gone);
  }

  async #checkRoot(identity: FolderIdentity): Promise<void> {
    if (await replaced(this.#options.root, identity, this.#signal)) this.#finish({ type: "root-gone" });
  }

  /**
   * Asks for a regular rescan, and tests whether the kernel still reports events: it must report that the root is
   * opened. If it does not, none of its reports can be relied on.
   */
  async #singCanary(): Promise<void> {
    const { root, rescanMs, ready } = this.#options;
    while (await wait(rescanMs, this.#signal)) {
      ready.askRescan("the regular rescan is due");
      this.#canary = "waiting";
      this.#inotify.watch(root, FOLDER_MASK | IN.OPEN);
      try {
        closeSync(openSync(root, "r"));
        await wait(CANARY_MS, this.#signal);
      } catch {
        // Handled by #checkRoot.
        this.#canary = "none";
      }
      if (this.#signal.aborted) return;
      this.#inotify.watch(root);
      if (this.#canary === "waiting") this.#finish({ type: "deaf" });
      this.#canary = "none";
    }
  }
}
