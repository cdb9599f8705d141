// `bun bench/ingest.ts [--beside BINARY] [--rounds N]` (after `bun run build`): ingests 2 M debug lines into a
// store, as a whole process, compared with `grep -c PATTERN FILE | cat` and, with --beside, an earlier binary, in
// turns in one run. The result is ratios, kept in bench/results/ingest.json.
import { Database } from "bun:sqlite";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { DEBUG_LOG, writeLog } from "../src/bench/generate-log.ts";
import { median } from "../src/bench/measure/statistics.ts";
import { HOUR_MS } from "../src/nodes/log/vocabulary.ts";
import { machine, middle, type Sample, timed } from "./support.ts";

const OPERATIONS = 1_000_000;
const EVENTS_AN_HOUR = 4_000;
const BINARY = join(import.meta.dir, "../dist/nodupe");
const { values } = parseArgs({ options: { beside: { type: "string" }, rounds: { type: "string" } } });
const rounds = Number(values.rounds ?? 5);

const folder = mkdtempSync(join(tmpdir(), "nodupe-bench-"));
const log = join(folder, "node.log");

async function ingest(binary: string): Promise<Sample> {
  for (const end of ["", "-wal", "-shm"]) rmSync(join(folder, `store.db${end}`), { force: true });
  return timed([binary, "ingest", "--node", "a", log, "--json", "--db", join(folder, "store.db")]);
}

/** The median of the rounds' ratios: on a shared machine, what slows a round slows both of its runs. */
function ratioOf(runs: readonly Sample[], beside: readonly Sample[], of: "wallMs" | "cpuMs"): number {
  return median(runs.map((run, round) => run[of] / (beside[round]?.[of] ?? Number.NaN)));
}

function sizes(path: string): { bytesAnEvent: number; rollupBytesANodeHour: number } {
  using db = new Database(path, { readonly: true });
  const one = (sql: string): number => db.query<{ value: number }, []>(sql).get()?.value ?? Number.NaN;
  const events = one("SELECT sum(events) AS value FROM event_block");
  const rollups =
    one("SELECT sum(length(summary) + length(cells)) AS value FROM rollup WHERE tier = 0") +
    one("SELECT sum(length(hours)) AS value FROM packed_day");
  return {
    bytesAnEvent: Bun.file(path).size / events,
    rollupBytesANodeHour: rollups / one("SELECT count(*) AS value FROM rollup WHERE tier = 0"),
  };
}

try {
  const spanMs = (OPERATIONS / EVENTS_AN_HOUR) * HOUR_MS;
  await writeLog(log, {
    ...DEBUG_LOG,
    seed: 1,
    operations: OPERATIONS,
    startMs: Date.UTC(2026, 0, 1),
    spanMs,
  });
  const grep: Sample[] = [];
  const now: Sample[] = [];
  const before: Sample[] = [];
  await ingest(BINARY);
  for (let round = 0; round < rounds; round += 1) {
    grep.push(await timed(["sh", "-c", `LC_ALL=C grep -c downloaded ${log} | cat`]));
    if (values.beside !== undefined) before.push(await ingest(values.beside));
    now.push(await ingest(BINARY));
  }
  const { bytesAnEvent, rollupBytesANodeHour } = sizes(join(folder, "store.db"));
  const result = {
    machine: machine(),
    lines: OPERATIONS * 2,
    rounds,
    wall_against_grep: ratioOf(now, grep, "wallMs"),
    cpu_against_grep: ratioOf(now, grep, "cpuMs"),
    before:
      before.length === 0
        ? null
        : {
            wall_against_grep: ratioOf(before, grep, "wallMs"),
            cpu_against_grep: ratioOf(before, grep, "cpuMs"),
            cpu_now_against_before: ratioOf(now, before, "cpuMs"),
            peak_bytes: middle(before).peakBytes,
          },
    peak_bytes: middle(now).peakBytes,
    bytes_an_event: bytesAnEvent,
    rollup_bytes_a_node_hour: rollupBytesANodeHour,
  };
  await Bun.write(join(import.meta.dir, "results/ingest.json"), `${JSON.stringify(result, null, 2)}\n`);
  await Bun.write(Bun.stdout, `${JSON.stringify(result)}\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
