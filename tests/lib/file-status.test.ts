import { expect, test } from "bun:test";
import { lstatSync, mkdirSync, statSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { type FileStatus, type FileType, statusOf, typeOfMode } from "../../src/lib/file-status.ts";
import { tempFolder } from "../support/temp.ts";

test("the type is read from a mode, whatever the permissions", () => {
  const table: readonly (readonly [mode: number, type: FileType])[] = [
    [0o100644, "file"],
    [0o104755, "file"],
    [0o040700, "folder"],
    [0o120777, "link"],
    [0o010644, "other"],
    [0o140755, "other"],
    [0o020666, "other"],
    [0o060660, "other"],
    [0, "other"],
  ];
  expect(table.map(([mode]) => [mode, typeOfMode(mode)])).toEqual(table.map(([mode, type]) => [mode, type]));
});

test("size, inode, and time in whole microseconds, rounded down also before 1970", () => {
  using folder = tempFolder();
  const path = folder.file("cv.pdf");
  writeFileSync(path, "12345");
  const stats = statSync(path, { bigint: true });
  const at = (mtimeNs: bigint): FileStatus => statusOf({ ...stats, mtimeNs });
  const ctimeUs = Number(stats.ctimeNs / 1_000n);
  const place = { inode: Number(stats.ino), device: Number(stats.dev) };
  const status = { type: "file" as const, sizeBytes: 5, ctimeUs, ...place };
  for (const [ns, us] of [
    [0n, 0],
    [999n, 0],
    [1_000n, 1],
    [-1n, -1],
    [-1_000n, -1],
    [-1_001n, -2],
    [1_700_000_000_123_456_789n, 1_700_000_000_123_456],
  ] as const)
    expect(at(ns)).toEqual({ ...status, mtimeUs: us });
  utimesSync(path, 1.5, 1.5);
  const after = statusOf(statSync(path, { bigint: true }));
  expect(after).toEqual({ ...status, mtimeUs: 1_500_000, ctimeUs: after.ctimeUs });
  expect(after.ctimeUs).toBeGreaterThanOrEqual(ctimeUs);
});

test("folders and links are recognized", () => {
  using folder = tempFolder();
  mkdirSync(folder.file("folder"));
  symlinkSync("folder", folder.file("link"));
  const types = ["folder", "link"].map(
    (name) => statusOf(lstatSync(folder.file(name), { bigint: true })).type,
  );
  expect(types).toEqual(["folder", "link"]);
});
