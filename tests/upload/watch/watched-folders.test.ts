import { expect, test } from "bun:test";
import fc from "fast-check";
import { WatchIndex } from "../../../src/upload/watch/watch-index.ts";
import { WatchedFolders } from "../../../src/upload/watch/watched-folders.ts";

/** Few of each, so that they meet; such as the kernel gives, and such as fall on the same place of a table. */
const watch = fc.oneof(
  fc.integer({ min: 1, max: 12 }),
  fc.constantFrom(2 ** 31 - 1, 2 ** 16, 2 ** 20, 2 ** 24),
);
const name = fc.oneof(
  fc.constantFrom("a", "b", "äöü", "日本", "\uDCE4\uDCF6", "x".repeat(255), "\uFFFD"),
  fc.string({ minLength: 1, maxLength: 20 }),
);

type Step =
  | { readonly type: "set"; readonly watch: number; readonly parent: number | null; readonly name: string }
  | { readonly type: "moveAway" | "delete" | "deleteTree"; readonly watch: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ type: fc.constant("set" as const), watch, parent: watch, name }) },
  {
    weight: 1,
    arbitrary: watch.map((root): Step => ({ type: "set", watch: root, parent: null, name: "" })),
  },
  {
    weight: 3,
    arbitrary: fc.record({ type: fc.constantFrom("moveAway", "delete", "deleteTree"), watch }),
  },
);

interface Folder {
  readonly parent: number | null | "away";
  readonly name: string;
  readonly turn: number;
}

/** The same, as one would write it down. */
class Model {
  readonly folders = new Map<number, Folder>();
  #turn = 0;

  apply(of: Step): number[] {
    const { folders } = this;
    const known = folders.get(of.watch);
    switch (of.type) {
      case "set":
        this.#turn += 1;
        folders.set(of.watch, { parent: of.parent, name: of.name, turn: this.#turn });
        return [];
      case "moveAway":
        if (known !== undefined) folders.set(of.watch, { ...known, parent: "away" });
        return [];
      case "delete":
        folders.delete(of.watch);
        return [];
      case "deleteTree": {
        const gone = [...folders.keys()].filter((at) => this.way(at).includes(of.watch));
        for (const at of gone) folders.delete(at);
        return gone.toSorted((left, right) => left - right);
      }
    }
  }

  /** A folder, its parent and so on up to the first that is not known; a circle once around. */
  way(from: number): number[] {
    const way: number[] = [];
    for (let at: number | null | "away" = from; typeof at === "number" && !way.includes(at);) {
      way.push(at);
      at = this.folders.get(at)?.parent ?? null;
    }
    return way;
  }

  path(from: number): string | null {
    const way = this.way(from).map((at) => this.folders.get(at));
    // Where the way ends before the root, it is not known where the folder hangs.
    if (way.at(-1)?.parent !== null) return null;
    return way
      .slice(0, -1)
      .map((folder) => folder?.name)
      .toReversed()
      .join("/");
  }

  child(parent: number, of: string): number | undefined {
    const found = [...this.folders]
      .filter(([, folder]) => folder.parent === parent && folder.name === of)
      .toSorted(([, left], [, right]) => left.turn - right.turn);
    return found.at(-1)?.[0];
  }
}

function play(steps: readonly Step[]): void {
  const model = new Model();
  const folders = new WatchedFolders();
  const apply = (of: Step): number[] => {
    switch (of.type) {
      case "set":
        folders.set(of.watch, of.parent, of.name);
        return [];
      case "deleteTree":
        return folders.deleteTree(of.watch).toSorted((left, right) => left - right);
      case "moveAway":
      case "delete":
        folders[of.type](of.watch);
        return [];
    }
  };
  for (const of of steps) {
    expect(apply(of)).toEqual(model.apply(of));
    expect(folders.size).toBe(model.folders.size);
    const watches = new Set([...model.folders.keys(), of.watch]);
    expect(new Set(folders.watches())).toEqual(new Set(model.folders.keys()));
    for (const at of watches) {
      expect(folders.has(at)).toBe(model.folders.has(at));
      expect(folders.path(at)).toBe(model.path(at));
      const folder = model.folders.get(at);
      if (typeof folder?.parent === "number")
        expect(folders.child(folder.parent, folder.name)).toBe(model.child(folder.parent, folder.name));
    }
  }
  folders.clear();
  expect([...folders.watches()]).toEqual([]);
}

test("folders are where a plain model has them, whatever comes, moves and goes, circles of lost events included", () => {
  fc.assert(fc.property(fc.array(step, { maxLength: 60 }), play), { numRuns: 300 });
});

test("thousands of folders that come and go keep their paths, and take no more room each time", () => {
  const folders = new WatchedFolders();
  folders.set(1, null, "");
  let next = 2;
  for (let round = 0; round < 20; round += 1) {
    const top = next;
    folders.set(top, 1, `round ${round}`);
    const inner = Array.from({ length: 2_000 }, (_, at) => top + 1 + at);
    for (const at of inner) folders.set(at, top, `folder ${at}`);
    next = top + 2_001;
    for (const at of inner.filter((_, position) => position % 97 === 0))
      expect(folders.path(at)).toBe(`round ${round}/folder ${at}`);
    expect(folders.deleteTree(top)).toHaveLength(2_001);
  }
  expect(folders.size).toBe(1);
  expect(folders.path(1)).toBe("");
  expect(folders.roomBytes).toBeLessThan(500_000);
});

test("an index finds what was put in, whatever shares a place", () => {
  const change = fc.record({
    watch: fc.oneof(
      fc.integer({ min: 0, max: 200 }),
      fc.nat(20).map((at) => at * 2 ** 16),
    ),
    slot: fc.option(fc.nat(), { nil: null }),
  });
  fc.assert(
    fc.property(fc.array(change, { maxLength: 400 }), (changes) => {
      const index = new WatchIndex();
      const model = new Map<number, number>();
      for (const { watch: of, slot } of changes) {
        if (slot === null) {
          index.delete(of);
          model.delete(of);
        } else {
          index.set(of, slot);
          model.set(of, slot);
        }
      }
      expect(index.size).toBe(model.size);
      expect(new Set(index.watches())).toEqual(new Set(model.keys()));
      for (const { watch: of } of changes) expect(index.get(of)).toBe(model.get(of));
    }),
  );
});
