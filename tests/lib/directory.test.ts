import { expect, test } from "bun:test";
import {
  type BigIntStats,
  lstatSync,
  mkdirSync,
  readdirSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { Directory, type DirectoryEntry } from "../../src/lib/directory.ts";
import { type FileStatus, statusOf } from "../../src/lib/file-status.ts";
import { pathOfBytes, systemPath } from "../../src/lib/path-bytes.ts";
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
    { name: "a link", type: "link" },
    { name: "Übersetzer", type: "folder" },
    { name: "佐藤.md", type: "file" },
  ]);
});

test("far more names than fit into one read, and none", () => {
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

test("a name that is not UTF-8 keeps its bytes and can be opened; a real replacement character is kept too", () => {
  using folder = tempFolder();
  const foreign = "\udcff.t";
  writeFileSync(systemPath(`${folder.path}/${foreign}`), "12");
  writeFileSync(folder.file("\uFFFD.txt"), "");
  mkdirSync(systemPath(`${folder.path}/\udcff`));
  writeFileSync(systemPath(`${folder.path}/\udcff/a`), "");
  expect(entries(folder.path).map(({ name }) => name)).toEqual(["\udcff", foreign, "\uFFFD.txt"]);
  expect(statuses(folder.path, false)[foreign]?.sizeBytes).toBe(2);
  expect(entries(`${folder.path}/\udcff`)).toEqual([{ name: "a", type: "file" }]);
});

test("a missing folder, or a file in its place, throws the system's error", () => {
  using folder = tempFolder();
  writeFileSync(folder.file("file"), "");
  expect(() => new Directory(folder.file("nothing"))).toThrow("ENOENT");
  expect(() => new Directory(folder.file("file"))).toThrow("ENOTDIR");
});

function statuses(path: string, follow: boolean): Record<string, FileStatus> {
  using directory = new Directory(path);
  const all: Record<string, FileStatus> = {};
  for (let entry = directory.next(); entry !== null; entry = directory.next())
    all[entry.name] = directory.status(follow);
  return all;
}

test("the status of an entry is what node:fs reports for its path, with or without following links", () => {
  using folder = tempFolder();
  // Before 1970, at it, with and without fractions of a microsecond, and beyond 32 bits of seconds.
  const times = [-86_400.25, -1e-6, 0, 1.5, 1_700_000_000.123_456_7, 5_000_000_000.999_999];
  for (const [index, time] of times.entries()) {
    const path = folder.file(`at ${index}`);
    writeFileSync(path, "x".repeat(index * 1_000));
    utimesSync(path, time, time);
  }
  truncateSync(folder.file("at 5"), 6 * 2 ** 32 + 5);
  mkdirSync(folder.file("folder"));
  symlinkSync("at 3", folder.file("link"));
  const expected = (stats: (path: string) => BigIntStats): Record<string, FileStatus> =>
    Object.fromEntries(
      readdirSync(folder.path).map((name) => [name, statusOf(stats(folder.file(name)))] as const),
    );
  expect(statuses(folder.path, false)).toEqual(expected((path) => lstatSync(path, { bigint: true })));
  expect(statuses(folder.path, true)).toEqual(expected((path) => statSync(path, { bigint: true })));
  expect(statuses(folder.path, false)["link"]?.type).toBe("link");
  expect(statuses(folder.path, true)["link"]?.type).toBe("file");
});

test("following a dangling link throws the system's error", () => {
  using folder = tempFolder();
  symlinkSync("nowhere", folder.file("link"));
  expect(() => statuses(folder.path, true)).toThrow("ENOENT");
});

test("nested folders can be read at once, each with its own buffer", () => {
  using folder = tempFolder();
  for (const name of ["a", "a/b", "a/b/c"]) mkdirSync(folder.file(name));
  for (const name of ["1", "a/2", "a/b/3", "a/b/c/4"]) writeFileSync(folder.file(name), name);
  const names: string[] = [];
  const walk = (path: string): void => {
    using directory = new Directory(path);
    for (let entry = directory.next(); entry !== null; entry = directory.next()) {
      names.push(`${entry.name} ${directory.status(false).type}`);
      if (entry.type === "folder") walk(`${path}/${entry.name}`);
    }
  };
  for (let round = 0; round < 2; round += 1) {
    names.length = 0;
    walk(folder.path);
    expect(names.toSorted()).toEqual([
      "1 file",
      "2 file",
      "3 file",
      "4 file",
      "a folder",
      "b folder",
      "c folder",
    ]);
  }
});

/** The pieces of a folder, one after the other. */
function piecesOf(path: string): Buffer[] {
  using directory = new Directory(path);
  const pieces: Buffer[] = [];
  while (directory.readPiece()) pieces.push(Buffer.from(directory.piece));
  return pieces;
}

test("the pieces of a folder that has not changed are the same, whatever was read before into the same memory", () => {
  using folder = tempFolder();
  for (const name of ["few", "many"]) mkdirSync(folder.file(name));
  for (let index = 0; index < 2_000; index += 1)
    writeFileSync(folder.file("many", `${"long ".repeat(index % 20)}${index}.pdf`), "");
  for (const name of ["a", "ab", "abc", "abcdefgh"]) writeFileSync(folder.file("few", name), "");
  const few = piecesOf(folder.file("few"));
  const many = piecesOf(folder.file("many"));
  expect(many.length).toBeGreaterThan(1);
  expect(piecesOf(folder.file("few"))).toEqual(few);
  expect(piecesOf(folder.file("many"))).toEqual(many);
  writeFileSync(folder.file("few", "b"), "");
  expect(piecesOf(folder.file("few"))).not.toEqual(few);
});

test("of a name its first byte, its end, and its place, by which it is told once more", () => {
  using folder = tempFolder();
  const names = [".hidden.pdf", "cv.pdf", "pdf", ".pdf", "..x", "佐藤.pdf", "a".repeat(255)];
  for (const name of names) writeFileSync(folder.file(name), "");
  using directory = new Directory(folder.path);
  const told: Record<string, unknown> = {};
  while (directory.readPiece()) {
    while (directory.advance())
      told[directory.nameAt(directory.place)] = [
        directory.name,
        directory.initial,
        directory.endsIn(Buffer.from(".pdf")),
      ];
  }
  expect(told).toEqual(
    Object.fromEntries(names.map((name) => [name, [name, Buffer.from(name)[0], name.endsWith(".pdf")]])),
  );
});

test("of certain names only those that are there are told, however many there are, with their status", () => {
  using folder = tempFolder();
  const odd = pathOfBytes(Buffer.from("\xff\xfe.pdf", "latin1"));
  const there = Array.from({ length: 700 }, (_, at) => `${at} ${"ü".repeat(at % 120)}`);
  for (const name of there) writeFileSync(folder.file(name), name);
  writeFileSync(systemPath(`${folder.path}/${odd}`), "");
  mkdirSync(folder.file("sub"));
  symlinkSync("nowhere", folder.file("link"));
  using directory = new Directory(folder.path);
  directory.only([...there.flatMap((name) => [name, `no ${name}`]), "", "x".repeat(300), odd, "sub", "link"]);
  const told: [name: string, type: string, sizeBytes: number][] = [];
  for (let entry = directory.next(); entry !== null; entry = directory.next()) {
    expect(entry.type).toBe("unknown");
    const { type, sizeBytes } = directory.status(false);
    told.push([entry.name, type, type === "file" ? sizeBytes : 0]);
  }
  expect(told).toEqual([
    ...there.map((name): [string, string, number] => [name, "file", Buffer.byteLength(name)]),
    [odd, "file", 0],
    ["sub", "folder", 0],
    ["link", "link", 0],
  ]);
  expect(directory.next()).toBeNull();
});
