/** A watched folder, as the kernel names it, and where it hangs. The root has no parent. */
interface Folder {
  parent: number | null;
  name: string;
}

/**
 * Which watch stands for which folder. A folder knows its parent's watch and its own name, so that a whole tree that is
 * moved takes the change of one entry: the kernel's watches go with the folders.
 */
export class WatchedFolders {
  readonly #byWatch = new Map<number, Folder>();
  readonly #byPlace = new Map<string, number>();

  get size(): number {
    return this.#byWatch.size;
  }

  static #place(parent: number | null, name: string): string {
    return `${parent ?? ""}/${name}`;
  }

  has(watch: number): boolean {
    return this.#byWatch.has(watch);
  }

  /** Enters a folder, or moves the one that this watch stood for: the kernel has one watch for a folder. */
  set(watch: number, parent: number | null, name: string): void {
    this.#forgetPlace(watch);
    const place = WatchedFolders.#place(parent, name);
    this.#byWatch.set(watch, { parent, name });
    this.#byPlace.set(place, watch);
  }

  /** The watch of a folder's subfolder, where there is one. */
  child(parent: number, name: string): number | undefined {
    return this.#byPlace.get(WatchedFolders.#place(parent, name));
  }

  /** The folder's path below the root, "" for the root itself; null where the watch is not known (any more). */
  path(watch: number): string | null {
    const names: string[] = [];
    for (let at: number | null = watch; at !== null;) {
      const folder: Folder | undefined = this.#byWatch.get(at);
      if (folder === undefined) return null;
      if (folder.parent !== null) names.push(folder.name);
      at = folder.parent;
    }
    return names.toReversed().join("/");
  }

  /** Forgets one watch: the kernel has ended it. */
  delete(watch: number): void {
    this.#forgetPlace(watch);
    this.#byWatch.delete(watch);
  }

  /** Forgets a folder and all below it, and tells their watches. Looks through all folders: moves out are rare. */
  deleteTree(top: number): number[] {
    const isBelow = new Map<number, boolean>([[top, true]]);
    const below = (watch: number): boolean => {
      const known = isBelow.get(watch);
      if (known !== undefined) return known;
      const parent = this.#byWatch.get(watch)?.parent ?? null;
      const answer = parent !== null && below(parent);
      isBelow.set(watch, answer);
      return answer;
    };
    const gone = [...this.#byWatch.keys()].filter(below);
    for (const watch of gone) this.delete(watch);
    return gone;
  }

  #forgetPlace(watch: number): void {
    const folder = this.#byWatch.get(watch);
    if (folder === undefined) return;
    const place = WatchedFolders.#place(folder.parent, folder.name);
    if (this.#byPlace.get(place) === watch) this.#byPlace.delete(place);
  }
}
