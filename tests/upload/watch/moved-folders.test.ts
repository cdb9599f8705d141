import { expect, test } from "bun:test";
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import fc from "fast-check";
import { pathOfBytes, systemPath } from "../../../src/lib/path-bytes.ts";
import { TreeWatch } from "../../../src/upload/watch/watch.ts";
import { runCommand } from "../../support/run.ts";
import { tempFolder } from "../../support/temp.ts";
import { until } from "../../support/until.ts";

const RULES = {
  isCandidate: (name: string): boolean => name.endsWith(".pdf"),
  isEntered: (): boolean => true,
  isRules: (): boolean => false,
};

/** What was told of, until the block is over. */
function watched(
  root: string,
): AsyncDisposable & { readonly files: Set<string>; readonly rescans: string[] } {
  const end = new AbortController();
  const files = new Set<string>();
  const rescans: string[] = [];
  const watch = new TreeWatch({
    root,
    rules: RULES,
    settleMs: 0,
    rescanMs: 3_600_000,
    scanEveryMs: 30_000,
    signal: end.signal,
    now: () => performance.now(),
    onMode: () => undefined,
  });
  const taking = (async () => {
    for await (const arrival of watch.arrivals()) {
      if (arrival.type === "rescan") rescans.push(arrival.reason);
      else for (const path of arrival.relativePaths) files.add(path);
    }
  })();
  return {
    files,
    rescans,
    [Symbol.asyncDispose]: async () => {
      end.abort();
      await taking;
    },
  };
}

/** All folders below one, deepest last, by their paths below it. */
function foldersIn(root: string): string[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .toSorted();
}

const step = fc.record({
  type: fc.constantFrom("make", "make", "make", "move", "move", "move", "out", "in", "remove", "breathe"),
  /** Which folder, and where to: of those that are there, the so manyeth. */
  from: fc.nat(),
  to: fc.nat(),
  name: fc.constantFrom("a", "b", "c", "dé"),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Does to a tree what a step says, where it can be done. Folders beside the tree are `outside`. */
function perform(root: string, outside: string, { type, from, to, name }: Step): void {
  const at = (of: string, number: number): string => {
    const folders = ["", ...foldersIn(of)];
    return join(of, folders[number % folders.length] ?? "");
  };
  const target = join(at(root, to), name);
  try {
    switch (type) {
      case "make":
        mkdirSync(target);
        break;
      case "move":
        if (at(root, from) !== root) renameSync(at(root, from), target);
        break;
      case "out":
        if (at(root, from) !== root) renameSync(at(root, from), join(outside, name));
        break;
      case "in":
        if (at(outside, from) !== outside) renameSync(at(outside, from), target);
        break;
      case "remove":
        if (at(root, from) !== root) rmSync(at(root, from), { recursive: true });
        break;
      case "breathe":
        break;
    }
  } catch {
    // A folder that would have to go into itself, or onto one that is not empty: nothing has changed.
  }
}

test("folders that come, move, leave, return and go in any order: what arrives in each that is there is told by its path", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 80 }), async (steps) => {
      using folder = tempFolder();
      using outside = tempFolder();
      mkdirSync(folder.file("a", "b", "c"), { recursive: true });
      await using told = watched(folder.path);
      await until(() => told.rescans.length > 0, "everything is watched");
      for (const one of steps) {
        perform(folder.path, outside.path, one);
        if (one.type === "breathe") await Bun.sleep(1);
      }
      // All that was moved is behind what is told of this one.
      writeFileSync(folder.file("mark.pdf"), "");
      await until(() => told.files.has("mark.pdf"), "what was done is read");
      const expected = ["", ...foldersIn(folder.path)].map((path) => join(path, "late.pdf"));
      for (const path of expected) writeFileSync(folder.file(path), "x");
      for (const path of foldersIn(outside.path)) writeFileSync(outside.file(path, "late.pdf"), "x");
      await until(() => expected.every((path) => told.files.has(path)), "all have arrived");
      expect([...told.files].toSorted()).toEqual([...expected, "mark.pdf"].toSorted());
      expect(told.rescans).toHaveLength(1);
    }),
    { numRuns: 8 },
  );
});

test("a folder whose name is no UTF-8 is watched as any other, and moved as well", async () => {
  using folder = tempFolder();
  const name = pathOfBytes(Buffer.from("M\xfcller", "latin1"));
  // node:path's join would lose the byte.
  const at = (...parts: readonly string[]): string | Buffer =>
    systemPath([folder.path, "in", ...parts].join("/"));
  // node:fs cannot remove them.
  await using _removed = {
    [Symbol.asyncDispose]: async () => void (await runCommand(["rm", "-rf", folder.file("in")])),
  };
  mkdirSync(folder.file("in"));
  mkdirSync(at(name));
  await using told = watched(folder.file("in"));
  await until(() => told.rescans.length > 0, "everything is watched");
  writeFileSync(at(name, "1.pdf"), "x");
  mkdirSync(at(name, name));
  await until(() => told.files.has(`${name}/1.pdf`), "the first has arrived");
  renameSync(at(name), at(`${name}2`));
  writeFileSync(at(`${name}2`, name, `${name}.pdf`), "x");
  await until(() => told.files.has(`${name}2/${name}/${name}.pdf`), "the second has arrived");
});
