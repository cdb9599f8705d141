import { expect, test } from "bun:test";
import fc from "fast-check";
import { type Entry, tar } from "../../build/release/tar.ts";
import { readMember } from "../../src/upgrade/extract.ts";
import { runCommand } from "../support/run.ts";
import { tempFolder } from "../support/temp.ts";
import { needs } from "../support/programs.ts";

async function* inChunks(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function read(archive: Uint8Array, name: string, size: number): Promise<Buffer | null> {
  const chunks: Uint8Array[] = [];
  const isThere = await readMember(inChunks(archive, size), name, (chunk) => chunks.push(chunk));
  return isThere ? Buffer.concat(chunks) : null;
}

const entry = (name: string, content: Uint8Array): Entry => ({ name, content, executable: false });

test("what tar writes is read back, however the stream is cut into chunks", async () => {
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

test("an archive that ends early has nothing to give", async () => {
  const archive = tar([entry("nodupe", new Uint8Array(5_000).fill(7))], 1);
  for (const length of [0, 100, 512, 3_000]) {
    expect(await read(archive.subarray(0, length), "nodupe", 700)).toBeNull();
  }
});

test("what is no tar archive is refused", async () => {
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
