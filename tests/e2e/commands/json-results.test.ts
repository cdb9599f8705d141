import { afterAll, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { commandLeaves } from "../../../build/reference/command-leaves.ts";
import { DEBUG_LOG, writeLog } from "../../../src/bench/generate-log.ts";
import { BINARY } from "../../support/binary.ts";
import { writeCvs } from "../../support/upload/cvs.ts";
import { linesOf } from "../../support/lines.ts";
import { ntpServer } from "../../support/time/ntp.ts";
import { expectAsPublished, publishedSchema } from "../../support/docs/published-schema.ts";
import { makeRelease, serveFolder } from "../../support/install/release-server.ts";
import { cleanEnvironment, nodupe } from "../../support/run.ts";
import { tempFolder } from "../../support/temp.ts";

const SAMPLE = join(import.meta.dir, "../../fixtures/storagenode-sample.log");

/** Held to their schemas where they are run: service.test.ts, in a container, and bench.test.ts. */
const ELSEWHERE = ["service install", "service uninstall", "bench"];

const world = new AsyncDisposableStack();
afterAll(() => world.disposeAsync());
const home = world.use(tempFolder());
const server = world.use(await ntpServer());
const release = home.file("release");
await makeRelease({ folder: release, version: "99.0.0" });
const releases = world.use(await serveFolder(release));
const env = { HOME: home.path, NODUPE_SYNC_SETTLE: "0ms" };
const db = home.file("store.db");
const cvs = home.file("cvs");
writeCvs(cvs, { files: 3, duplicateEvery: 3 });
for (const [index, node] of ["one", "two"].entries())
  await writeLog(home.file(`${node}.log`), {
    ...DEBUG_LOG,
    seed: index + 1,
    operations: 2_000,
    startMs: Date.now() - 10 * 3_600_000,
    spanMs: 8 * 3_600_000,
    latencyMs: 100 + 200 * index,
  });
writeFileSync(home.file("history.json"), JSON.stringify(["ab".repeat(32)]));
writeFileSync(
  home.file("tanova-config.json"),
  JSON.stringify({ api_key: "tanova_sk_x", folder_path: "/cvs" }),
);

const seen = new Set<string>();

function check(command: string, line: string): void {
  expectAsPublished(command, line);
  seen.add(command);
}

async function run(command: string, args: readonly string[], exitCode = 0): Promise<void> {
  const {
    stdout,
    stderr,
    exitCode: code,
  } = await nodupe([...command.split(" "), ...args, "--json"], { env });
  expect({ command, args, code, stderr: code === exitCode ? "" : stderr }).toEqual({
    command,
    args,
    code: exitCode,
    stderr: "",
  });
  check(command, stdout);
}

/** A command that goes on: its first object, then a signal, then whatever it prints as it ends. */
async function runOn(command: string, args: readonly string[]): Promise<void> {
  const child = Bun.spawn([BINARY, ...command.split(" "), ...args, "--json"], {
    env: cleanEnvironment(env),
    stdin: "ignore",
    stdout: "pipe",
    stderr: "ignore",
  });
  let lines = 0;
  for await (const line of linesOf(child.stdout)) {
    check(command, line);
    lines += 1;
    if (lines === 1) child.kill("SIGTERM");
  }
  expect({ command, lines: lines > 0, code: await child.exited }).toEqual({
    command,
    lines: true,
    code: 143,
  });
}

const store = ["--db", db];
const ntp = ["--server", server.name, ...store];

test("uploads and their history: every object is as its schema says", async () => {
  const sandbox = ["--sandbox", ...store];
  await run("sync", [cvs, "--dry-run", ...sandbox]);
  await run("sync", [cvs, "--bulk", ...sandbox]);
  writeFileSync(home.file("key"), "tanova_sk_x\n", { mode: 0o600 });
  const away = [
    "--url",
    "http://127.0.0.1:9",
    "--retries",
    "0",
    "--api-key-file",
    home.file("key"),
    ...store,
  ];
  await run("sync", [cvs, ...away], 4);
  await runOn("sync", [cvs, "--watch", ...sandbox]);
  await run("history list", store);
  await run("history export", sandbox);
  await run("history verify", sandbox);
  await run("history verify", away, 4);
  await run("history import", [home.file("history.json"), ...store]);
  await run("history forget", ["abababab", ...store]);
  await runOn("sandbox", ["--listen", "127.0.0.1:0"]);
});

test("the clock: every object is as its schema says", async () => {
  await run("time", ntp);
  await run("time", [...ntp, "--check", "--max-offset", "1s"]);
  await run("time", ["--offline", ...store]);
  await run("time", ["--server", "127.0.0.1:9", "--timeout", "100ms", ...store], 4);
  await runOn("time", ["--watch", "--interval", "1s", ...ntp]);
  await run("stamp", ntp);
  await run("stamp", ["encode", "2026-01-01T00:00:00Z"]);
  await run("stamp", ["decode", "0x1954fc4000000000"]);
});

test("nodes: every object is as its schema says", async () => {
  await run("ingest", ["--node", "one", home.file("one.log"), ...store]);
  await run("ingest", ["--node", "two", home.file("two.log"), SAMPLE, ...store]);
  await runOn("ingest", ["--node", "followed", "--follow", home.file("two.log"), ...store]);
  await run("compare", ["one", "two", ...store]);
  await run("compare", ["one", "two", ...store]);
  await run("compare", ["one", `other=${SAMPLE}`, "--type", "earnings", ...store]);
  await run("nodes list", store);
  await run("metrics", store);
  await run("metrics", ["--output", home.file("nodupe.prom"), ...store]);
  await run("status", store);
  await runOn("serve", ["--listen", "127.0.0.1:0", ...store]);
  await run("nodes rename", ["two", "three", ...store]);
  await run("nodes merge", ["three", "one", "--yes", ...store]);
  await run("nodes forget", ["one", "--yes", ...store]);
});

test("the program itself: every object is as its schema says", async () => {
  const config = ["--config", home.file("config.toml")];
  await run("config init", config);
  await run("config check", config);
  await run("config show", config);
  await run("config path", config);
  await run("config import", [home.file("tanova-config.json"), "--config", home.file("imported.toml")]);
  await run("completions", ["bash"]);
  await run("version", []);
  await run("service print", ["time"]);
  await run("upgrade", ["--check", "--from", releases.url], 3);
  await run("upgrade", ["--check", "--from", "http://127.0.0.1:9"], 4);
});

test("where a command fails before it has a result, its object is as its schema says", async () => {
  const broken = ["--db", "/dev/null"];
  await run("history list", broken, 5);
  await run("compare", ["one", "two", ...broken], 5);
  await run("ingest", ["--node", "one", SAMPLE, ...broken], 5);
  await run("nodes list", broken, 5);
  await run("status", broken, 5);
  await run("metrics", broken, 5);
});

test("a schema refuses what is missing, superfluous or of another type", () => {
  const schema = publishedSchema("version");
  const good = { version: "1.0.0", target: null, commit: null, commit_date: "2026-01-01" };
  expect(schema.safeParse(good).success).toBe(true);
  const { commit: _, ...missing } = good;
  for (const bad of [missing, { ...good, more: 1 }, { ...good, version: 1 }, { ...good, version: null }])
    expect(schema.safeParse(bad).success).toBe(false);
});

test("every command has been held to its schema", async () => {
  const names = (await commandLeaves()).map(({ spec }) => spec.name);
  expect(names.filter((name) => !seen.has(name))).toEqual(ELSEWHERE);
});
