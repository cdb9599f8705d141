import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { ntpServer } from "../../support/time/ntp.ts";
import { nodupe } from "../../support/run.ts";
import { tempFolder, type TempFolder } from "../../support/temp.ts";

const SAMPLE = readFileSync(resolve(import.meta.dir, "../../fixtures/storagenode-sample.log"), "utf8");
const PAGE = 4_096;
const ALWAYS = ["--since", "2020-01-01T00:00:00Z", "--until", "2026-01-01T00:00:00Z"];

/** The sample in three hours of one day. */
function threeHours(): string {
  const hours = ["T01:", "T02:", "T03:"];
  return hours.map((hour) => SAMPLE.replaceAll(/(2025-10-06)T00:/g, `$1${hour}`)).join("");
}

interface Compared {
  readonly nodes: readonly {
    readonly error: string | null;
    readonly metrics: { readonly total_operations: number };
  }[];
  readonly caveats: readonly { readonly text: string }[];
}

async function storeIn(folder: TempFolder) {
  const db = folder.file("store.db");
  writeFileSync(folder.file("node.log"), threeHours());
  const run = (...args: string[]) => nodupe([...args, "--db", db]);
  for (const node of ["a", "b"])
    expect((await run("ingest", "--node", node, folder.file("node.log"), "-q")).exitCode).toBe(0);
  const damage = (table: string, column: string, where: string): void => {
    using store = new Database(db);
    const row = store
      .query<{ id: number; blob: Uint8Array }, []>(
        `SELECT rowid AS id, ${column} AS blob FROM ${table} WHERE ${where} LIMIT 1`,
      )
      .get();
    if (row === null) throw new Error(`Cannot damage ${table}: nothing is there`);
    const blob = row.blob.slice();
    const at = blob.length >> 1;
    blob[at] = (blob[at] ?? 0) ^ 0x10;
    store.query(`UPDATE ${table} SET ${column} = ? WHERE rowid = ?`).run(blob, row.id);
    // What was computed before is no longer to be answered from.
    store.run("DELETE FROM compare_cache");
  };
  const compared = async (...window: string[]): Promise<Compared> =>
    JSON.parse(
      (await run("compare", "a", "b", ...(window.length > 0 ? window : ALWAYS), "--json")).stdout,
    ) as Compared;
  return { db, run, damage, compared };
}

test("a damaged blob is told with its node and hours by `status --deep`, and a comparison goes on with the rest", async () => {
  using folder = tempFolder();
  const { run, damage, compared } = await storeIn(folder);
  const whole = await compared();
  const operations = whole.nodes[0]?.metrics.total_operations ?? 0;
  expect(whole.nodes.map(({ metrics }) => metrics.total_operations)).toEqual([operations, operations]);
  const sound = JSON.parse((await run("status", "--deep", "--json")).stdout) as {
    store: { damaged: unknown };
  };
  expect(sound.store.damaged).toEqual({ pages: [], parts: [] });

  damage("rollup", "summary", "tier = 0 AND node_id = (SELECT id FROM node WHERE name = 'a')");
  damage("rollup", "cells", "tier = 1 AND node_id = (SELECT id FROM node WHERE name = 'b')");
  damage("event_block", "columns", "node_id = (SELECT id FROM node WHERE name = 'a')");
  damage("log_file", "recent", "node_id = (SELECT id FROM node WHERE name = 'b')");

  const { caveats, nodes } = await compared();
  expect(nodes.map(({ error }) => error)).toEqual([null, null]);
  // The day's figures of b are added up from its hours, and the day's of a are whole.
  expect(nodes.map(({ metrics }) => metrics.total_operations)).toEqual([operations, operations]);
  expect(nodes[1]?.metrics).toEqual(whole.nodes[1]?.metrics);
  // Of less than a day the hours are needed: a has lost one of three.
  const [a, b] = (await compared("--since", "2025-10-06T01:00:00Z", "--until", "2025-10-06T20:00:00Z")).nodes;
  expect(b?.metrics.total_operations).toBe(operations);
  expect(a?.metrics.total_operations).toBeLessThan(operations);
  expect(a?.metrics.total_operations).toBeGreaterThan(0);
  expect(caveats.map(({ text }) => text)).toContainEqual(
    "a: figures of the hour from 2025-10-06 08:00 UTC are damaged in the store and left out; see: nodupe status --deep",
  );

  const { stdout, exitCode } = await run("status", "--deep", "--json");
  expect(exitCode).toBe(1);
  const told = JSON.parse(stdout) as {
    problems: { text: string }[];
    store: { damaged: { parts: unknown[] } };
  };
  expect(told.store.damaged.parts).toEqual([
    { node_name: "a", part: "events", since: expect.any(String), until: expect.any(String) },
    { node_name: "a", part: "hour", since: "2025-10-06T08:00:00.000Z", until: "2025-10-06T09:00:00.000Z" },
    { node_name: "b", part: "day", since: "2025-10-06T00:00:00.000Z", until: "2025-10-07T00:00:00.000Z" },
    { node_name: "b", part: "checkpoint", since: null, until: null },
  ]);
  expect(told.problems.map(({ text }) => text)).toContainEqual(
    "Figures of hours of a are damaged in the store: 2025-10-06 08:00 UTC to 2025-10-06 09:00 UTC",
  );
});

test("an ingest into a damaged store says so and goes on: lines of damaged events count no second time", async () => {
  using folder = tempFolder();
  const { db, run, damage, compared } = await storeIn(folder);
  const whole = (await compared()).nodes.map(({ metrics }) => metrics.total_operations);
  const merged = folder.file("merged.db");
  damage("event_block", "keys", "node_id = (SELECT id FROM node WHERE name = 'a')");
  damage("node", "open", "name = 'a'");
  copyFileSync(db, merged);
  // Not from its checkpoint: the same lines out of another file.
  writeFileSync(folder.file("again.log"), `\n${threeHours()}`);
  const again = await run("ingest", "--node", "a", folder.file("again.log"), "--json");
  expect(JSON.parse(again.stdout)).toMatchObject({ events: 0, started: 0 });
  expect(again.stderr).toContain(
    "events of a in the hour from 2025-10-06 08:00 UTC are damaged in the store",
  );
  expect(again.stderr).toContain("what the store has of operations in flight of a is damaged");
  expect((await compared()).nodes.map(({ metrics }) => metrics.total_operations)).toEqual(whole);

  // What follows goes into the hours that are whole, and into new ones.
  damage("rollup", "cells", "tier = 0 AND node_id = (SELECT id FROM node WHERE name = 'b')");
  const next = SAMPLE.replaceAll(/(2025-10-06)T00:/g, "$1T04:");
  writeFileSync(folder.file("node.log"), threeHours() + next);
  const grown = await run("ingest", "--node", "b", folder.file("node.log"), "--json");
  expect(JSON.parse(grown.stdout)).toMatchObject({ malformed: 0 });
  const [, more] = (await compared()).nodes.map(({ metrics }) => metrics.total_operations);
  expect(more).toBeGreaterThan(whole[1] ?? 0);

  const merge = await nodupe(["nodes", "merge", "a", "b", "--yes", "--db", merged]);
  expect([merge.exitCode, merge.stdout]).toEqual([1, ""]);
  expect(merge.stderr).toContain("a and b are not merged: something that the store has of them is damaged");
});

test("a page of the database that is damaged is told, whichever it is", async () => {
  using folder = tempFolder();
  const { db, run } = await storeIn(folder);
  const whole = readFileSync(db);
  const pages = whole.length / PAGE;
  for (const share of [0.1, 0.3, 0.5, 0.7, 0.9]) {
    const bytes = Buffer.from(whole);
    const at = Math.floor(pages * share) * PAGE;
    bytes.fill(0xa5, at, at + PAGE);
    writeFileSync(db, bytes);
    const { stdout, stderr, exitCode } = await run("status", "--deep");
    // Where the screen cannot be filled without that page, that is all there is to say.
    expect([exitCode === 0, (stdout + stderr).includes("damaged")]).toEqual([false, true]);
  }
});

/** Overwrites the first page of a table. */
function overwriteTable(path: string, table: string): void {
  const root = ((): number => {
    using store = new Database(path);
    store.run("PRAGMA wal_checkpoint(TRUNCATE)");
    const row = store
      .query<{ root: number }, [string]>("SELECT rootpage AS root FROM sqlite_schema WHERE name = ?")
      .get(table);
    if (row === null) throw new Error(`Cannot damage ${table}: there is no such table`);
    return row.root;
  })();
  const bytes = readFileSync(path);
  bytes.fill(0x5a, (root - 1) * PAGE, root * PAGE);
  writeFileSync(path, bytes);
}

test("the clock is measured though what earlier runs learned is damaged, and that is said once", async () => {
  using server = await ntpServer({ offsetS: 3 });
  for (const table of ["time_samples", "time_servers", "time_names", "time_saved"]) {
    using folder = tempFolder();
    const db = folder.file("store.db");
    const time = (...args: string[]) =>
      nodupe(["time", "--db", db, "--json", "--server", `localhost:${server.port}`, ...args]);
    expect((await time()).exitCode).toBe(0);
    overwriteTable(db, table);
    for (const args of [[], ["--offline"]]) {
      const { exitCode, stdout, stderr } = await time(...args);
      expect([table, exitCode, JSON.parse(stdout)]).toMatchObject([table, 0, {}]);
      expect(stderr).toMatch(
        /^(nodupe: warning: the store (cannot be read|could not record this run): .*\n)?$/,
      );
    }
  }
});
