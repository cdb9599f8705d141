import { expect, test } from "bun:test";
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { Directory, type DirectoryEntry } from "../../src/lib/directory.ts";
import { tempFolder } from "../support/temp.ts";

function entries(path: string): DirectoryEntry[] {
  using directory = new Directory(path);
  const all: DirectoryEntry[] = [];
  for (let entry = directory.next(); entry !== null; entry = directory.next()) all.push(entry);
  return all.toSorted((left, right) => (left.name < right.name ? -1 : 1));
}

test("names in any script, with their types", () => {
  using folder = tempFolder();
  writeFileSync(folder.file("佐藤.md"), "");
  mkdirSync(folder.file("Übersetzer"));
  symlinkSync("nowhere", folder.file("a link"));
  expect(entries(folder.path)).toEqual([
    { name: "a link", type: "link", isText: true },
    { name: "Übersetzer", type: "folder", isText: true },
    { name: "佐藤.md", type: "file", isText: true },
  ]);
});

test("many more names than fit one read, and none", () => {
  using folder = tempFolder();
  mkdirSync(folder.file("full"));
  mkdirSync(folder.file("empty"));
  for (let index = 0; index < 3_000; index += 1)
    writeFileSync(folder.file("full", `curriculum vitae ${index}.txt`), "");
  expect(entries(folder.file("full")).map(({ name }) => name)).toEqual(
    readdirSync(folder.file("full")).toSorted(),
  );
  expect(entries(folder.file("empty"))).toEqual([]);
});

test("a name that is no UTF-8 is told as such, a real replacement character is not", () => {
  using folder = tempFolder();
  writeFileSync(Buffer.concat([Buffer.from(`${folder.path}/`), Buffer.from([0xff, 0x2e, 0x74])]), "");
  writeFileSync(folder.file("\uFFFD.txt"), "");
  expect(new Set(entries(folder.path).map(({ isText }) => isText))).toEqual(new Set([false, true]));
});

test("what is missing or no folder throws the system's error", () => {
  using folder = tempFolder();
  writeFileSync(folder.file("file"), "");
  expect(() => new Directory(folder.file("nothing"))).toThrow("ENOENT");
  expect(() => new Directory(folder.file("file"))).toThrow("ENOTDIR");
});
