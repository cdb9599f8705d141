import { expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { patient } from "../../support/emulation.ts";
import { listen } from "../../support/serve/events.ts";
import { ntpServer, serverArguments } from "../../support/time/ntp.ts";
import { nodupe } from "../../support/run.ts";
import { startServe } from "../../support/serve/serve.ts";
import { tempFolder } from "../../support/temp.ts";
import { until } from "../../support/until.ts";
import { recentLog } from "../../support/serve/whole-board.ts";

/** What the contract allows between a write of another process and its telling. */
const WITHIN_MS = 5_000;

test("what other processes measure, upload and ingest is told within five seconds, and newcomers get the present state", async () => {
  using folder = tempFolder();
  const db = folder.file("store.db");
  await recentLog(folder.file("pi-1.log"), 1);
  using clock = await ntpServer();
  await using served = await startServe(["--db", db]);
  const events = await listen(served);
  const told = async (
    topic: string,
    is: (data: Readonly<Record<string, unknown>>) => boolean,
  ): Promise<void> => {
    const endedMs = performance.now();
    await until(() => events.all(topic).some(is), `${topic} was told`);
    expect(performance.now() - endedMs).toBeLessThan(patient(WITHIN_MS));
  };
  await nodupe(["time", ...serverArguments([clock]), "--db", db]);
  await told("time", ({ source, offset_s: offset }) => source === "ntp" && typeof offset === "number");
  await nodupe(["sync", "--sandbox", "examples/cvs", "--db", db, "-q"]);
  await told("sync", ({ destinations }) => JSON.stringify(destinations).includes('"done":8'));
  await nodupe(["ingest", "--node", "pi-1", folder.file("pi-1.log"), "--db", db, "-q"]);
  await told("ingest", ({ nodes }) => JSON.stringify(nodes).includes('"node_name":"pi-1"'));
  const late = await listen(served);
  await until(
    () => ["board", "time", "sync", "ingest"].every((topic) => late.all(topic).length > 0),
    "all of it was told",
  );
  for (const topic of ["time", "sync", "ingest"])
    await until(
      () => JSON.stringify(late.last(topic)) === JSON.stringify(events.last(topic)),
      `${topic} is the same for both`,
    );
  await served.end();
  await Promise.all([events.reading, late.reading]);
});

test("a store that is removed under a running server is a problem, instead of old figures that look new", async () => {
  using folder = tempFolder();
  const db = folder.file("store.db");
  await using served = await startServe(["--db", db]);
  expect((await served.ask("/health")).status).toBe(200);
  const events = await listen(served);
  for (const suffix of ["", "-wal", "-shm"]) rmSync(`${db}${suffix}`, { force: true });
  const told = "was removed or replaced, and what is shown here is old; restart nodupe serve";
  await until(() => events.all("alert").some((alert) => JSON.stringify(alert).includes(told)), "it is told");
  expect((await served.ask("/health")).status).toBe(503);
  expect(served.stderr()).toContain(told);
});
