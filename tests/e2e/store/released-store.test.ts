// A store that 0.1.0, the first release, made: sync of examples/cvs to the sandbox, two ingests of the sample log (the
// second of its first 120 lines), a comparison, `time` against one server. It is migrated, and everything goes on.
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { MIGRATIONS } from "../../../src/db/migrations.ts";
import { nodupe } from "../../support/run.ts";
import { schemaOf } from "../../support/store/schema.ts";
import { resultOf } from "../../support/upload/sync.ts";
import { tempFolder } from "../../support/temp.ts";

const ROOT = resolve(import.meta.dir, "../../..");
const RELEASED = join(ROOT, "tests/fixtures/store-of-0.1.0.db.zst");
const LOG = join(ROOT, "tests/fixtures/storagenode-sample.log");

test("a store of the first release is migrated, keeps every row, and works", async () => {
  using home = tempFolder();
  const db = home.file("store.db");
  writeFileSync(db, Bun.zstdDecompressSync(readFileSync(RELEASED)), { mode: 0o600 });
  cpSync(join(ROOT, "examples/cvs"), home.file("cvs"), { recursive: true });
  const run = (...args: string[]) => nodupe([...args, "--db", db], { env: { HOME: home.path } });
  const countsOf = (tables: readonly string[]) => {
    using store = new Database(db, { readonly: true });
    return Object.fromEntries(
      tables.map((table) => [
        table,
        store.query<{ n: number }, []>(`SELECT count(*) AS n FROM ${table}`).get()?.n,
      ]),
    );
  };

  const history = await run("history", "list");
  expect(history.stdout.split("\n")[0]).toBe("sandbox: 0 pending, 0 sending, 8 done, 0 failed");
  expect(
    countsOf(["content", "upload_run", "node", "fact", "event_block", "time_runs", "time_samples"]),
  ).toEqual({
    content: 8,
    upload_run: 1,
    node: 2,
    fact: 24,
    event_block: 2,
    time_runs: 1,
    time_samples: 1,
  });

  const again = await run("sync", home.file("cvs"), "--sandbox", "--json");
  const { uploaded, duplicate_local, failed } = resultOf(again);
  expect({ code: again.exitCode, uploaded, duplicate_local, failed }).toEqual({
    code: 0,
    uploaded: 0,
    duplicate_local: 9,
    failed: 0,
  });

  const known = await run("ingest", "--node", "alpha", LOG, "--json");
  expect(JSON.parse(known.stdout)).toMatchObject({ lines: 181, events: 0, started: 0, facts: 0, known: 73 });
  const rest = await run("ingest", "--node", "beta", LOG, "--json");
  expect(JSON.parse(rest.stdout)).toMatchObject({ lines: 181, events: 28, started: 0, facts: 6 });

  const since = ["--since", "2020-01-01T00:00:00Z"];
  const compared = await run("compare", "alpha", "beta", ...since, "--json");
  const nodes = (JSON.parse(compared.stdout) as { nodes: { metrics: { total_operations: number } }[] }).nodes;
  expect(nodes.map(({ metrics }) => metrics.total_operations)).toEqual([43, 43]);

  const time = await run("time", "--offline", "--json");
  expect(time.exitCode).toBe(0);
  expect(countsOf(["time_runs"])).toEqual({ time_runs: 2 });

  using migrated = new Database(db, { readonly: true });
  using fresh = new Database(":memory:");
  for (const sql of MIGRATIONS) fresh.run(sql);
  expect(schemaOf(migrated)).toEqual(schemaOf(fresh));
  expect(migrated.query("PRAGMA user_version").get()).toEqual({ user_version: MIGRATIONS.length });
});
