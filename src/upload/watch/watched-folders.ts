/** A watched folder, as the kernel names it, and where it hangs. The root has no parent. */
interface Folder {
  readonly parent: number | null;
  readonly name: string;
}

/**
 * Which watch stands for which folder. A folder knows its parent's watch and its own name, and nothing else: a whole
 * tree that is moved takes the change of one entry, since the kernel's watches go with the folders, and 100,000 folders
 * take some 15 MB. What is seldom asked looks through them all, in milliseconds.
 */
export class WatchedFolders {
  readonly #folders = new Map<number, Folder>();

  get size(): number {
    return this.#folders.size;
  }

  /** Enters a folder, or moves the one that this watch stood for: the kernel has one watch for a folder. */
  set(watch: number, parent: number | null, name: string): void {
    this.#folders.set(watch, { parent, name });
  }

  /** The watch of a folder's subfolder, where there is one. */
  child(parent: number, name: string): number | undefined {
    let found: number | undefined;
    // The newest of that name: one that was moved away may still be there.
    for (const [watch, folder] of this.#folders)
      if (folder.parent === parent && folder.name === name) found = watch;
    return found;
  }

  /** The folder's path below the root, "" for the root itself; null where the watch is not known (any more). */
  path(watch: number): string | null {
    const names: string[] = [];
    for (let at: number | null = watch; at !== null;) {
      const folder: Folder | undefined = this.#folders.get(at);
      if (folder === undefined) return null;
      if (folder.parent !== null) names.push(folder.name);
      at = folder.parent;
    }
    return names.toReversed().join("/");
  }

  /** Forgets one watch: the kernel has ended it. */
  delete(watch: number): void {
    this.#folders.delete(watch);
  }

  /** Forgets a folder and all below it, and tells their watches. */
  deleteTree(top: number): number[] {
    const isBelow = new Map<number, boolean>([[top, true]]);
    const below = (watch: number): boolean => {
      const known = isBelow.get(watch);
      if (known !== undefined) return known;
      const parent = this.#folders.get(watch)?.parent ?? null;
      const answer = parent !== null && below(parent);
      isBelow.set(watch, answer);
      return answer;
    };
    const gone = [...this.#folders.keys()].filter(below);
    for (const watch of gone) this.delete(watch);
    return gone;
  }
}
