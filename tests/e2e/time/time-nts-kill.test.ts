import { expect } from "bun:test";
import { readFileSync } from "node:fs";
import { BINARY } from "../../support/binary.ts";
import { NtsStage } from "../../support/time/nts-stage.ts";
import { needs, needsExecution, programPath } from "../../support/programs.ts";
import { cleanEnvironment, runCommand } from "../../support/run.ts";

const KILLS = 50;
/** A run takes some 25 ms: it is killed before it sends, while it waits, and when it records. */
const LATEST_MS = 60;

needs("openssl")("no cookie is sent twice, whenever a run is killed", async () => {
  await using stage = await NtsStage.open();
  const server = await stage.server("server");
  let ended = 0;
  for (let kill = 0; kill < KILLS; kill += 1) {
    const child = Bun.spawn([BINARY, "time", ...stage.arguments([server.name])], {
      env: cleanEnvironment(),
      stdin: "ignore",
      stdout: "ignore",
      stderr: "ignore",
    });
    const timer = setTimeout(() => child.kill("SIGKILL"), (LATEST_MS * kill) / KILLS);
    if ((await child.exited) === 0) ended += 1;
    clearTimeout(timer);
  }
  // After all that a run does what it did before.
  const { exitCode, json } = await stage.time([server.name]);
  expect([exitCode, json.source]).toEqual([0, "nts"]);
  expect(new Set(server.cookies).size).toBe(server.cookies.length);
  expect(server.cookies.length).toBeGreaterThan(ended);
});

needsExecution("openssl", "strace")("what is sent was deleted on the disk before", async () => {
  await using stage = await NtsStage.open();
  const servers = await Promise.all(["one", "two"].map((name) => stage.server(name)));
  const names = servers.map(({ name }) => name);
  await stage.time(names);
  const log = stage.folder.file("strace.log");
  const traced = [
    programPath("strace"),
    "-f",
    "-qq",
    "-y",
    "-e",
    "trace=pwrite64,fdatasync,fsync,sendto",
    "-o",
    log,
  ];
  const run = await runCommand([...traced, BINARY, "time", ...stage.arguments(names)]);
  expect([run.exitCode, servers.map(({ exchanges }) => exchanges)]).toEqual([0, [1, 1]]);
  const calls = readFileSync(log, "utf8").split("\n");
  const isWal = (call: string): boolean => call.includes("nodupe.db-wal>");
  const sent = calls.flatMap((call, index) =>
    call.includes("sendto(") && call.endsWith(" = 228") ? [index] : [],
  );
  expect(sent).toHaveLength(2);
  const before = calls.slice(0, sent[0]);
  const written = before.findLastIndex((call) => call.includes("pwrite64(") && isWal(call));
  const synced = before.findLastIndex(
    (call) => /fdatasync\(|fsync\(/.test(call) && isWal(call) && call.endsWith("= 0"),
  );
  expect(written).toBeGreaterThan(-1);
  expect(synced).toBeGreaterThan(written);
  // One commit for both of them.
  expect(calls.slice(sent[0], sent[1]).filter(isWal)).toEqual([]);
});
