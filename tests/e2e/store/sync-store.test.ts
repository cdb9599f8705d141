import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startSandbox } from "../../../src/upload/sandbox/server.ts";
import { writeCvs } from "../../support/upload/cvs.ts";
import { patient } from "../../support/emulation.ts";
import { linesOf } from "../../support/lines.ts";
import { needsExecution, programPath } from "../../support/programs.ts";
import { runCommand } from "../../support/run.ts";
import {
  isSumRight,
  resultOf,
  startSync,
  sync,
  syncCommand,
  syncEnvironment,
} from "../../support/upload/sync.ts";
import { type TempFolder, tempFolder } from "../../support/temp.ts";
import { until } from "../../support/until.ts";
import { statesIn } from "../../support/upload/upload-store.ts";

function storeOf(home: TempFolder): string {
  return home.file(".local/share/nodupe/nodupe.db");
}

test(
  "a store that is removed during a run ends it with 1 and says so; the next run repeats nothing",
  async () => {
    using home = tempFolder();
    using cvs = tempFolder();
    using sandbox = await startSandbox({ latencyMs: 20, refusesDuplicates: false });
    const tree = writeCvs(cvs.path, { files: 200 });
    const child = startSync({ home, sandbox }, ["--workers", "4", cvs.path]);
    const [stdout, stderr] = [new Response(child.stdout).text(), new Response(child.stderr).text()];
    await until(() => sandbox.stats().stored >= 20, "some are stored");
    for (const end of ["", "-wal", "-shm"]) rmSync(`${storeOf(home)}${end}`, { force: true });
    expect(await child.exited).toBe(1);
    expect(await stderr).toContain(`the store ${storeOf(home)} was removed or replaced during the run`);
    const result = resultOf({ stdout: await stdout, stderr: await stderr });
    expect(result).toMatchObject({ interrupted: true, error: { kind: "store" } });
    expect(sandbox.stats().stored).toBeLessThan(tree.files);

    const next = await sync({ home, sandbox }, ["--workers", "20", cvs.path]);
    expect(next.exitCode).toBe(0);
    expect(isSumRight(resultOf(next))).toBe(true);
    expect(sandbox.stats()).toMatchObject({ stored: tree.files, repeats: 0 });
  },
  patient(60_000),
);

test(
  "a store that another program has locked is waited for, and that is said",
  async () => {
    using home = tempFolder();
    using cvs = tempFolder();
    using sandbox = await startSandbox({ latencyMs: 10 });
    writeCvs(cvs.path, { files: 5 });
    await sync({ home, sandbox }, [cvs.path]);
    const tree = writeCvs(cvs.path, { files: 120, seed: 2 });
    const child = startSync({ home, sandbox }, ["--workers", "4", cvs.path]);
    const stdout = new Response(child.stdout).text();
    await until(() => sandbox.stats().stored >= 20, "some are stored");
    using other = new Database(storeOf(home));
    other.run("PRAGMA busy_timeout = 5000");
    other.run("BEGIN IMMEDIATE");
    const said: string[] = [];
    for await (const line of linesOf(child.stderr)) {
      said.push(line);
      if (!line.includes("another program has locked the store; waiting for it until")) continue;
      // Nothing is sent that is not recorded: once all that is has arrived, the server has no more than that.
      const recorded = Object.keys(statesIn(other));
      await until(
        () => recorded.every((checksum) => sandbox.stored().has(checksum)),
        "all of it has arrived",
      );
      expect([...sandbox.stored().keys()].toSorted()).toEqual(recorded.toSorted());
      other.run("ROLLBACK");
    }
    expect({ code: await child.exited, said }).toMatchObject({ code: 0 });
    expect(said.filter((line) => line.includes("has locked the store")).length).toBe(1);
    const result = resultOf({ stdout: await stdout, stderr: said.join("\n") });
    expect(result.uploaded + result.duplicate_local).toBe(result.found ?? 0);
    expect(sandbox.stats()).toMatchObject({ stored: 5 + tree.files, repeats: 0 });
  },
  patient(60_000),
);

test(
  "a store that stays locked ends the run with 1, and nothing is lost",
  async () => {
    using home = tempFolder();
    using cvs = tempFolder();
    using sandbox = await startSandbox({ latencyMs: 10 });
    const tree = writeCvs(cvs.path, { files: 120 });
    const child = startSync({ home, sandbox }, ["--workers", "4", "--store-wait", "300ms", cvs.path]);
    const [stdout, stderr] = [new Response(child.stdout).text(), new Response(child.stderr).text()];
    await until(() => sandbox.stats().stored >= 20, "some are stored");
    using other = new Database(storeOf(home));
    other.run("PRAGMA busy_timeout = 5000");
    other.run("BEGIN IMMEDIATE");
    expect(await child.exited).toBe(1);
    other.run("ROLLBACK");
    expect(await stderr).toContain("another process keeps the store busy");
    expect(resultOf({ stdout: await stdout, stderr: await stderr })).toMatchObject({
      error: { kind: "store" },
    });
    const next = await sync({ home, sandbox }, ["--ambiguous-wait", "500ms", cvs.path]);
    expect(next.exitCode).toBe(0);
    expect(sandbox.stats()).toMatchObject({ stored: tree.files, repeats: 0 });
  },
  patient(60_000),
);

test(
  "a watch outlasts a store that another program has locked: at its start, and when its folder goes away",
  async () => {
    using home = tempFolder();
    using place = tempFolder();
    using sandbox = await startSandbox();
    const root = place.file("cvs");
    writeCvs(root, { files: 2 });
    await sync({ home, sandbox }, [root]);
    using other = new Database(storeOf(home));
    other.run("PRAGMA busy_timeout = 5000");
    other.run("BEGIN IMMEDIATE");
    const child = startSync({ home, sandbox }, ["--watch", root]);
    const stdout = new Response(child.stdout).text();
    const said: string[] = [];
    const reading = (async () => {
      for await (const line of linesOf(child.stderr)) said.push(line);
    })();
    const isSaid = (what: string): Promise<void> =>
      until(() => said.some((line) => line.includes(what)), what, 30_000);
    await isSaid("has locked the store");
    other.run("ROLLBACK");
    await isSaid("watching ");

    other.run("BEGIN IMMEDIATE");
    renameSync(root, place.file("away"));
    await isSaid("is missing");
    other.run("ROLLBACK");
    const modes = other.query<{ mode: string }, []>("SELECT mode FROM upload_watch");
    await until(() => modes.get()?.mode === "absent", "the store says so once it can be written");
    renameSync(place.file("away"), root);
    writeFileSync(join(root, "late.txt"), "late");
    await until(() => sandbox.stats().stored === 3, "what arrives is uploaded", 30_000);
    child.kill("SIGTERM");
    await reading;
    expect([await child.exited, await stdout]).toEqual([143, expect.any(String)]);
    expect(modes.get()).toBeNull();
  },
  patient(90_000),
);

test("a watch ends with 1 when its store is removed between two uploads, and says so", async () => {
  using home = tempFolder();
  using cvs = tempFolder();
  using sandbox = await startSandbox();
  writeCvs(cvs.path, { files: 1 });
  const child = startSync({ home, sandbox }, ["--watch", cvs.path]);
  const stderr = new Response(child.stderr).text();
  const results = linesOf(child.stdout);
  await results.next();
  for (const end of ["", "-wal", "-shm"]) rmSync(`${storeOf(home)}${end}`, { force: true });
  writeFileSync(cvs.file("late.txt"), "late");
  for await (const _ of results);
  expect(await child.exited).toBe(1);
  expect(await stderr).toContain(`the store ${storeOf(home)} was removed or replaced`);
}, 90_000);

needsExecution("strace")(
  "a run that finds nothing to do waits for no disk, however often it is repeated",
  async () => {
    using home = tempFolder();
    using cvs = tempFolder();
    using sandbox = await startSandbox();
    const { files } = writeCvs(cvs.path, { files: 5 });
    await sync({ home, sandbox }, [cvs.path]);
    const log = home.file("strace.log");
    const traced = [programPath("strace"), "-f", "-qq", "-e", "trace=fsync,fdatasync", "-o", log];
    const env = syncEnvironment({ home, sandbox });
    let syncs = 0;
    let most = 0;
    // Now and then the log has to be folded, and only then.
    for (let round = 0; round < 30; round += 1) {
      const run = await runCommand([...traced, ...syncCommand([cvs.path])], { env });
      expect([run.exitCode, run.stderr, resultOf(run).duplicate_local]).toEqual([0, "", files]);
      if (readFileSync(log, "utf8") !== "") syncs += 1;
      most = Math.max(most, statSync(`${storeOf(home)}-wal`).size);
    }
    expect(syncs).toBeLessThanOrEqual(3);
    expect(most).toBeLessThan(300_000);
    using store = new Database(storeOf(home), { readonly: true });
    const ended = store.query("SELECT count(*) AS runs, count(ended_at_ms) AS ended FROM upload_run").get();
    expect(ended).toEqual({ runs: 31, ended: 31 });
    expect(sandbox.stats()).toMatchObject({ stored: files, repeats: 0 });
  },
  patient(60_000),
);
