import { expect, test } from "bun:test";
import fc from "fast-check";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { Failure } from "../../../src/lib/errors.ts";
import { parseFileList, pathsBelow, scanListed } from "../../../src/upload/scan/file-list.ts";
import { globFilter } from "../../../src/upload/scan/filter.ts";
import { openRoot, scan, type ScanEvent } from "../../../src/upload/scan/scan.ts";
import { tempFolder } from "../../support/temp.ts";
import { buildTree, trees } from "../../support/upload/trees.ts";

test("a list by lines, of either kind, and one by NULs, in which a name may hold a line end", () => {
  const text = "a.pdf\r\n\nb c.pdf\n";
  expect(parseFileList(Buffer.from(text), false)).toEqual(["a.pdf", "b c.pdf"]);
  expect(parseFileList(Buffer.from("a\nb.pdf\0c.pdf"), true)).toEqual(["a\nb.pdf", "c.pdf"]);
  expect(parseFileList(Buffer.from("c\xff.pdf\n", "latin1"), false)).toEqual(["c\udcff.pdf"]);
  expect(parseFileList(Buffer.alloc(0), true)).toEqual([]);
});

test("paths are taken below the folder as it was named, or as it really is, each once", () => {
  const roots = ["/link", "/real"];
  const paths = ["a/b.pdf", "./a//b.pdf", "/link/c.pdf", "/real/d.pdf", "x/../e.pdf"];
  expect(pathsBelow(roots, paths)).toEqual(["a/b.pdf", "c.pdf", "d.pdf", "e.pdf"]);
  for (const path of ["../a.pdf", "/elsewhere/a.pdf", "/linked/a.pdf", ".", "a/../..", "/real/../a.pdf"])
    expect(() => pathsBelow(roots, [path])).toThrow(Failure);
  expect(() => pathsBelow(roots, ["../a"])).toThrow('--files-from: "../a" is not below the folder /link');
});

/** What a scan tells, in words: of a page, each file. */
function told(events: Iterable<ScanEvent>): string[] {
  const words: string[] = [];
  for (const event of events) {
    if (event.type === "files")
      for (let at = 0; at < event.page.size; at += 1) words.push(`file ${event.page.path(at)}`);
    else
      words.push(
        event.type === "crowded" || event.type === "pause"
          ? event.type
          : `${event.type} ${event.path}: ${event.reason}`,
      );
  }
  return words.toSorted();
}

test("a listed file is told as the scan of the whole tree tells it; what is not there is a failure", () => {
  using folder = tempFolder();
  const write = (...names: string[]): void => {
    mkdirSync(folder.file(...names.slice(0, -1)), { recursive: true });
    writeFileSync(folder.file(...names), "x");
  };
  write("a", "one.pdf");
  write("a", "two.pdf");
  write("b", "c", "three.pdf");
  write(".git", "four.pdf");
  write("image.png");
  write("locked", "five.pdf");
  symlinkSync("/nowhere/rules", folder.file("locked", ".nodupeignore"));
  const root = openRoot(folder.path);
  const list = [
    "a/two.pdf",
    "b/c/three.pdf",
    "image.png",
    ".git/four.pdf",
    "b/none.pdf",
    "none/at/all.pdf",
    "a",
    "locked/five.pdf",
  ];
  expect(told(scanListed(root, globFilter([], []), list))).toEqual(
    [
      `file ${root}/a/two.pdf`,
      `file ${root}/b/c/three.pdf`,
      `skipped ${root}/image.png: not-a-cv`,
      `skipped ${root}/.git/four.pdf: excluded`,
      `unreadable ${root}/b/none.pdf: it is no longer there`,
      `unreadable ${root}/none/at/all.pdf: it is no longer there`,
      `unreadable ${root}/a: it is a folder; list the files in it`,
      `unreadable ${root}/locked: its .nodupeignore cannot be read: it is no longer there`,
    ].toSorted(),
  );
});

test("a list of every CV of a tree tells what the scan of the tree tells", () => {
  fc.assert(
    fc.property(trees, (entries) => {
      using at = tempFolder();
      const root = openRoot(buildTree(at, entries, false));
      const filter = globFilter([], []);
      const whole = told(scan(root, filter)).filter((words) => words.startsWith("file "));
      const list = whole.map((words) => words.slice(`file ${root}/`.length));
      expect(told(scanListed(root, filter, list))).toEqual(whole);
    }),
    { numRuns: 30 },
  );
});
