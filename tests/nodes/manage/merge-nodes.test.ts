import type { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import fc from "fast-check";
import { DEBUG_LOG, generateLog } from "../../../src/bench/generate-log.ts";
import { openRow } from "../../../src/db/sealed-blob.ts";
import { openStore } from "../../../src/db/open.ts";
import type { IngestCounts } from "../../../src/nodes/ingest/counts.ts";
import { ingestFiles } from "../../../src/nodes/ingest/ingest-run.ts";
import { Ingestion } from "../../../src/nodes/ingest/ingestion.ts";
import { listNodes } from "../../../src/nodes/manage/list-nodes.ts";
import { mergeNodes } from "../../../src/nodes/manage/merge-nodes.ts";
import { decodeRollup } from "../../../src/nodes/store/rollup.ts";
import { patient } from "../../support/emulation.ts";
import { tempFolder, type TempFolder } from "../../support/temp.ts";

const HOUR_MS = 3_600_000;
/** Three hours and a half of a log. */
const LINES = [
  ...generateLog({
    ...DEBUG_LOG,
    seed: 5,
    operations: 300,
    startMs: Date.UTC(2026, 0, 1),
    spanMs: 3.5 * HOUR_MS,
  }),
]
  .join("")
  .trimEnd()
  .split("\n");

let written = 0;

async function ingest(
  db: Database,
  folder: TempFolder,
  from: { node: string; lines: readonly string[]; retention?: number },
): Promise<IngestCounts> {
  // No two files begin alike, so that none is taken up at another's checkpoint.
  const path = folder.file(`${(written += 1)}.log`);
  writeFileSync(path, `\n${" ".repeat(written)}\n${from.lines.join("\n")}\n`);
  using to = new Ingestion(db, from.node, {
    openLimit: 86_400_000,
    maxOpen: 65_536,
    ...(from.retention === undefined ? {} : { eventRetention: from.retention }),
  });
  return (await ingestFiles(to, [path], { reasonOf: () => null })).counts;
}

/** What roll-ups add up to: ended operations by kind and outcome, bytes, and timed ones. */
function sums(db: Database, node: string, tier: number): object {
  const rows = db
    .query<{ summary: Uint8Array; cells: Uint8Array }, [string, number]>(
      "SELECT summary, cells FROM rollup JOIN node ON node.id = node_id WHERE name = ? AND tier = ?",
    )
    .all(node, tier);
  const counts = Array.from({ length: 12 }, () => 0);
  let bytes = 0;
  let cells = 0;
  for (const row of rows) {
    expect(openRow(row, ["summary", "cells"])).toBe(true);
    const { summary, cells: groups } = decodeRollup(row);
    summary.counts.forEach((count, at) => (counts[at] = (counts[at] ?? 0) + count));
    for (const cell of groups.values()) {
      bytes += cell.bytes;
      cells += cell.count;
    }
  }
  return { counts, bytes, cells };
}

const part = fc
  .tuple(fc.nat(LINES.length), fc.nat(LINES.length))
  .map(([a, b]) => LINES.slice(Math.min(a, b), Math.max(a, b)));

test(
  "two nodes that took in any parts of a log merge into what one would have had, and all lines stay known",
  async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(part, { minLength: 1, maxLength: 2 }),
        fc.array(part, { minLength: 1, maxLength: 2 }),
        async (mine, others) => {
          using folder = tempFolder();
          using store = openStore({ path: ":memory:" });
          const { db } = store;
          for (const lines of mine) await ingest(db, folder, { node: "into", lines });
          for (const lines of others) await ingest(db, folder, { node: "from", lines });
          for (const lines of [...mine, ...others]) await ingest(db, folder, { node: "one", lines });
          for (const name of ["from", "into"]) db.run("INSERT OR IGNORE INTO node (name) VALUES (?)", [name]);
          mergeNodes(db, "from", "into");
          expect(listNodes(db).map(({ name }) => name)).not.toContain("from");
          // Ends that the one node met with their start, the two may have met apart: durations are not compared.
          for (const tier of [0, 1]) expect(sums(db, "into", tier)).toEqual(sums(db, "one", tier));
          for (const lines of [...mine, ...others])
            expect(await ingest(db, folder, { node: "into", lines })).toMatchObject({
              events: 0,
              started: 0,
            });
          expect(db.query("PRAGMA foreign_key_check").all()).toEqual([]);
        },
      ),
      { numRuns: 40 },
    );
  },
  patient(120_000),
);

test(
  "hours whose events were pruned: the same figures are the same lines, others add up",
  async () => {
    using folder = tempFolder();
    using store = openStore({ path: ":memory:" });
    const { db } = store;
    const late = LINES.slice(0, 4).map((line) => line.replace(/^2026-01-01/, "2026-02-01"));
    const retention = HOUR_MS;
    for (const node of ["same", "into"])
      await ingest(db, folder, { node, lines: [...LINES, ...late], retention });
    const before = sums(db, "into", 0);
    mergeNodes(db, "same", "into");
    expect(sums(db, "into", 0)).toEqual(before);
    await ingest(db, folder, { node: "other", lines: [...LINES.slice(20, 120), ...late], retention });
    const other = listNodes(db).find(({ name }) => name === "other")?.events ?? 0;
    const events = listNodes(db).find(({ name }) => name === "into")?.events ?? 0;
    mergeNodes(db, "other", "into");
    // The late lines' events are there in both, and counted once; of the pruned hours nobody can tell.
    const ended = late.filter((line) => !line.includes(" started")).length;
    expect(listNodes(db).find(({ name }) => name === "into")?.events).toBe(events + other - ended);
    expect(await ingest(db, folder, { node: "into", lines: LINES })).toMatchObject({ events: 0, started: 0 });
  },
  patient(60_000),
);

test("a node is not merged into itself, nor where one is not known", () => {
  using store = openStore({ path: ":memory:" });
  store.db.run("INSERT INTO node (name) VALUES ('a')");
  expect(() => mergeNodes(store.db, "a", "a")).toThrow("cannot be merged into itself");
  expect(() => mergeNodes(store.db, "a", "b")).toThrow("no node is named b; the store has a");
});
