// `bun bench/nodes.ts` (after `bun run build`): ingest and compare, against grep and the earlier way of comparing.
// The result is ratios; absolute figures apply to the named machine. Kept in bench/results/nodes.json.
import { Database } from "bun:sqlite";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defaultsOf } from "../src/settings/defaults.ts";
import { DEBUG_LOG, writeLog } from "../src/bench/generate-log.ts";
import { readScrape } from "../src/board/scrape.ts";
import { openStore } from "../src/db/open.ts";
import { createEvents, type Events } from "../src/nodes/log/events.ts";
import { Ingestion } from "../src/nodes/ingest/ingestion.ts";
import { LineFeed } from "../src/nodes/log/line-feed.ts";
import { OpenOperations } from "../src/nodes/ingest/open-operations.ts";
import { pairingOptions } from "../src/nodes/ingest/options.ts";
import { pairLines } from "../src/nodes/ingest/pairing.ts";
import type { PairState } from "../src/nodes/ingest/pair-state.ts";
import { LineParser } from "../src/nodes/log/parse.ts";
import { BATCH_LINES, clearParsedLines, createParsedLines } from "../src/nodes/log/parsed-lines.ts";
import { addEvent, addLine, createRollup, type Rollup } from "../src/nodes/store/rollup.ts";
import { FileSource, openDescriptor } from "../src/nodes/ingest/source.ts";
import { HOUR_MS } from "../src/nodes/log/vocabulary.ts";
import { seededRandom } from "../src/lib/seeded-random.ts";
import { prometheusText } from "../src/render/prometheus.ts";
import { machine, middle, timed, type TimedRun } from "./support.ts";

const BINARY = join(import.meta.dir, "../dist/nodupe");
const SMALL = process.argv.includes("--small");
const LINES = SMALL ? 200_000 : 2_000_000;
const EVENTS = SMALL ? 500_000 : 5_000_000;
const ROUNDS = 9;
const LIMITS = defaultsOf(pairingOptions);
const untilMs = Math.floor(Date.now() / HOUR_MS) * HOUR_MS;

/**
 * Reads, parses and pairs on this thread, without a store. Returns lines per second of CPU time (comparable to
 * grep's, and independent of other load), the best of three rounds.
 */
function parseAndPair(path: string): number {
  let best = 0;
  for (let round = 0; round < 3; round += 1) {
    const feed = new LineFeed(new LineParser());
    using source = new FileSource(openDescriptor(path));
    const lines = createParsedLines();
    const events = createEvents(BATCH_LINES * 2);
    const state: PairState = { open: new OpenOperations(), raceLost: [], raceTold: [] };
    const context = {
      known: { take: () => false, mayKnow: () => false },
      satelliteIds: [0, 1, 2, 3, 4],
      fresh: new Uint8Array(BATCH_LINES),
    };
    const start = process.cpuUsage();
    let count = 0;
    for (let isWhole = false; !isWhole;) {
      while (!isWhole && !feed.parse(lines)) {
        const read = source.read(feed.room());
        feed.filled(read);
        isWhole = read === 0;
      }
      events.count = 0;
      pairLines(lines, state, events, context);
      count += lines.lines;
      clearParsedLines(lines);
    }
    const used = process.cpuUsage(start);
    best = Math.max(best, count / ((used.user + used.system) / 1e6));
  }
  return best;
}

/** Writes a node of `count` events over `days` straight into the store, with or without its event blocks. */
function fill(
  db: Database,
  name: string,
  node: { count: number; days: number; seed: number; blocks: boolean },
): void {
  using to = new Ingestion(db, name, LIMITS);
  to.markUsed();
  const { writer } = to;
  const random = seededRandom(node.seed);
  const spanMs = node.days * 86_400_000;
  const batch = 131_072;
  const none = createEvents(1);
  for (let from = 0; from < node.count; from += batch) {
    const size = Math.min(batch, node.count - from);
    const events: Events = createEvents(size);
    const hours = new Map<number, Rollup>();
    for (let row = 0; row < size; row += 1) {
      const timeMs = untilMs - spanMs + Math.floor(((from + row) / node.count) * spanMs);
      const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
      const fate = random();
      events.timeMs[row] = timeMs;
      events.durationMs[row] = Math.round(110 * Math.exp(0.8 * normal));
      events.sizeBytes[row] = (1 + Math.floor(random() ** 3 * 9_062)) * 256;
      events.satellite[row] = 1 + Math.floor(random() * 4);
      events.action[row] = Math.floor(random() * 5);
      events.outcome[row] = fate < 0.94 ? 0 : fate < 0.99 ? 1 : 2;
      events.key[row] = Math.floor(random() * 0x1000000);
      const hourMs = Math.floor(timeMs / HOUR_MS) * HOUR_MS;
      let hour = hours.get(hourMs);
      if (hour === undefined) hours.set(hourMs, (hour = createRollup()));
      addLine(hour.summary, timeMs, 0);
      addEvent(hour, events, row);
    }
    events.count = size;
    writer.commit({
      events: node.blocks ? events : none,
      hours,
      facts: [],
      state: to.state,
      newestMs: untilMs,
      checkpoint: null,
    });
  }
}

/** The time of a comparison as a whole process, uncached, and of `--help` in turns with it: medians of several. */
async function timeCompare(
  db: string,
  names: readonly string[],
  last: string,
): Promise<{ ms: number; cpuMs: number; helpMs: number; helpCpuMs: number; rssMb: number }> {
  const runs: TimedRun[] = [];
  const helps: TimedRun[] = [];
  const env = { NODUPE_COMPARE_CACHE_TTL: "0s" };
  for (let round = 0; round < ROUNDS; round += 1) {
    helps.push(await timed([BINARY, "--help"]));
    runs.push(await timed([BINARY, "compare", ...names, "--last", last, "--json", "--db", db], { env }));
    helps.push(await timed([BINARY, "--help"]));
  }
  const { wallMs, cpuMs } = middle(runs);
  const help = middle(helps);
  return {
    ms: wallMs,
    cpuMs,
    helpMs: help.wallMs,
    helpCpuMs: help.cpuMs,
    rssMb: Math.max(...runs.map(({ peakBytes }) => peakBytes)) / 1_048_576,
  };
}

function againstHelp({ ms, cpuMs, helpMs, helpCpuMs }: Awaited<ReturnType<typeof timeCompare>>): {
  wall: number;
  cpu: number;
} {
  return { wall: ms / helpMs, cpu: cpuMs / helpCpuMs };
}

/** The time for `/metrics` in a running process: the median of several. */
function scrapeMs(path: string): number {
  using store = openStore({ path, readonly: true });
  const settings = { egressUsd: 2, repairUsd: 2, auditUsd: 2, storageUsd: 1.5, queryTimeout: 60_000 };
  const times: number[] = [];
  for (let round = 0; round < ROUNDS * 2; round += 1) {
    const startMs = performance.now();
    prometheusText(readScrape(store, settings, untilMs));
    times.push(performance.now() - startMs);
  }
  return times.toSorted((a, b) => a - b)[ROUNDS] ?? Number.NaN;
}

/** The earlier way with the same number of events: loads the window's rows and computes in the program. */
async function earlierWay(folder: string, count: number): Promise<TimedRun> {
  const path = join(folder, "rows.db");
  const db = new Database(path);
  db.run(
    "CREATE TABLE events (node TEXT, timestamp INTEGER, action TEXT, status TEXT, size INTEGER, duration_ms INTEGER)",
  );
  const insert = db.query("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?)");
  const random = seededRandom(1);
  db.transaction(() => {
    for (const node of ["a", "b"]) {
      for (let row = 0; row < count; row += 1) {
        insert.run(
          node,
          untilMs - row,
          random() < 0.7 ? "GET" : "PUT",
          random() < 0.94 ? "success" : "failed",
          256,
          Math.floor(random() * 500),
        );
      }
    }
  })();
  db.close();
  const program = `
    const { Database } = require("bun:sqlite");
    const db = new Database(${JSON.stringify(path)}, { readonly: true });
    for (const node of ["a", "b"]) {
      const rows = db.query("SELECT action, status, size, duration_ms AS ms FROM events WHERE node = ?").all(node);
      let good = 0, bytes = 0;
      for (const row of rows) if (row.status === "success") { good += 1; bytes += row.size; }
      const ms = rows.map((row) => row.ms).sort((a, b) => a - b);
      console.log(good / rows.length, bytes, ms[ms.length >> 1], ms[Math.floor(ms.length * 0.95)]);
    }`;
  return timed([process.execPath, "-e", program]);
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "nodupe-bench-"));
  const say = (line: string): void => void Bun.write(Bun.stderr, `${line}\n`);
  try {
    const log = join(folder, "node.log");
    await writeLog(log, {
      ...DEBUG_LOG,
      seed: 1,
      operations: LINES / 2,
      startMs: untilMs - 7 * 86_400_000,
      spanMs: 7 * 86_400_000,
    });
    const grepRuns: number[] = [];
    const grep = async (): Promise<void> => {
      grepRuns.push((await timed(["grep", "-c", "downloaded", log], { env: { LC_ALL: "C" } })).cpuMs);
    };
    for (let round = 0; round < 3; round += 1) await grep();
    const parseLinesPerS = parseAndPair(log);
    for (let round = 0; round < 3; round += 1) await grep();
    const grepLinesPerS = LINES / (Math.min(...grepRuns) / 1_000);
    say(
      `parse with pairing ${(parseLinesPerS / 1e6).toFixed(2)} M lines/s, grep -c ${(grepLinesPerS / 1e6).toFixed(2)}`,
    );

    const db = join(folder, "store.db");
    const ingest = await timed([BINARY, "ingest", "--node", "log", log, "--json", "--db", db]);
    const counted = JSON.parse(ingest.stdout) as { lines: number; events: number };
    const bytesAnEvent = Bun.file(db).size / counted.events;
    say(
      `ingest ${(counted.lines / (ingest.wallMs / 1_000) / 1e6).toFixed(2)} M lines/s, ${(ingest.peakBytes / 1_048_576).toFixed(0)} MB, ${bytesAnEvent.toFixed(1)} bytes an event`,
    );

    {
      using store = openStore({ path: db });
      fill(store.db, "a", { count: EVENTS, days: 7, seed: 1, blocks: true });
      fill(store.db, "b", { count: EVENTS, days: 7, seed: 2, blocks: true });
      fill(store.db, "c", { count: EVENTS, days: 30, seed: 3, blocks: false });
      fill(store.db, "d", { count: EVENTS, days: 30, seed: 4, blocks: false });
      fill(store.db, "e", { count: EVENTS / 10, days: 7, seed: 5, blocks: false });
      fill(store.db, "f", { count: EVENTS / 10, days: 7, seed: 6, blocks: false });
    }
    const start = await timed([BINARY, "--version"]);
    const week = await timeCompare(db, ["a", "b"], "7d");
    const month = await timeCompare(db, ["c", "d"], "30d");
    const four = await timeCompare(db, ["a", "b", "c", "d"], "7d");
    const tenth = await timeCompare(db, ["e", "f"], "7d");
    say(
      `compare 7d ${week.ms.toFixed(0)} ms, 30d ${month.ms.toFixed(0)} ms, four nodes ${four.ms.toFixed(0)} ms, a tenth of the events ${tenth.ms.toFixed(0)} ms; ${week.rssMb.toFixed(0)} MB; --version ${start.wallMs.toFixed(0)} ms`,
    );
    {
      using store = openStore({ path: db });
      for (let index = 0; index < 20; index += 1) {
        fill(store.db, `fleet-${index}`, { count: EVENTS / 20, days: 30, seed: index + 10, blocks: false });
      }
      for (let index = 0; index < 80; index += 1) {
        fill(store.db, `day-${index}`, { count: EVENTS / 200, days: 1, seed: index + 40, blocks: false });
      }
    }
    const fleet = Array.from({ length: 20 }, (_, index) => `fleet-${index}`);
    const twenty = await timeCompare(db, fleet, "30d");
    const scraped = scrapeMs(db);
    say(
      `twenty nodes 30d ${twenty.ms.toFixed(0)} ms, --help ${twenty.helpMs.toFixed(0)} ms; a scrape of 100 nodes ${scraped.toFixed(0)} ms`,
    );
    const earlier = await earlierWay(folder, EVENTS / 5);
    say(
      `the earlier way, a fifth of the events: ${earlier.wallMs.toFixed(0)} ms, CPU ${earlier.cpuMs.toFixed(0)} ms against ${week.cpuMs.toFixed(0)} ms`,
    );

    const reader = timed([BINARY, "ingest", "--node", "other", log, "--json", "--db", db]);
    const burst = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        timed([BINARY, "compare", "a", "b", "--last", `${7 + index}d`, "--json", "--db", db], {
          mayFail: true,
        }),
      ),
    );
    await reader;
    const slowest = Math.max(...burst.map((run) => run.wallMs));
    say(
      `ten comparisons during an ingest: slowest ${slowest.toFixed(0)} ms, failed ${burst.filter((run) => run.exitCode !== 0).length}`,
    );

    const result = {
      machine: machine(),
      parse_lines_per_s: parseLinesPerS,
      grep_lines_per_s: grepLinesPerS,
      parse_against_quarter_of_grep: parseLinesPerS / (grepLinesPerS / 4),
      ingest_lines_per_s: counted.lines / (ingest.wallMs / 1_000),
      ingest_rss_bytes: ingest.peakBytes,
      bytes_an_event: bytesAnEvent,
      start_ms: start.wallMs,
      compare_ms: {
        two_nodes_7d: week.ms,
        two_nodes_30d: month.ms,
        four_nodes_7d: four.ms,
        twenty_nodes_30d: twenty.ms,
        help: week.helpMs,
        a_tenth_of_the_events_7d: tenth.ms,
      },
      scrape_of_100_nodes_ms: scraped,
      compare_against_help: {
        two_nodes_7d: againstHelp(week),
        twenty_nodes_30d: againstHelp(twenty),
      },
      compare_cpu_ms: {
        two_nodes_7d: week.cpuMs,
        two_nodes_30d: month.cpuMs,
        four_nodes_7d: four.cpuMs,
        a_tenth_of_the_events_7d: tenth.cpuMs,
        start_alone: start.cpuMs,
      },
      compare_rss_mb: Math.max(week.rssMb, month.rssMb, four.rssMb),
      growth_tenfold: week.cpuMs / tenth.cpuMs,
      earlier_way_ms_for_a_fifth: earlier.wallMs,
      earlier_way_cpu_ratio_for_a_fifth: earlier.cpuMs / week.cpuMs,
      ten_at_once_slowest_ms: slowest,
      ten_at_once_failed: burst.filter((run) => run.exitCode !== 0).length,
    };
    if (!SMALL)
      await Bun.write(join(import.meta.dir, "results/nodes.json"), `${JSON.stringify(result, null, 2)}\n`);
    await Bun.write(Bun.stdout, `${JSON.stringify(result)}\n`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

await main();
