import { expect, test } from "bun:test";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import fc from "fast-check";
import { globFilter, ignoreRules, isIgnored } from "../../../src/upload/scan/filter.ts";
import { openRoot, scan } from "../../../src/upload/scan/scan.ts";
import { needs, programPath } from "../../support/programs.ts";
import { type TempFolder, tempFolder } from "../../support/temp.ts";

const FOLDERS = ["", "a/", "a/b/", "a/b/c/", "b/", "b/a/", "c d/", "k.d/", "a/[b]*/"];
const FILES = FOLDERS.flatMap((folder) => ["a.pdf", "k.txt", "m n.md", "#k.md"].map((name) => folder + name));
const IGNORED_IN = ["", "a/", "a/b/"];

function writeTree(at: TempFolder): string {
  for (const path of FILES) {
    mkdirSync(dirname(at.file(path)), { recursive: true });
    writeFileSync(at.file(path), "x");
  }
  return openRoot(at.path);
}

/** Files that the scan takes, and the topmost entries that it leaves out. */
function scanned(root: string, filter = globFilter([], [])): { taken: string[]; excluded: string[] } {
  const taken: string[] = [];
  const excluded: string[] = [];
  for (const event of scan(root, filter)) {
    if (event.type === "files")
      for (let at = 0; at < event.page.size; at += 1) taken.push(event.page.file(at).relativePath);
    else if (event.type === "skipped" && event.reason === "excluded")
      excluded.push(event.path.slice(root.length + 1));
  }
  return { taken: taken.toSorted(), excluded: excluded.toSorted() };
}

/** The same, as git ignores: of what it ignores, the topmost entries. */
function ignoredByGit(root: string): { taken: string[]; excluded: string[] } {
  const paths = [...FOLDERS.slice(1).map((folder) => folder.slice(0, -1)), ...FILES];
  const { stdout, exitCode } = Bun.spawnSync(
    [programPath("git"), "check-ignore", "--no-index", "--stdin", "-z"],
    { cwd: root, env: environment(root), stdin: Buffer.from(paths.map((path) => `${path}\0`).join("")) },
  );
  if (exitCode > 1) throw new Error(`git check-ignore ended with ${exitCode}`);
  const ignored = new Set(stdout.toString().split("\0").slice(0, -1));
  return {
    taken: FILES.filter((path) => !ignored.has(path)).toSorted(),
    excluded: [...ignored].filter((path) => !ignored.has(dirname(path))).toSorted(),
  };
}

/** Nothing of this user's git, and nothing of one that runs these tests in a hook. */
function environment(home: string): Record<string, string> {
  return { HOME: home, GIT_CONFIG_NOSYSTEM: "1", GIT_CEILING_DIRECTORIES: dirname(home) };
}

function initGit(root: string): void {
  const { exitCode, stderr } = Bun.spawnSync([programPath("git"), "init", "-q", "--template=", "."], {
    cwd: root,
    env: environment(root),
  });
  if (exitCode !== 0) throw new Error(`git init: ${stderr.toString()}`);
}

const segment = fc.constantFrom(
  "a",
  "b",
  "c",
  "c d",
  "a.pdf",
  "k.txt",
  "m n.md",
  "*",
  "**",
  "*.pdf",
  "?",
  "[ab]",
  "k*",
  "a*",
  "\\#k.md",
  "*.*",
);
const glob = fc
  .tuple(fc.boolean(), fc.array(segment, { minLength: 1, maxLength: 3 }))
  .map(([isAnchored, segments]) => (isAnchored ? "/" : "") + segments.join("/"));
const line = fc.oneof(
  {
    weight: 8,
    arbitrary: fc
      .tuple(fc.constantFrom("", "", "!"), glob, fc.constantFrom("", "", "/", "  ", "\r"))
      .map((parts) => parts.join("")),
  },
  { weight: 1, arbitrary: fc.constantFrom("", "# a", "!", "\\!a", " ", "#k.md") },
);
const ignoreFile = fc.array(line, { maxLength: 4 }).map((lines) => lines.map((each) => `${each}\n`).join(""));

needs("git")("nested ignore files leave out what git ignores by the same rules", () => {
  using folder = tempFolder();
  const root = writeTree(folder);
  initGit(root);
  fc.assert(
    fc.property(fc.tuple(ignoreFile, ignoreFile, ignoreFile), (texts) => {
      for (const [index, below] of IGNORED_IN.entries())
        for (const name of [".gitignore", ".nodupeignore"])
          writeFileSync(`${root}/${below}${name}`, texts[index] ?? "");
      expect(scanned(root)).toEqual(ignoredByGit(root));
    }),
    {
      numRuns: 60,
      // A nearer file takes a folder back in that an outer one leaves out.
      examples: [[["b\n*.md\n", "!b\n", ""]]],
    },
  );
});

needs("git")("--exclude leaves out what git ignores by the same patterns at the root", () => {
  using folder = tempFolder();
  const root = writeTree(folder);
  initGit(root);
  // A lone `**`, and one within a word, say other things in the two languages.
  const pattern = glob.filter((text) => !text.includes("**"));
  fc.assert(
    fc.property(fc.array(pattern, { minLength: 1, maxLength: 3 }), (patterns) => {
      writeFileSync(`${root}/.gitignore`, patterns.map((each) => `${each}\n`).join(""));
      expect(scanned(root, globFilter([], patterns))).toEqual(ignoredByGit(root));
    }),
    { numRuns: 60 },
  );
});

test("a pattern with a slash is held against the path, one without against the name", () => {
  using folder = tempFolder();
  const root = writeTree(folder);
  const taken = (include: string[], exclude: string[] = []): string[] =>
    scanned(root, globFilter(include, exclude)).taken;
  expect(taken(["a/*"])).toEqual(["a/#k.md", "a/a.pdf", "a/k.txt", "a/m n.md"]);
  expect(taken(["./a/b/*.pdf", "b/**/k.txt"])).toEqual(["a/b/a.pdf", "b/a/k.txt", "b/k.txt"]);
  expect(taken(["k.txt"], ["a", "b/", "c d"])).toEqual(["k.d/k.txt", "k.txt"]);
  expect(taken(["*.{pdf,md}"], ["a*", "b/**", "c d/**", "k.d", "m*"])).toEqual(["#k.md"]);
  expect(taken([], ["**/*.txt", "**/*.md", "*.pdf"])).toEqual([]);
});

test("an ignore file that is a folder, or empty, is none", () => {
  using folder = tempFolder();
  const root = writeTree(folder);
  mkdirSync(folder.file(".nodupeignore"));
  writeFileSync(folder.file("a", ".nodupeignore"), "");
  expect(scanned(root)).toEqual({ taken: FILES.toSorted(), excluded: [] });
  rmSync(folder.file(".nodupeignore"), { recursive: true });
  writeFileSync(folder.file(".nodupeignore"), "\uFEFFa\r\n*.txt");
  expect(scanned(root).taken).toEqual(
    ["#k.md", "a.pdf", "m n.md", "b/#k.md", "b/a.pdf", "b/m n.md", "c d/#k.md", "c d/a.pdf", "c d/m n.md"]
      .concat(["k.d/#k.md", "k.d/a.pdf", "k.d/m n.md"])
      .toSorted(),
  );
});

test("however many paths are asked for, the rules stay what they are", () => {
  const text = "old/\n*.tmp\n/a/*\n!/a/keep.pdf\n";
  const files = [ignoreRules("", text)];
  for (let index = 0; index < 3_500; index += 1) {
    const told = ["old/", "b.tmp", "a/x.pdf", "a/keep.pdf", `cv ${index}.pdf`].map((path) =>
      isIgnored(files, path.replace(/\/$/, ""), path.endsWith("/")),
    );
    expect(told).toEqual([true, true, true, false, false]);
  }
});
