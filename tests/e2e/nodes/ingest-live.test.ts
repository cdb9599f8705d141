import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import {
  appendFileSync,
  closeSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { DEBUG_LOG, generateLog } from "../../../src/bench/generate-log.ts";
import { BINARY } from "../../support/binary.ts";
import { patient } from "../../support/emulation.ts";
import { linesOf } from "../../support/lines.ts";
import { cleanEnvironment, nodupe } from "../../support/run.ts";
import { tempFolder, type TempFolder } from "../../support/temp.ts";
import { until } from "../../support/until.ts";

const FIXTURES = join(import.meta.dir, "../../fixtures");
const API = JSON.parse(readFileSync(join(FIXTURES, "storagenode-api.json"), "utf8")) as Record<
  string,
  unknown
>;

/** Two seconds are promised; a machine that is busy with other tests gets twice that, and what never comes fails still. */
const ON_TIME_MS = 4_000;

function logLines(operations: number, startMs = Date.UTC(2026, 0, 1), seed = 1): string[] {
  const text = [...generateLog({ ...DEBUG_LOG, seed, operations, startMs, spanMs: operations * 100 })].join(
    "",
  );
  return text
    .trimEnd()
    .split("\n")
    .map((line) => `${line}\n`);
}

/** Ended operations of the only node, as another process sees them. */
function storedOperations(folder: TempFolder): number {
  try {
    using db = new Database(folder.file("s.db"), { readonly: true });
    const row = db.query<{ count: number | null }, []>("SELECT sum(events) AS count FROM event_block").get();
    return row?.count ?? 0;
  } catch {
    return 0;
  }
}

interface Told {
  lines: number;
  events: number;
  started: number;
  interrupted: boolean;
  pruned: number;
}

interface Running extends AsyncDisposable {
  readonly process: Bun.Subprocess<"pipe", "pipe", "pipe">;
  /** The last JSON object of stdout; null before the first. */
  last(): Told | null;
  /** Kills it, and answers its exit code, its last object and how long it took. */
  stop(signal: "SIGINT" | "SIGTERM"): Promise<{ exitCode: number; last: Told | null; tookMs: number }>;
}

function start(args: readonly string[], env: Record<string, string> = {}): Running {
  const process = Bun.spawn([BINARY, "ingest", ...args, "--json"], {
    env: cleanEnvironment(env),
    stdin: "pipe",
    stdout: "pipe",
    stderr: "pipe",
  });
  let last: Told | null = null;
  const reading = (async () => {
    let text = "";
    for await (const chunk of process.stdout) {
      text += new TextDecoder().decode(chunk);
      const whole = text.split("\n");
      text = whole.pop() ?? "";
      for (const line of whole) last = JSON.parse(line) as Told;
    }
  })();
  return {
    process,
    last: () => last,
    stop: async (signal) => {
      const begin = performance.now();
      process.kill(signal);
      const exitCode = await process.exited;
      await reading;
      return { exitCode, last, tookMs: performance.now() - begin };
    },
    [Symbol.asyncDispose]: async () => {
      process.kill(9);
      await process.exited;
    },
  };
}

test(
  "a pipe's lines are in the store soon after it is idle, and a signal stores the rest",
  async () => {
    using folder = tempFolder();
    await using running = start(["--node", "a", "-", "--db", folder.file("s.db")]);
    const lines = logLines(2_000);
    const ended = (some: readonly string[]): number =>
      some.filter((line) => !line.includes(" started\t")).length;
    const first = lines.slice(0, 3_000);
    await running.process.stdin.write(first.join(""));
    await running.process.stdin.flush();
    await until(() => storedOperations(folder) >= ended(first), "the lines are stored", ON_TIME_MS);
    // These stand in the pipe, some without an end, when the signal comes.
    await running.process.stdin.write(lines.slice(3_000).join("") + (lines[0] ?? "").slice(0, 40));
    await running.process.stdin.flush();
    const { exitCode, last, tookMs } = await running.stop("SIGTERM");
    expect({ exitCode, lines: last?.lines, interrupted: last?.interrupted }).toEqual({
      exitCode: 143,
      lines: lines.length,
      interrupted: true,
    });
    expect(tookMs).toBeLessThan(patient(ON_TIME_MS));
    expect(storedOperations(folder)).toBe(ended(lines));
  },
  patient(60_000),
);

test(
  "a pipe that nothing comes from ends at a signal, and makes no node",
  async () => {
    using folder = tempFolder();
    await using running = start(["--node", "a", "-", "--db", folder.file("s.db")]);
    await until(() => Bun.file(folder.file("s.db")).size > 0, "the store is open");
    const { exitCode, last } = await running.stop("SIGINT");
    expect({ exitCode, lines: last?.lines }).toEqual({ exitCode: 130, lines: 0 });
  },
  patient(60_000),
);

test(
  "a followed file's lines are stored soon, and what stands there at a signal too",
  async () => {
    using folder = tempFolder();
    const path = folder.file("node.log");
    const lines = logLines(2_000);
    writeFileSync(path, lines.slice(0, 1_000).join(""));
    await using running = start(["--node", "a", "--follow", path, "--db", folder.file("s.db")]);
    await until(() => running.last()?.lines === 1_000, "the first lines are told");
    appendFileSync(path, lines.slice(1_000, 2_000).join(""));
    await until(() => running.last()?.lines === 2_000, "the next lines are told", ON_TIME_MS);
    appendFileSync(path, lines.slice(2_000).join(""));
    const { exitCode, last, tookMs } = await running.stop("SIGTERM");
    expect({ exitCode, lines: last?.lines }).toEqual({ exitCode: 143, lines: lines.length });
    expect(tookMs).toBeLessThan(patient(ON_TIME_MS));
  },
  patient(60_000),
);

test(
  "a file that was replaced loses nothing that is still written to it",
  async () => {
    using folder = tempFolder();
    const path = folder.file("node.log");
    const lines = logLines(1_000);
    const [writer, cut] = [openSync(path, "a"), (from: number, to: number) => lines.slice(from, to).join("")];
    writeSync(writer, cut(0, 200));
    await using running = start(["--node", "a", "--follow", path, "--db", folder.file("s.db")]);
    const seen = (count: number): Promise<void> =>
      until(() => running.last()?.lines === count, `${count} lines are told`);
    await seen(200);
    renameSync(path, folder.file("node.log.1"));
    writeFileSync(path, "");
    writeSync(writer, cut(200, 400));
    await seen(400);
    // The new file has lines, and the old one still gets some: a writer of several threads, a slow restart.
    appendFileSync(path, cut(400, 600));
    await seen(600);
    writeSync(writer, cut(600, 700));
    await seen(700);
    rmSync(folder.file("node.log.1"));
    writeSync(writer, cut(700, 800));
    appendFileSync(path, cut(800, lines.length));
    await seen(lines.length);
    closeSync(writer);
    const { last } = await running.stop("SIGTERM");
    expect((last?.events ?? 0) + (last?.started ?? 0)).toBe(lines.length);
  },
  patient(60_000),
);

test(
  "-v tells of a file that is not there yet, of rotation and of truncation",
  async () => {
    using folder = tempFolder();
    const path = folder.file("node.log");
    const lines = logLines(300);
    await using running = start(["-v", "--node", "a", "--follow", path, "--db", folder.file("s.db")]);
    const log = linesOf(running.process.stderr);
    const next = async (): Promise<string | undefined> => (await log.next()).value?.replace(`${path}: `, "");
    expect(await next()).toBe("not there yet; waiting for it");
    writeFileSync(path, lines.slice(0, 200).join(""));
    expect(await next()).toBe("reading from the beginning");
    await until(() => running.last()?.lines === 200, "the first lines are told");
    renameSync(path, folder.file("node.log.1"));
    writeFileSync(path, lines.slice(200, 400).join(""));
    expect(await next()).toStartWith("rotated: ");
    expect(await next()).toBe("reading from the beginning");
    await until(() => running.last()?.lines === 400, "the new file's lines are told");
    writeFileSync(path, lines.slice(400, 410).join(""));
    expect(await next()).toBe("truncated: reading from the beginning");
    expect(await next()).toBe("200 lines: 200 new");
  },
  patient(60_000),
);

test(
  "the API is asked again while a log is followed, and beside a follower by another process",
  async () => {
    using folder = tempFolder();
    const path = folder.file("node.log");
    writeFileSync(path, logLines(10).join(""));
    let asked = 0;
    using server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: (request) => {
        const { pathname } = new URL(request.url);
        if (pathname === "/api/sno/") asked += 1;
        return Response.json(API[pathname] ?? {});
      },
    });
    const api = ["--api", `http://127.0.0.1:${server.port}`, "--db", folder.file("s.db")];
    await using running = start(["--node", "a", "--follow", path, ...api], {
      NODUPE_INGEST_API_INTERVAL: "50ms",
    });
    await until(() => asked >= 3, "the API was asked three times");
    const beside = await nodupe(["ingest", "--node", "a", ...api, "--json"]);
    expect({ exitCode: beside.exitCode, stderr: beside.stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(JSON.parse(beside.stdout)).toMatchObject({ lines: 0, api: [{ reachable: true, reason: null }] });
    appendFileSync(path, logLines(10, Date.UTC(2026, 0, 2)).join(""));
    const { exitCode, last } = await running.stop("SIGTERM");
    expect({ exitCode, lines: last?.lines }).toEqual({
      exitCode: 143,
      lines: logLines(10).length + logLines(10, Date.UTC(2026, 0, 2)).length,
    });
  },
  patient(60_000),
);

test(
  "an API that is heard later keeps the node of a log that never comes",
  async () => {
    using folder = tempFolder();
    let isUp = false;
    let asked = 0;
    using server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: (request) => {
        const { pathname } = new URL(request.url);
        if (isUp && pathname === "/api/sno/") asked += 1;
        return isUp ? Response.json(API[pathname] ?? {}) : new Response("no", { status: 503 });
      },
    });
    const args = ["--api", `http://127.0.0.1:${server.port}`, "--db", folder.file("s.db")];
    await using running = start(["--node", "a", "--follow", folder.file("none.log"), ...args], {
      NODUPE_INGEST_API_INTERVAL: "50ms",
    });
    await until(() => Bun.file(folder.file("s.db")).size > 0, "the store is open");
    isUp = true;
    await until(() => asked >= 2, "the API has answered");
    await running.stop("SIGTERM");
    const listed = await nodupe(["nodes", "list", "--json", "--db", folder.file("s.db")]);
    expect(JSON.parse(listed.stdout)).toMatchObject({
      nodes: [{ node_name: "a", api_seen: expect.any(String) }],
    });
  },
  patient(60_000),
);

test(
  "old events are pruned while a log is followed",
  async () => {
    using folder = tempFolder();
    const path = folder.file("node.log");
    writeFileSync(path, logLines(5_000).join(""));
    await using running = start(["--node", "a", "--follow", path, "--db", folder.file("s.db")], {
      NODUPE_INGEST_EVENT_RETENTION: "1h",
    });
    await until(() => (running.last()?.lines ?? 0) > 9_000, "the first day is stored");
    appendFileSync(path, logLines(20, Date.UTC(2026, 0, 9)).join(""));
    await until(() => (running.last()?.pruned ?? 0) > 0, "the first day is pruned");
    await running.stop("SIGTERM");
    // What stays shares a block with events that are not old enough.
    expect(storedOperations(folder)).toBeLessThan(1_000);
  },
  patient(60_000),
);
