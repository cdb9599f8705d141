import { closeSync, openSync, statSync } from "node:fs";
import { Directory } from "../../lib/directory.ts";
import { type CollectorOptions, createCollector } from "../../lib/engine.ts";
import { nextTurn, wait } from "../../lib/wait.ts";
import { type ArrivalAction, type ArrivalEvent, Arrivals } from "./arrivals.ts";
import { FOLDER_MASK, IN, Inotify, type InotifyEvent } from "./inotify.ts";
import { lookAt } from "./look.ts";
import type { ReadyFiles } from "./ready-files.ts";
import { WatchedFolders } from "./watched-folders.ts";

/** What of a tree is watched; the scan's own rules. */
export interface WatchRules {
  /** Whether a file of this name may be one to upload. */
  isCandidate(name: string): boolean;
  /** Whether a folder is entered at all. */
  isEntered(relativePath: string, name: string): boolean;
  /** Whether a file of this name changes which files are taken: the tree is rescanned. */
  isRules(name: string): boolean;
}

export interface SessionOptions {
  /** As `openRoot` gave it. */
  readonly root: string;
  readonly rules: WatchRules;
  readonly settleMs: number;
  readonly rescanMs: number;
  readonly ready: ReadyFiles;
  readonly signal: AbortSignal;
  /** Milliseconds from anywhere, never set back. */
  readonly now: () => number;
  /** All folders are watched. */
  readonly onWatching: (folders: number) => void;
}

/** Why a session is over. */
export type SessionEnd =
  | { readonly type: "aborted" }
  /** The root was moved away, replaced or removed. */
  | { readonly type: "root-gone" }
  /** fs.inotify.max_user_watches or max_user_instances is reached. */
  | { readonly type: "full" }
  /** A change that was made as a test was not reported. */
  | { readonly type: "deaf" };

const MOST_HELD = 20_000;
const TICKS_MS = 500;
/** What each folder that is entered leaves behind is collected where it has come to something. */
const COLLECTION: CollectorOptions = { every: 4_096, fromGrowthBytes: 4 * 1024 ** 2, since: "start" };
/** How many folders or files are checked before other work gets its turn. */
const SLICE = 256;
const ROOT_CHECK_MS = 3_000;
/** The two halves of a move stand together in the kernel's queue; what has no second half by then has left the tree. */
const MOVE_MS = 1_000;
const CANARY_MS = 5_000;

/** Watches one tree through inotify until it ends for one of the reasons of `SessionEnd`. */
export class InotifyWatch {
  readonly #options: SessionOptions;
  readonly #inotify = new Inotify();
  readonly #folders = new WatchedFolders();
  readonly #arrivals: Arrivals;
  readonly #moves = new Map<number, { readonly watch: number; readonly sinceMs: number }>();
  readonly #session = new AbortController();
  readonly #collect = createCollector(COLLECTION);
  #end: SessionEnd | null = null;
  #root = -1;
  #canary: "none" | "waiting" | "heard" = "none";

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#arrivals = new Arrivals({ settleMs: options.settleMs, mostHeld: MOST_HELD });
  }

  async run(): Promise<SessionEnd> {
    const { signal, root, ready, onWatching } = this.#options;
    const onAbort = (): void => this.#finish({ type: "aborted" });
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    using inotify = this.#inotify;
    try {
      const identity = statSync(root, { bigint: true });
      const reading = this.#read(inotify);
      await this.#enter(null, "", "known");
      if (this.#end === null) {
        onWatching(this.#folders.size);
        ready.askRescan("watching has begun");
      }
      await Promise.all([reading, this.#tick(), this.#checkRoot(identity), this.#singCanary()]);
    } catch (error) {
      this.#finish({ type: "root-gone" });
      throw error;
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
    return this.#end ?? { type: "aborted" };
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
      this.#tell({ type: "folder-gone", path: relativePath });
      const moved = this.#folders.child(watch, name);
      if (moved === undefined) return;
      // What happens in it now is told of no path that another folder may have by then.
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
    if ((mask & (IN.DELETE | IN.MOVED_FROM)) !== 0) this.#tell({ type: "gone", path });
    else if ((mask & IN.MOVED_TO) !== 0) this.#tell({ type: "placed", path });
    else if ((mask & (IN.CREATE | IN.CLOSE_WRITE)) !== 0) this.#tell({ type: "touched", path });
  }

  /**
   * Watches a folder and all below it, each before it is read, so that whatever comes meanwhile is told or seen. Files
   * found there are told as `files` says; `known`: a rescan follows, which finds them.
   */
  async #enter(parent: number | null, name: string, files: "known" | "touched" | "placed"): Promise<void> {
    const queue: { parent: number | null; name: string }[] = [{ parent, name }];
    let count = 0;
    for (let at = queue.pop(); at !== undefined && this.#end === null; at = queue.pop()) {
      const above = at.parent === null ? "" : this.#folders.path(at.parent);
      if (above === null) continue;
      const relativePath = above === "" ? at.name : `${above}/${at.name}`;
      const result = this.#inotify.watch(this.#absolute(relativePath));
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

  /** Events were lost: folders may have come, moved and gone without one. */
  async #enterAnew(): Promise<void> {
    const before = [...this.#folders.watches()];
    this.#folders.clear();
    this.#moves.clear();
    await this.#enter(null, "", "known");
    for (const watch of before) if (!this.#folders.has(watch)) this.#inotify.unwatch(watch);
  }

  /** The names of a folder's subfolders that are looked into; its files are told on the way. */
  #readFolder(relativePath: string, files: "known" | "touched" | "placed"): string[] {
    const { rules } = this.#options;
    const subfolders: string[] = [];
    try {
      using directory = new Directory(this.#absolute(relativePath));
      for (let entry = directory.next(); entry !== null; entry = directory.next()) {
        const { name } = entry;
        const path = relativePath === "" ? name : `${relativePath}/${name}`;
        const type = entry.type === "unknown" ? directory.status(false).type : entry.type;
        if (type === "folder" && rules.isEntered(path, name)) subfolders.push(name);
        if (type === "file" && files !== "known" && rules.isCandidate(name))
          this.#tell({ type: files, path });
      }
    } catch {
      // It is gone or not readable: the full scan reports that.
    }
    return subfolders;
  }

  #absolute(relativePath: string): string {
    const { root } = this.#options;
    return relativePath === "" ? root : `${root === "/" ? "" : root}/${relativePath}`;
  }

  #tell(event: ArrivalEvent): void {
    this.#perform(this.#arrivals.on(event, this.#options.now()));
  }

  #perform(actions: readonly ArrivalAction[]): void {
    for (const action of actions) {
      switch (action.type) {
        case "look":
          this.#tell({ type: "looked", path: action.path, look: lookAt(this.#absolute(action.path)) });
          break;
        case "arrive":
          this.#options.ready.add(action.path);
          break;
        case "rescan":
          this.#options.ready.askRescan("more files were being written than are held in memory");
          break;
      }
    }
  }

  async #tick(): Promise<void> {
    const { now } = this.#options;
    while (await wait(TICKS_MS, this.#signal)) {
      for (const [cookie, { watch, sinceMs }] of this.#moves) {
        if (now() - sinceMs < MOVE_MS) continue;
        this.#moves.delete(cookie);
        this.#leave(watch);
      }
      for (const path of this.#options.ready.takeTouched()) this.#tell({ type: "touched", path });
      if (this.#arrivals.isIdle) continue;
      const actions = this.#arrivals.on({ type: "tick" }, now());
      for (let at = 0; at < actions.length; at += SLICE) {
        this.#perform(actions.slice(at, at + SLICE));
        await nextTurn();
      }
    }
  }

  /** A folder has left the tree, or what is looked into. */
  #leave(watch: number): void {
    for (const gone of this.#folders.deleteTree(watch)) this.#inotify.unwatch(gone);
  }

  /** The old root's watch does not report another folder in its place. */
  async #checkRoot(identity: { readonly dev: bigint; readonly ino: bigint }): Promise<void> {
    while (await wait(ROOT_CHECK_MS, this.#signal)) {
      try {
        const { dev, ino } = statSync(this.#options.root, { bigint: true });
        if (dev === identity.dev && ino === identity.ino) continue;
      } catch {
        // It is not there.
      }
      this.#finish({ type: "root-gone" });
    }
  }

  /**
   * Every so often the tree is looked through whatever was told, and the kernel is asked to tell of something that is
   * made to happen: the root is opened. Where that is not told, nothing else can be relied on.
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
        // The check of the root reports that.
        this.#canary = "none";
      }
      if (this.#signal.aborted) return;
      this.#inotify.watch(root);
      if (this.#canary === "waiting") this.#finish({ type: "deaf" });
      this.#canary = "none";
    }
  }
}
