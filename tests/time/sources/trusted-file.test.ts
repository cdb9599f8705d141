import { expect, test } from "bun:test";
import { chmodSync, chownSync, mkdirSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { newestTrustedMoment, type ScanOptions } from "../../../src/time/sources/trusted-file.ts";
import { tempFolder } from "../../support/temp.ts";

const S = 1_000_000_000n;
const DAY_S = 86_400;
const ENDLESS = 1n << 62n;

function written(path: string, seconds: number): void {
  writeFileSync(path, "a line\n");
  chmodSync(path, 0o644);
  utimesSync(path, seconds, seconds);
}

function newest(change: Partial<ScanOptions>, others: readonly bigint[] = []): bigint | null {
  const options = { files: [], folders: [], depth: 2, limit: 100, endNs: ENDLESS, ...change };
  const moments = others.map((ns) => ({ ns, path: "elsewhere" }));
  const found = newestTrustedMoment(options, moments);
  return found === null ? null : found.ns / S;
}

test("the scan respects its depth and limit, and follows no links", () => {
  using folder = tempFolder();
  mkdirSync(folder.file("a/b"), { recursive: true });
  written(folder.file("top.log"), 1_000);
  written(folder.file("a/middle.log"), 2_000);
  written(folder.file("a/b/deep.log"), 3_000);
  written(folder.file("a/b/deeper.log"), 4_000);
  symlinkSync(folder.file("a/b/deeper.log"), folder.file("link.log"));
  const folders = [folder.path];
  expect(newest({ folders, depth: 1 }, [1_000n * S])).toBe(1_000n);
  expect(newest({ folders, depth: 2 })).toBe(2_000n);
  expect(newest({ folders, depth: 3 })).toBe(4_000n);
  expect(newest({ folders, depth: 3, limit: 2 })).toBe(2_000n);
  expect(newest({ folders, depth: 3, limit: 0 })).toBeNull();
});

test("a log needs confirmation within a day; a named file does not", () => {
  using folder = tempFolder();
  const folders = [folder.path];
  written(folder.file("a.log"), 50 * DAY_S);
  expect(newest({ folders })).toBeNull();
  expect(newest({ files: [folder.file("a.log")] })).toBe(BigInt(50 * DAY_S));
  // Written while the clock was wrong: nothing else is close to that time.
  written(folder.file("wrong.log"), 9_000 * DAY_S);
  written(folder.file("b.log"), 49 * DAY_S);
  expect(newest({ folders })).toBe(BigInt(50 * DAY_S));
  expect(newest({ folders }, [BigInt(9_001 * DAY_S) * S])).toBe(BigInt(9_001 * DAY_S));
  written(folder.file("b.log"), 49 * DAY_S - 1);
  expect(newest({ folders })).toBeNull();
});

test("a file is not trusted if others can write to it or its folder", () => {
  using folder = tempFolder();
  mkdirSync(folder.file("open/inner"), { recursive: true });
  written(folder.file("named"), 1_000);
  written(folder.file("open/named"), 2_000);
  written(folder.file("open/inner/named"), 3_000);
  const files = ["named", "open/named", "open/inner/named"].map((name) => folder.file(name));
  expect(newest({ files })).toBe(3_000n);
  chmodSync(folder.file("open/inner"), 0o775);
  expect(newest({ files })).toBe(2_000n);
  chmodSync(folder.file("open/inner"), 0o755);
  // Anyone who can write to the folder above could replace this one.
  chmodSync(folder.file("open"), 0o757);
  expect(newest({ files })).toBe(1_000n);
  chmodSync(folder.file("named"), 0o666);
  expect(newest({ files })).toBeNull();
});

test("another user's file is not trusted; root's is", () => {
  // A user other than root owns no file of root's and cannot give one away: only root's own files are checked then.
  const isRoot = process.getuid?.() === 0;
  using folder = tempFolder();
  const path = folder.file("given-away");
  written(path, 1_000);
  if (isRoot) chownSync(path, 65_534, 65_534);
  expect(newest({ files: [path] })).toBe(isRoot ? null : 1_000n);
  expect(newest({ files: ["/etc/passwd"] })).not.toBeNull();
});

test("fake-hwclock's file is read for the time written in it", () => {
  using folder = tempFolder();
  const path = folder.file("fake-hwclock.data");
  writeFileSync(path, "2026-10-01 00:00:00\n");
  expect(newest({ files: [path] })).toBe(BigInt(Date.UTC(2026, 9, 1) / 1_000));
});
