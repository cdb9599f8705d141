import { expect, test } from "bun:test";
import { startSandbox } from "../../../src/upload/sandbox/server.ts";
import { writeCvs } from "../../support/upload/cvs.ts";
import { patient } from "../../support/emulation.ts";
import { resultOf, startSync, sync } from "../../support/upload/sync.ts";
import { tempFolder } from "../../support/temp.ts";
import { until } from "../../support/until.ts";

test("SIGTERM ends a run with 143 within 5 s, and the next run takes up the rest", async () => {
  using home = tempFolder();
  using cvs = tempFolder();
  using sandbox = await startSandbox({ latencyMs: 300 });
  const tree = writeCvs(cvs.path, { files: 60 });
  const child = startSync({ home, sandbox }, ["--workers", "5", cvs.path]);
  await until(() => sandbox.stats().stored >= 10, "ten are stored");
  const signalledAt = performance.now();
  child.kill("SIGTERM");
  const stdout = await new Response(child.stdout).text();
  expect(await child.exited).toBe(143);
  expect(performance.now() - signalledAt).toBeLessThan(patient(5_000));
  const result = resultOf({ stdout, stderr: "" });
  expect(result).toMatchObject({ interrupted: true, failed: 0 });
  expect(result.uploaded).toBe(sandbox.stored().size);

  const next = resultOf(await sync({ home, sandbox }, ["--workers", "20", cvs.path]));
  expect(next).toMatchObject({
    uploaded: tree.files - result.uploaded,
    duplicate_local: result.uploaded,
    failed: 0,
  });
  expect(sandbox.stats().repeats).toBe(0);
});

test("SIGINT ends a run that waits for memory as well, and the result is still printed", async () => {
  using home = tempFolder();
  using cvs = tempFolder();
  using sandbox = await startSandbox({ latencyMs: 500 });
  writeCvs(cvs.path, { files: 40, minBytes: 300_000, maxBytes: 400_000 });
  const child = startSync({ home, sandbox }, ["--workers", "2", cvs.path], { NODUPE_SYNC_MEMORY: "2M" });
  await until(() => sandbox.stats().requests.upload >= 2, "two are in flight");
  child.kill("SIGINT");
  const stdout = await new Response(child.stdout).text();
  expect(await child.exited).toBe(130);
  const result = resultOf({ stdout, stderr: "" });
  expect(result).toMatchObject({ interrupted: true, failed: 0 });
  expect(result.uploaded).toBeWithin(2, 40);
});
