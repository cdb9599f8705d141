import { expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { makeCvs } from "../../src/bench/cv-tree.ts";
import { ingestRows, metricsFromRows, openRowStore } from "../../src/bench/earlier/row-store.ts";
import type { Lab } from "../../src/bench/experiment.ts";
import { ingestLog } from "../../src/bench/ingest-log.ts";
import { inMonth, LOG_WINDOW, nodeLog, operationsIn } from "../../src/bench/node-logs.ts";
import { seededRandom } from "../../src/lib/seeded-random.ts";
import { openStore } from "../../src/db/open.ts";
import { tempFolder, type TempFolder } from "../support/temp.ts";

const { signal } = new AbortController();

function labIn(folder: TempFolder): Lab {
  return {
    folder: folder.path,
    signal,
    quick: true,
    self: [],
    defer: () => undefined,
    shared: async (name, make) => {
      await make(folder.file(name));
      return folder.file(name);
    },
  };
}

function digest(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}

test("the same seed gives the same numbers, all in [0, 1)", () => {
  const draw = (seed: number): number[] => {
    const random = seededRandom(seed);
    return Array.from({ length: 1_000 }, random);
  };
  expect(draw(7)).toEqual(draw(7));
  expect(draw(7)).not.toEqual(draw(8));
  expect(draw(7).every((value) => value >= 0 && value < 1)).toBe(true);
});

test("generated CVs are all different, the same for the same seed, and long settled", () => {
  using one = tempFolder();
  using two = tempFolder();
  const options = { count: 20, bytes: 2_000, seed: 5 };
  const digests = (folder: TempFolder): string[] =>
    makeCvs(folder.path, options).map((path) => digest(readFileSync(path)));
  expect(digests(one)).toEqual(digests(two));
  expect(new Set(digests(one)).size).toBe(20);
  const [path = ""] = makeCvs(one.path, options);
  expect(statSync(path).size).toBe(2_000);
  expect(Date.now() - statSync(path).mtimeMs).toBeGreaterThan(86_400_000);
});

test("a generated log has each operation once, in order of time, for rows and for blocks alike", async () => {
  using folder = tempFolder();
  const lab = labIn(folder);
  const log = await nodeLog(lab, "pi-1");
  const operations = operationsIn(lab);
  const lines = readFileSync(log, "utf8").trimEnd().split("\n");
  const times = lines.map((line) => line.slice(0, 24));
  expect(times).toEqual(times.toSorted());
  expect(new Set(lines).size).toBe(lines.length);

  const rows = openRowStore(folder.file("rows.db"));
  expect(ingestRows(rows, "pi-1", log)).toBe(operations);
  const metrics = metricsFromRows(rows, "pi-1", LOG_WINDOW);
  rows.close();
  expect(metrics.operations).toBe(operations);
  expect(metrics.downloadRate > 80 && metrics.downloadRate < 100).toBe(true);
  expect(metrics.p50 < metrics.p95 && metrics.p95 < metrics.p99).toBe(true);

  using store = openStore({ path: folder.file("blocks.db") });
  expect(await ingestLog(store.db, "pi-1", log, signal)).toBe(operations);
  expect(await ingestLog(store.db, "pi-1", log, signal)).toBe(0);
  const march = folder.file("march.log");
  await Bun.write(march, inMonth(readFileSync(log, "utf8"), 3));
  expect(await ingestLog(store.db, "pi-1", march, signal)).toBe(operations);
});
