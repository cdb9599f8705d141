import { expect, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  closeSync,
  linkSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { Failure } from "../../src/lib/errors.ts";
import { openOwnFile } from "../../src/lib/own-file.ts";
import { replaceFile } from "../../src/lib/replace-file.ts";
import { needs } from "../support/programs.ts";
import { runCommand } from "../support/run.ts";
import { tempFolder } from "../support/temp.ts";

const VICTIM = "the victim's words\n";

/** Why it is refused; null if it is not. */
function refusalOf(action: () => unknown): string | null {
  try {
    action();
    return null;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    expect(error.kind).toBe("not-permitted");
    return error.message;
  }
}

test("a file is created for its owner alone, and can be read and appended to again", () => {
  using folder = tempFolder();
  const path = folder.file("own");
  for (const word of ["one ", "two"]) {
    const descriptor = openOwnFile(path, "the file");
    writeSync(descriptor, word);
    closeSync(descriptor);
  }
  expect([readFileSync(path, "utf8"), statSync(path).mode & 0o777]).toEqual(["one two", 0o600]);
});

test("permissions of others on a file are removed", () => {
  using folder = tempFolder();
  writeFileSync(folder.file("own"), "", { mode: 0o644 });
  chmodSync(folder.file("own"), 0o644);
  closeSync(openOwnFile(folder.file("own"), "the file"));
  expect(statSync(folder.file("own")).mode & 0o777).toBe(0o600);
});

test("links, hard links and folders in its place are refused, and their targets stay unchanged", () => {
  using folder = tempFolder();
  const victim = folder.file("victim");
  writeFileSync(victim, VICTIM, { mode: 0o600 });
  symlinkSync(victim, folder.file("link"));
  symlinkSync(folder.file("nothing"), folder.file("dangling"));
  linkSync(victim, folder.file("hard"));
  const refusals = ["link", "dangling", "hard"].map((name) =>
    refusalOf(() => openOwnFile(folder.file(name), "the lock"))?.replaceAll(folder.path, ""),
  );
  expect(refusals).toEqual([
    "the lock /link is a symbolic link; it was not touched. Expected a regular file of your own: remove this one, or name another place",
    "the lock /dangling is a symbolic link; it was not touched. Expected a regular file of your own: remove this one, or name another place",
    "the lock /hard has a second name (a hard link); it was not touched. Expected a regular file of your own: remove this one, or name another place",
  ]);
  expect([readFileSync(victim, "utf8"), Bun.file(folder.file("nothing")).size]).toEqual([VICTIM, 0]);
});

needs("mkfifo")("a FIFO is refused at once", async () => {
  using folder = tempFolder();
  await runCommand(["mkfifo", folder.file("fifo")]);
  expect(refusalOf(() => openOwnFile(folder.file("fifo"), "the lock"))).toContain("is not a regular file");
});

test("a folder that others can write to is refused, except one of the user's own group or a sticky one of root", () => {
  using folder = tempFolder();
  const modes = [0o700, 0o755, 0o775, 0o777];
  const refusals = modes.map((mode) => {
    const inside = folder.file(mode.toString(8));
    mkdirSync(inside);
    chmodSync(inside, mode);
    return refusalOf(() => closeSync(openOwnFile(`${inside}/own`, "the lock")))?.replaceAll(folder.path, "");
  });
  const isGroupOwn = process.geteuid?.() === process.getegid?.();
  const wide = (what: string, name: string) =>
    `the lock /${name}/own lies in a folder that ${what}, so that others could plant files there; name another place, or remove that permission (chmod go-w /${name})`;
  expect(refusals).toEqual([
    undefined,
    undefined,
    isGroupOwn ? undefined : wide("can be written by its group", "775"),
    wide("can be written by every user", "777"),
  ]);
});

const IS_ROOT = process.geteuid?.() === 0;

test.if(IS_ROOT)("another user's file or folder is refused, whether root or not", () => {
  using folder = tempFolder();
  writeFileSync(folder.file("theirs"), VICTIM);
  chownSync(folder.file("theirs"), 4_321, 4_321);
  mkdirSync(folder.file("home"));
  chownSync(folder.file("home"), 4_321, 4_321);
  mkdirSync(folder.file("sticky"));
  chmodSync(folder.file("sticky"), 0o1777);
  expect(refusalOf(() => openOwnFile(folder.file("theirs"), "the lock"))).toContain(
    "belongs to another user (user id 4321; this is user id 0)",
  );
  expect(refusalOf(() => openOwnFile(folder.file("home/own"), "the lock"))).toContain(
    "lies in a folder that belongs to another user (user id 4321)",
  );
  expect(refusalOf(() => closeSync(openOwnFile(folder.file("sticky/own"), "the lock")))).toBeNull();
  expect(readFileSync(folder.file("theirs"), "utf8")).toBe(VICTIM);
});

test("a file is replaced atomically, a link is refused, and no draft remains", async () => {
  using folder = tempFolder();
  const options = { what: "the report", mode: 0o600 };
  replaceFile(folder.file("out"), "one", options);
  replaceFile(folder.file("out"), "two", options);
  writeFileSync(folder.file("victim"), VICTIM);
  symlinkSync(folder.file("victim"), folder.file("link"));
  expect(refusalOf(() => replaceFile(folder.file("link"), "three", options))).toContain("is a symbolic link");
  mkdirSync(folder.file("folder"));
  expect(() => replaceFile(folder.file("folder"), "three", options)).toThrow();
  expect([readFileSync(folder.file("out"), "utf8"), readFileSync(folder.file("victim"), "utf8")]).toEqual([
    "two",
    VICTIM,
  ]);
  const names = await Array.fromAsync(new Bun.Glob("*").scan({ cwd: folder.path, onlyFiles: false }));
  expect(names.toSorted()).toEqual(["folder", "link", "out", "victim"]);
});
