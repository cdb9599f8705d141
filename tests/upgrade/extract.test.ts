import { expect, test } from "bun:test";
import fc from "fast-check";
import { type Entry, tar } from "../../build/release/tar.ts";
import { readMembers } from "../../src/upgrade/extract.ts";
import { runCommand } from "../support/run.ts";
import { tempFolder } from "../support/temp.ts";
import { needs } from "../support/programs.ts";

async function* inChunks(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function read(archive: Uint8Array, name: string, size: number): Promise<Buffer | null> {
  const chunks: Uint8Array[] = [];
  const whole = await readMembers(inChunks(archive, size), (found) =>
    found === name ? (chunk) => chunks.push(chunk) : null,
  );
  return whole.has(name) ? Buffer.concat(chunks) : null;
}

const entry = (name: string, content: Uint8Array): Entry => ({ name, content, executable: false });

test("archives made by tar are read, however the stream is split", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.stringMatching(/^[a-z]{1,8}$/), { minLength: 1, maxLength: 4 }),
      fc.array(fc.uint8Array({ maxLength: 1_500 }), { minLength: 4, maxLength: 4 }),
      fc.integer({ min: 1, max: 2_000 }),
      async (names, contents, size) => {
        const entries = names.map((name, index) => entry(name, contents[index] ?? new Uint8Array()));
        const archive = tar(entries, 1);
        for (const { name, content } of entries) {
          expect(await read(archive, name, size)).toEqual(Buffer.from(content));
        }
        expect(await read(archive, "ABSENT", size)).toBeNull();
      },
    ),
    { numRuns: 50 },
  );
});

test("everything wanted is read in one pass, and nothing else", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.boolean(), fc.uint8Array({ maxLength: 1_500 })), { minLength: 1, maxLength: 8 }),
      fc.integer({ min: 1, max: 2_000 }),
      async (members, size) => {
        const entries = members.map(([, content], index) => entry(`m${index}`, content));
        const wanted = new Map(
          members.flatMap(([isWanted], index) => (isWanted ? [[`m${index}`, [] as Uint8Array[]]] : [])),
        );
        const whole = await readMembers(inChunks(tar(entries, 1), size), (name) => {
          const chunks = wanted.get(name);
          return chunks === undefined ? null : (chunk) => chunks.push(chunk);
        });
        expect([...whole]).toEqual([...wanted.keys()]);
        for (const { name, content } of entries) {
          const chunks = wanted.get(name);
          if (chunks !== undefined) expect(Buffer.concat(chunks)).toEqual(Buffer.from(content));
        }
      },
    ),
    { numRuns: 50 },
  );
});

needs("tar")("links are skipped: only a regular file with the name is read", async () => {
  using folder = tempFolder();
  await Bun.write(folder.file("a/nodupe"), "real");
  const script = `cd "$1" && mkdir b c && ln -s /etc/passwd b/nodupe && ln a/nodupe a/again &&
    tar -cf l.tar -C b nodupe -C ../a again nodupe && cat l.tar | wc -c`;
  await runCommand(["sh", "-c", script, "sh", folder.path]);
  const bytes = await Bun.file(folder.file("l.tar")).bytes();
  // The second of two names for one file is stored as a link to the first.
  expect(await read(bytes, "again", 512)).toEqual(Buffer.from("real"));
  expect(await read(bytes, "nodupe", 512)).toBeNull();
});

test("a truncated archive yields nothing", async () => {
  const archive = tar([entry("nodupe", new Uint8Array(5_000).fill(7))], 1);
  for (const length of [0, 100, 512, 3_000]) {
    expect(await read(archive.subarray(0, length), "nodupe", 700)).toBeNull();
  }
});

test("anything but a tar archive is refused", async () => {
  const outcome: unknown = await read(new Uint8Array(2_048).fill(65), "nodupe", 512).catch(
    (error: unknown) => error,
  );
  expect(String(outcome)).toContain("not a tar archive");
});

needs("tar")("GNU tar reads what is written, and its own archive is read", async () => {
  using folder = tempFolder();
  const content = Buffer.from("#!/bin/sh\necho héllo\n");
  await Bun.write(folder.file("a.tar"), tar([{ name: "bin/nodupe", content, executable: true }], 86_400));
  const list = await runCommand(["tar", "--utc", "--numeric-owner", "-tvf", folder.file("a.tar")]);
  expect(list.stdout.replace(/ +/g, " ")).toBe("-rwxr-xr-x 0/0 22 1970-01-02 00:00 bin/nodupe\n");
  await Bun.write(folder.file("nodupe"), content);
  await runCommand(["tar", "-cf", folder.file("b.tar"), "-C", folder.path, "./nodupe"]);
  expect(await read(await Bun.file(folder.file("b.tar")).bytes(), "nodupe", 4_096)).toEqual(content);
});
