import { mkdirSync } from "node:fs";
import { DEBUG_LOG, writeLog } from "../../../../src/bench/generate-log.ts";
import { openStore } from "../../../../src/db/open.ts";
import { gatherNode } from "../../../../src/nodes/compare/load.ts";
import { findNode } from "../../../../src/nodes/store/node-store.ts";
import { BINARY } from "../../binary.ts";
import { nodupe } from "../../run.ts";
import { tempFolder } from "../../temp.ts";
import type { CutJob, Wrong } from "./cut-job.ts";
import { record } from "./recording.ts";

/** Enough lines for three commits. */
const OPERATIONS = 22_000;
const HOUR_MS = 3_600_000;
const START_MS = Date.UTC(2026, 0, 1);

interface Checked {
  readonly store: {
    readonly damaged: { readonly pages: readonly string[]; readonly parts: readonly unknown[] };
  };
}

/** Totals of everything stored about the node: operations, bytes, latencies by hour and by group. */
function figuresIn(db: string): unknown {
  using store = openStore({ path: db, readonly: true });
  const node = findNode(store.db, "a");
  if (node === null) return null;
  const window = { sinceMs: START_MS, untilMs: START_MS + 40 * HOUR_MS };
  const { hours, cells, actions, bucketCounts } = gatherNode(store.db, node.id, window, Infinity);
  const columns = [hours.startMs, hours.operations(), hours.lines(), hours.timed(), hours.timedMs()];
  const groups = [...cells.sums()].toSorted(([one], [other]) => one - other);
  return { columns, lines: hours.linesByLevel(), groups, actions, bucketCounts };
}

/**
 * Reading a log: the last commits may be lost and read again, and the figures must equal those of an undisturbed run.
 */
export async function ingestJob(): Promise<CutJob> {
  const home = tempFolder();
  mkdirSync(home.file("store"), { mode: 0o700 });
  const db = home.file("store", "nodupe.db");
  const log = home.file("node.log");
  await writeLog(log, {
    ...DEBUG_LOG,
    seed: 1,
    operations: OPERATIONS,
    startMs: START_MS,
    spanMs: 30 * HOUR_MS,
  });
  const run = async <T>(
    ...args: string[]
  ): Promise<{ readonly exitCode: number; readonly said: string; readonly value: T | null }> => {
    const { exitCode, stdout, stderr } = await nodupe([...args, "--db", db, "--json"], {
      env: { HOME: home.path },
    });
    return { exitCode, said: stderr, value: stdout === "" ? null : (JSON.parse(stdout) as T) };
  };
  const ingest = ["ingest", "--node", "a", log];
  const recorded = await record([BINARY, ...ingest, "--db", db, "-q"], db, { env: { HOME: home.path } });
  if (recorded.run.exitCode !== 0) throw new Error(`Cannot record an ingest: ${recorded.run.stderr}`);
  const truth = figuresIn(db);

  const check = async (): Promise<readonly Wrong[]> => {
    const again = await run(...ingest);
    if (again.exitCode !== 0) return [{ type: "refused", what: again.said.trim() }];
    const { value } = await run<Checked>("status", "--deep");
    const { pages, parts } = value?.store.damaged ?? { pages: ["no answer"], parts: [] };
    if (pages.length + parts.length > 0)
      return [{ type: "lost", what: `damaged: ${pages.join("; ")} ${JSON.stringify(parts)}` }];
    if (Bun.deepEquals(figuresIn(db), truth)) return [];
    return [{ type: "lost", what: "the figures are not those of an undisturbed run" }];
  };
  return {
    ops: recorded.ops,
    before: new Map(),
    check,
    [Symbol.asyncDispose]: async () => home[Symbol.dispose](),
  };
}
