import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { releaseProgramPages, unwrittenRanges } from "../../../src/lib/ffi/program-pages.ts";

function mapping(head: string, anonymousKb: number): string {
  return `${head}\nSize: 100 kB\nRss: 50 kB\nAnonymous: ${anonymousKb} kB\nVmFlags: rd ex mr\n`;
}

test("only file pages that were never written, and cannot be, are given back", () => {
  const smaps = [
    mapping("00200000-01a39000 r--p 00000000 fe:00 17 /usr/bin/nodupe", 0),
    mapping("01a40000-0684a000 r-xp 01838000 fe:00 17 /usr/bin/nodupe", 0),
    // Written by the linker, then protected.
    mapping("0684a000-06867000 r--p 06641000 fe:00 17 /usr/bin/nodupe", 116),
    mapping("06867000-07178000 rw-p 0665e000 fe:00 17 /usr/bin/nodupe", 0),
    // Code compiled by the engine, and the store's shared memory.
    mapping("7f4def785000-7f4e2f785000 rwxp 00000000 00:00 0 ", 880),
    mapping("7f4e30000000-7f4e30008000 r-xp 00000000 00:00 0 [vdso]", 0),
    mapping("7f4e30010000-7f4e30018000 rw-s 00000000 fe:00 99 /var/lib/nodupe.db-shm", 0),
    mapping("7f4e30020000-7f4e30028000 r--s 00000000 fe:00 99 /var/lib/nodupe.db-shm", 0),
  ].join("");
  expect(unwrittenRanges(smaps)).toEqual([
    { from: 0x20_0000, bytes: 0x183_9000 },
    { from: 0x1a4_0000, bytes: 0x4e0_a000 },
  ]);
  expect(unwrittenRanges("")).toEqual([]);
});

test("a process that gives back its program's pages is smaller, and keeps running", () => {
  const fileKb = (): number =>
    Number(/RssFile:\s+(\d+)/.exec(readFileSync("/proc/self/status", "latin1"))?.[1]);
  const before = fileKb();
  releaseProgramPages();
  expect(fileKb()).toBeLessThan(before * 0.9);
  const text = JSON.stringify(Array.from({ length: 1_000 }, (_, at) => ({ at, half: at / 2 })));
  expect(Bun.gunzipSync(Bun.gzipSync(text)).byteLength).toBe(text.length);
  expect((JSON.parse(text) as unknown[]).length).toBe(1_000);
});
