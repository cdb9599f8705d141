import { expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createScratch } from "../../src/bench/scratch.ts";
import { tempFolder } from "../support/temp.ts";

test("a scratch folder is removed at its end, with its contents", () => {
  using parent = tempFolder();
  {
    using scratch = createScratch(parent.path);
    const folder = scratch.folder("case");
    writeFileSync(join(folder, "file"), "x");
    expect(existsSync(join(folder, "file"))).toBe(true);
  }
  expect(readdirSync(parent.path)).toEqual([]);
});

test("leftovers of a killed run are removed, those of a running one are not", async () => {
  using parent = tempFolder();
  const ended = Bun.spawn(["true"]);
  await ended.exited;
  mkdirSync(parent.file(`nodupe-bench-${ended.pid}-abc`, "deep"), { recursive: true });
  mkdirSync(parent.file(`nodupe-bench-${process.pid}-abc`));
  mkdirSync(parent.file("nodupe-bench-notes"));
  using scratch = createScratch(parent.path);
  const mine = scratch.path.slice(parent.path.length + 1);
  expect(readdirSync(parent.path).toSorted()).toEqual(
    [mine, `nodupe-bench-${process.pid}-abc`, "nodupe-bench-notes"].toSorted(),
  );
});
