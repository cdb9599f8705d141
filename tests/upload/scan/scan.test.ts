import { expect, test } from "bun:test";
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import fc from "fast-check";
import { globFilter } from "../../../src/upload/scan/filter.ts";
import { openRoot, scan, type ScanEvent } from "../../../src/upload/scan/scan.ts";
import { needs } from "../../support/programs.ts";
import { runCommand } from "../../support/run.ts";
import { tempFolder } from "../../support/temp.ts";
import { buildTree, trees } from "../../support/trees.ts";

const EVERYTHING = globFilter([], []);

/** What the scan should tell of the tree, in the words of node:fs: one event an entry, by its path. */
function expected(root: string): Record<string, string> {
  const told: Record<string, string> = {};
  const walk = (folder: string): void => {
    for (const name of readdirSync(folder)) {
      const path = join(folder, name);
      const stats = lstatSync(path);
      if (!stats.isDirectory()) told[path] = expectedOf(root, path, name);
      else if (name.startsWith(".")) told[path] = "hidden";
      else walk(path);
    }
  };
  walk(root);
  return told;
}

function expectedOf(root: string, path: string, name: string): string {
  if (name.startsWith("~$")) return "office-lock";
  if (name.startsWith(".")) return "hidden";
  if (/\.(part|tmp|crdownload)$/i.test(name)) return "temporary";
  if (!/\.(pdf|docx|doc|txt|md)$/i.test(name)) return "not-a-cv";
  let target = path;
  let fault = "";
  try {
    target = realpathSync(path);
  } catch (error) {
    target = resolve(dirname(path), readlinkSync(path));
    fault = String(error).includes("ELOOP") ? "its links lead in a circle" : "it is no longer there";
    if (String(error).includes("ENOTDIR")) fault = "ENOTDIR";
  }
  if (relative(root, target).split("/")[0] === "..") return "link-outside";
  if (fault !== "") return fault;
  const { size, mtimeMs, ino } = statSync(target);
  if (statSync(target).isDirectory()) return "link-to-folder";
  if (size === 0) return "empty";
  return `file ${relative(root, path)} ${name} ${size} ${Math.floor(mtimeMs)} ${ino}`;
}

function inWords(event: ScanEvent): [path: string, words: string] {
  if (event.type !== "file") return [event.path, event.reason];
  const { path, relativePath, name, sizeBytes, mtimeUs, inode } = event.file;
  return [path, `file ${relativePath} ${name} ${sizeBytes} ${Math.floor(mtimeUs / 1000)} ${inode}`];
}

test("every entry of a tree is told exactly once, as a walk with node:fs tells it, in whatever order it is stored", () => {
  fc.assert(
    fc.property(trees, (entries) => {
      const kinds = [false, true].map((isReversed) => {
        using at = tempFolder();
        const root = openRoot(buildTree(at, entries, isReversed));
        const told = [...scan(root, EVERYTHING)].map(inWords);
        expect(told.length).toBe(new Set(told.map(([path]) => path)).size);
        expect(Object.fromEntries(told)).toEqual(expected(root));
        return told
          .map(([path, words]) => `${relative(root, path)}: ${words.replace(/ \d+ \d+$/, "")}`)
          .toSorted();
      });
      expect(kinds[1]).toEqual(kinds[0] ?? []);
    }),
    { numRuns: 60 },
  );
});

needs("mkfifo")(
  "what is neither file nor folder is special, behind a link too, and opens nothing",
  async () => {
    using folder = tempFolder();
    await runCommand(["mkfifo", folder.file("pipe.pdf"), folder.file("pipe.png")]);
    symlinkSync("pipe.pdf", folder.file("link.pdf"));
    const root = openRoot(folder.path);
    expect(Object.fromEntries([...scan(root, EVERYTHING)].map(inWords))).toEqual({
      [join(root, "link.pdf")]: "special",
      [join(root, "pipe.pdf")]: "special",
      [join(root, "pipe.png")]: "not-a-cv",
    });
  },
);

test("a root is what its links lead to; what is missing or no folder is a usage error", () => {
  using folder = tempFolder();
  mkdirSync(folder.file("cvs"));
  writeFileSync(folder.file("cvs", "cv.pdf"), "x");
  symlinkSync("cvs", folder.file("link"));
  const root = openRoot(folder.file("link"));
  expect(root).toBe(realpathSync(folder.file("cvs")));
  expect([...scan(root, EVERYTHING)].map((event) => inWords(event)[0])).toEqual([join(root, "cv.pdf")]);
  expect(() => openRoot(folder.file("none"))).toThrow("there is no folder");
  expect(() => openRoot(join(root, "cv.pdf"))).toThrow("is not a folder");
});
