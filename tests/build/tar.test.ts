import { expect, test } from "bun:test";
import { type Entry, tar, withFolders } from "../../build/release/tar.ts";
import { needs } from "../support/programs.ts";
import { runCommand } from "../support/run.ts";
import { tempFolder } from "../support/temp.ts";

const file = (name: string): Entry => ({ name, content: new Uint8Array(), executable: false });

test("every folder precedes its contents, once, and a listed folder keeps its mode", () => {
  const folder: Entry = { ...file("a/b/"), mode: 0o700 };
  expect(withFolders([folder, file("a/b/x"), file("a/c/y"), file("z")]).map(({ name }) => name)).toEqual([
    "a/",
    "a/b/",
    "a/b/x",
    "a/c/",
    "a/c/y",
    "z",
  ]);
  expect(withFolders([file("a/b/x"), folder]).map(({ name }) => name)).toEqual(["a/", "a/b/x", "a/b/"]);
});

needs("tar")("GNU tar reads modes and owners", async () => {
  using folder = tempFolder();
  const entries: readonly Entry[] = [
    { ...file("tmp/"), mode: 0o1777 },
    { ...file("data/"), mode: 0o700, owner: 65_532 },
    { ...file("bin/x"), executable: true },
  ];
  await Bun.write(folder.file("a.tar"), tar(withFolders(entries), 86_400));
  const list = await runCommand(["tar", "--utc", "--numeric-owner", "-tvf", folder.file("a.tar")]);
  expect(list.stdout.replace(/ +/g, " ").trim().split("\n")).toEqual([
    "drwxrwxrwt 0/0 0 1970-01-02 00:00 tmp/",
    "drwx------ 65532/65532 0 1970-01-02 00:00 data/",
    "drwxr-xr-x 0/0 0 1970-01-02 00:00 bin/",
    "-rwxr-xr-x 0/0 0 1970-01-02 00:00 bin/x",
  ]);
});
