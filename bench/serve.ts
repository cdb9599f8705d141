// `nodupe serve` from the compiled binary: fifty comparisons at a time while a log is ingested, the whole board in
// one process, and twenty nodes on eight boards. `bun bench/serve.ts [--only PART,…] [--events N] [--store FILE]`
// prints the figures and writes bench/results/serve.json. `--store` keeps the store with the two nodes of N events
// (5,000,000) for the next time.
import { appendFileSync, copyFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { DEBUG_LOG, generateLog } from "../src/bench/generate-log.ts";
import { median, quantile } from "../src/bench/measure/statistics.ts";
import { residentMib } from "../src/bench/measure/resident.ts";
import { listen } from "../tests/support/serve/events.ts";
import { nodupe } from "../tests/support/run.ts";
import { type Served, startServe } from "../tests/support/serve/serve.ts";
import { tempFolder } from "../tests/support/temp.ts";
import { until } from "../tests/support/until.ts";
import { startWholeBoard } from "../tests/support/serve/whole-board.ts";
import { cpuS, isRealtime, machine } from "./support.ts";

const { values: given } = parseArgs({
  options: {
    only: { type: "string" },
    events: { type: "string", default: "5000000" },
    store: { type: "string" },
  },
});
const EVENTS = Number(given.events);
const AT_ONCE = 50;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const scratch = mkdtempSync(join(tmpdir(), "nodupe-serve-"));

function p99(values: readonly number[]): number {
  return quantile(
    values.toSorted((a, b) => a - b),
    0.99,
  );
}

async function ingest(db: string, node: string, log: string): Promise<void> {
  const run = await nodupe(["ingest", "--node", node, log, "--db", db, "-q"]);
  if (run.exitCode !== 0) throw new Error(run.stderr);
}

/** Each generated operation is written once for each of these pieces: copying lines is faster than generating them. */
const PIECES = "ABCDEFGHIJ";
const PIECE_KEY = '"piece_id": "';

/** A week that ends with the current hour. */
async function weekOf(path: string, seed: number, operations: number): Promise<void> {
  const untilMs = Math.floor(Date.now() / HOUR_MS) * HOUR_MS;
  const log = generateLog({
    ...DEBUG_LOG,
    seed,
    operations: Math.ceil(operations / PIECES.length),
    startMs: untilMs - 7 * DAY_MS,
    spanMs: 7 * DAY_MS,
    latencyMs: 100 + 10 * seed,
  });
  const writer = Bun.file(path).writer();
  for (const chunk of log) {
    for (const first of PIECES)
      await writer.write(chunk.replaceAll(new RegExp(`${PIECE_KEY}.`, "g"), `${PIECE_KEY}${first}`));
  }
  await writer.end();
}

/** What serve-client.ts prints, with the board's processor time meanwhile. */
interface Asked {
  readonly tookMs: readonly number[];
  readonly cached: number;
  readonly cpuMs: number;
}

/** Asks in a process of its own, so many at a time, round after round. */
async function askMany(
  served: Served,
  { atOnce, rounds }: { readonly atOnce: number; readonly rounds: number },
  [method, path, ...bodies]: readonly [string, string, ...object[]],
): Promise<Asked> {
  const before = cpuS(served.pid);
  const client = Bun.spawn(
    [
      process.execPath,
      join(import.meta.dir, "serve-client.ts"),
      ...[served.port, atOnce, rounds].map(String),
      method,
      path,
      ...bodies.map((body) => JSON.stringify(body)),
    ],
    { stdout: "pipe", stderr: "inherit" },
  );
  const told = (await new Response(client.stdout).json()) as { took_ms: number[]; cached: number };
  return { tookMs: told.took_ms, cached: told.cached, cpuMs: (cpuS(served.pid) - before) * 1_000 };
}

async function ask(served: Served, body: object): Promise<{ ms: number; cached: boolean }> {
  const startedMs = performance.now();
  const { status, body: answer } = await served.post("/api/comparison", body);
  if (status !== 200) throw new Error(`the board answered ${status}`);
  return { ms: performance.now() - startedMs, cached: (answer as { cached: boolean }).cached };
}

/** Appends current lines to a log, some hundred operations per second, until stopped. */
function feed(path: string): () => void {
  let at = 0;
  const timer = setInterval(() => {
    const now = Date.now();
    const lines = Array.from({ length: 50 }, () => {
      at += 1;
      const time = new Date(now).toISOString();
      const piece = at.toString(32).toUpperCase().padStart(52, "A");
      const fields = JSON.stringify({
        piece_id: piece,
        satellite_id: "12EayRS2V1kEsWESU9QMRseFhdxYxKicsiFmxrsLZHeLUtdps3S",
        action: "GET",
        offset: 0,
        size: 2319360,
        remote_address: "172.17.0.1:4000",
      });
      return `${time}\tDEBUG\tpiecestore\tdownload started\t${fields}\n${time}\tINFO\tpiecestore\tdownloaded\t${fields}\n`;
    });
    appendFileSync(path, lines.join(""));
  }, 100);
  return () => clearInterval(timer);
}

/** A store with two nodes of so many events each. */
async function twoNodes(): Promise<string> {
  const db = join(scratch, "two.db");
  if (given.store !== undefined && existsSync(given.store)) {
    copyFileSync(given.store, db);
    return db;
  }
  for (const [seed, node] of ["pi-1", "pi-2"].entries()) {
    const log = join(scratch, `${node}.log`);
    await weekOf(log, seed, EVENTS);
    await ingest(db, node, log);
    rmSync(log);
  }
  if (given.store !== undefined) copyFileSync(db, given.store);
  return db;
}

const ASK = ["POST", "/api/comparison"] as const;
const ONE = { atOnce: 1, rounds: 15 };
const FIFTY = { atOnce: AT_ONCE, rounds: 1 };

async function comparisons(): Promise<object> {
  const db = await twoNodes();
  const live = join(scratch, "live.log");
  writeFileSync(live, "");
  await using served = await startServe(["--db", db, "--follow", `pi-1=${live}`]);
  const stop = feed(live);
  const nodes = ["pi-1", "pi-2"];
  // Each question is about another window, so that none is answered from a cache.
  let hours = 60;
  const next = (): object => ({ nodes, timeRange: (hours += 1) });
  const several = (count: number): object[] => Array.from({ length: count }, next);
  // What is computed ahead would be broken off by the first question.
  await until(async () => {
    const { body } = await served.ask("/metrics");
    return String(body).includes('comparison_duration_seconds_count{how="ahead"} 3');
  }, "the common comparisons were computed");
  await askMany(served, { atOnce: 2, rounds: 2 }, [...ASK, ...several(4)]);
  const single = await askMany(served, ONE, [...ASK, ...several(ONE.rounds)]);
  let differentCpuMs = 0;
  const different: number[] = [];
  const same: number[] = [];
  const events = await listen(served);
  const started = (): number => events.all("comparison").filter(({ state }) => state === "started").length;
  const computed: number[] = [];
  const ROUNDS = 4;
  for (let round = 0; round < ROUNDS; round += 1) {
    const all = await askMany(served, FIFTY, [...ASK, ...several(AT_ONCE)]);
    differentCpuMs += all.cpuMs;
    different.push(...all.tookMs);
    const question = next();
    const before = started();
    const alike = await askMany(served, FIFTY, [...ASK, question]);
    same.push(...alike.tookMs);
    await until(() => events.last("comparison")["state"] === "answered", "the answer was told");
    computed.push(started() - before);
  }
  const week = { nodes, timeRange: "7d" };
  await ask(served, week);
  const many = { atOnce: AT_ONCE, rounds: 200 };
  await askMany(served, many, [...ASK, week]);
  const cached = await askMany(served, many, [...ASK, week]);
  // The least that this server and this client take for as many answers.
  const floor = await askMany(served, many, ["GET", "/"]);
  const alone = await askMany(served, { atOnce: 1, rounds: 1_000 }, [...ASK, week]);
  stop();
  const singleMs = median(single.tookMs);
  const bound = (1.5 * AT_ONCE * singleMs) / machine().cores;
  return {
    events_a_node: EVENTS,
    single_ms: singleMs,
    different_p99_ms: p99(different),
    different_bound_ms: bound,
    different_p99_of_bound: p99(different) / bound,
    // Other load stretches long requests more than short ones; this ratio does not depend on it.
    single_cpu_ms: single.cpuMs / ONE.rounds,
    different_cpu_of_single: differentCpuMs / different.length / (single.cpuMs / ONE.rounds),
    same_p99_ms: p99(same),
    cached_p99_ms: p99(cached.tookMs),
    cached_median_ms: median(cached.tookMs),
    cached_misses: cached.tookMs.length - cached.cached,
    page_p99_ms: p99(floor.tookMs),
    page_median_ms: median(floor.tookMs),
    cached_alone_p99_ms: p99(alone.tookMs),
    computed_for_fifty_alike: computed,
  };
}

/** One process for everything, including the page's requests and open connections. */
async function wholeBoard(): Promise<object> {
  using folder = tempFolder();
  await using board = await startWholeBoard(folder, { NODUPE_TIME_INTERVAL: "60s" });
  const { served } = board;
  const socket = new WebSocket(`${served.url.replace("http", "ws")}/ws`);
  let isAsked = false;
  socket.onmessage = () => {
    isAsked = true;
  };
  const page = setInterval(() => {
    if (isAsked) void served.ask("/api/board");
    isAsked = false;
  }, 1_000);
  await until(() => board.sandbox.stats().stored === 1, "the folder was uploaded");
  await Bun.sleep(20_000);
  const seen: number[] = [];
  const before = cpuS(served.pid);
  const startedMs = performance.now();
  for (let second = 0; second < 60; second += 1) {
    await Bun.sleep(1_000);
    seen.push(residentMib(served.pid) ?? 0);
  }
  const idlePercent = ((cpuS(served.pid) - before) / ((performance.now() - startedMs) / 1_000)) * 100;
  clearInterval(page);
  socket.close();
  return { resident_mib: median(seen), resident_peak_mib: Math.max(...seen), idle_cpu_percent: idlePercent };
}

/** Twenty nodes on eight boards, and one board that follows them all. */
async function fleet(): Promise<object> {
  const [boards, nodes] = [8, 20];
  const log = join(scratch, "fleet.log");
  await weekOf(log, 3, 50_000);
  await using stack = new AsyncDisposableStack();
  const names: string[] = [];
  const urls: string[] = [];
  for (let board = 0; board < boards; board += 1) {
    const db = join(scratch, `board-${board}.db`);
    for (let node = board; node < nodes; node += boards) {
      await ingest(db, `node-${node}`, log);
    }
    const served = stack.use(await startServe(["--db", db]));
    urls.push(served.url);
    for (let node = board; node < nodes; node += boards) names.push(`node-${node}@${served.url}`);
  }
  const startedMs = performance.now();
  await using head = await startServe(["--db", join(scratch, "head.db")], {
    NODUPE_FLEET_BOARDS: urls.join(","),
  });
  const reachable = async (): Promise<number> => {
    const { body } = await head.ask("/api/fleet");
    return (body as { boards: { state: string }[] }).boards.filter(({ state }) => state === "reachable")
      .length;
  };
  await until(async () => (await reachable()) === boards, "all boards have answered");
  const followedMs = performance.now() - startedMs;
  const firstMs = (await ask(head, { nodes: names, timeRange: "7d" })).ms;
  const again = await ask(head, { nodes: names, timeRange: "7d" });
  const printed = await nodupe([
    "compare",
    ...names,
    "--last",
    "7d",
    "--json",
    "--db",
    join(scratch, "none.db"),
  ]);
  const { elapsed_s: elapsedS } = JSON.parse(printed.stdout) as { elapsed_s: number };
  return {
    boards,
    nodes: names.length,
    followed_ms: followedMs,
    compared_7d_ms: firstMs,
    again_ms: again.ms,
    again_cached: again.cached,
    command_7d_ms: elapsedS * 1_000,
    head_resident_mib: residentMib(head.pid),
  };
}

const PARTS = { comparisons, whole_board: wholeBoard, fleet };
const RESULTS = resolve(import.meta.dir, "results/serve.json");

try {
  const kept = existsSync(RESULTS) ? ((await Bun.file(RESULTS).json()) as object) : {};
  const results: Record<string, unknown> = { ...kept, machine: machine() };
  for (const [name, measure] of Object.entries(PARTS)) {
    if (given.only !== undefined && !given.only.split(",").includes(name)) continue;
    const about = { at: new Date().toISOString(), load_average: loadavg(), realtime: isRealtime() };
    results[name] = { ...about, ...(await measure()) };
    await Bun.write(Bun.stdout, `${name} ${JSON.stringify(results[name], null, 2)}\n`);
  }
  writeFileSync(RESULTS, `${JSON.stringify(results, null, 2)}\n`);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
