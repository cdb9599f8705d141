import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { startSandbox } from "../../../src/upload/sandbox/server.ts";
import { writeCvs } from "../../support/upload/cvs.ts";
import { nodupe } from "../../support/run.ts";
import { isSumRight, resultOf, startSync, sync, syncEnvironment } from "../../support/upload/sync.ts";
import { tempFolder } from "../../support/temp.ts";
import { until } from "../../support/until.ts";

test("a second process on the same store and destination ends with 1 and names the first", async () => {
  using home = tempFolder();
  using cvs = tempFolder();
  using sandbox = await startSandbox({ latencyMs: 600 });
  writeCvs(cvs.path, { files: 40 });
  const first = startSync({ home, sandbox }, ["--workers", "2", cvs.path]);
  await until(() => sandbox.stats().stored > 0, "the first is at work");
  const second = await sync({ home, sandbox }, [cvs.path]);
  expect(second.exitCode).toBe(1);
  expect(second.stderr).toContain(`process ${first.pid} is at work`);
  expect(resultOf(second)).toMatchObject({
    found: null,
    uploaded: 0,
    interrupted: false,
    error: { kind: "busy", pid: first.pid, reason: expect.stringContaining("at work") },
  });
  first.kill("SIGKILL");
  await first.exited;
  const third = await sync({ home, sandbox }, ["--workers", "20", "--ambiguous-wait", "2s", cvs.path]);
  expect(third.exitCode).toBe(0);
  expect(sandbox.stats().repeats).toBe(0);
});

test("other commands read and write the store while a mass import is at work in it", async () => {
  using home = tempFolder();
  using cvs = tempFolder();
  using sandbox = await startSandbox({ latencyMs: 5 });
  const tree = writeCvs(cvs.path, { files: 1_500 });
  const env = syncEnvironment({ home, sandbox });
  const child = startSync({ home, sandbox }, ["--bulk", "--workers", "20", cvs.path]);
  const printed = new Response(child.stdout).text();
  await until(() => sandbox.stats().stored > 0, "the import is at work");
  let beside = 0;
  while (child.exitCode === null && beside < 8) {
    const file = home.file("history.json");
    writeFileSync(file, JSON.stringify([new Bun.CryptoHasher("sha256").update(`${beside}`).digest("hex")]));
    // Another server's history, in the same store.
    const imported = await nodupe(["history", "import", file, "--json", "--url", "https://other.example"], {
      env,
    });
    expect({ code: imported.exitCode, stderr: imported.stderr }).toEqual({ code: 0, stderr: "" });
    expect(JSON.parse(imported.stdout)).toMatchObject({ imported: 1 });
    expect((await nodupe(["history", "list"], { env })).exitCode).toBe(0);
    beside += 1;
  }
  expect(beside).toBeGreaterThan(0);
  const result = resultOf({ stdout: await printed, stderr: "" });
  expect(await child.exited).toBe(0);
  expect(isSumRight(result)).toBe(true);
  expect(result).toMatchObject({ found: tree.files, uploaded: tree.files, failed: 0 });
  expect(sandbox.stats().repeats).toBe(0);
});
