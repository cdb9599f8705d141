import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { ntpServer, serverArguments } from "../../support/time/ntp.ts";
import { freeTcpPort } from "../../support/net/free-port.ts";
import { nodupe, runCommand } from "../../support/run.ts";
import { tempFolder } from "../../support/temp.ts";
import { writeFileSync } from "node:fs";
import { startSandbox } from "../../../src/upload/sandbox/server.ts";
import { BINARY } from "../../support/binary.ts";
import { sync, syncEnvironment } from "../../support/upload/sync.ts";

test("without a store there is nothing to show, and that is said", async () => {
  using folder = tempFolder();
  const run = await nodupe(["status", "--db", folder.file("store.db")]);
  expect([run.exitCode, run.stdout]).toEqual([2, ""]);
  expect(run.stderr).toContain("there is no store");
});

test("a healthy board: one screen, exit 0, and the same as JSON", async () => {
  using folder = tempFolder();
  const db = folder.file("store.db");
  await nodupe(["sync", "--sandbox", "examples/cvs", "--db", db, "-q"]);
  const run = await nodupe(["status", "--db", db]);
  expect([run.exitCode, run.stderr]).toEqual([0, ""]);
  expect(run.stdout).toStartWith("All is well.\n");
  expect(run.stdout).toContain("sync    sandbox: 8 done");
  expect(await nodupe(["status", "-q", "--db", db])).toEqual({ exitCode: 0, stdout: "", stderr: "" });
  const json = JSON.parse((await nodupe(["status", "--json", "--db", db])).stdout) as Record<string, unknown>;
  expect(Object.keys(json)).toEqual(["healthy", "problems", "time", "sync", "nodes", "store", "fleet"]);
  expect(json).toMatchObject({ healthy: true, problems: [], nodes: [] });
});

test("something wrong: exit 1, and the reasons come first", async () => {
  using folder = tempFolder();
  const db = folder.file("store.db");
  await nodupe(["ingest", "--node", "old", "tests/fixtures/storagenode-sample.log", "--db", db, "-q"]);
  const run = await nodupe(["status", "-q", "--db", db]);
  expect(run.exitCode).toBe(1);
  expect(run.stdout).toMatch(/^▲ Node old has been silent for \d+ days\n/);
});

test("a time server that answers and is not believed is named with the reason, until it is", async () => {
  using folder = tempFolder();
  const db = folder.file("store.db");
  using stack = new DisposableStack();
  const liar = stack.use(await ntpServer({ offsetS: 0.9 }));
  const honest = [0, 1, 2].map(() => ntpServer({ delayMs: 20 }));
  const servers = [liar, ...(await Promise.all(honest)).map((server) => stack.use(server))];
  expect((await nodupe(["time", ...serverArguments(servers), "--db", db, "-q"])).exitCode).toBe(0);
  const { stdout } = await nodupe(["status", "--json", "--db", db]);
  const { time } = JSON.parse(stdout) as {
    time: { servers: { address: string; answers: number; reason: string | null }[] };
  };
  const refused = time.servers.filter(({ reason }) => reason !== null);
  expect(refused).toHaveLength(1);
  expect(refused[0]?.address).toEndWith(`:${liar.port}`);
  expect(refused[0]?.reason).toMatch(/^it is \d+\.\d+ ms from what 3 servers agreed on/);
});

test("a run that does not reach its server is a problem, until one does; so is a run whose process is another's now", async () => {
  using home = tempFolder();
  using cvs = tempFolder();
  writeFileSync(cvs.file("cv.txt"), "a CV");
  const server = { port: await freeTcpPort(), apiKey: "tanova_sk_test" };
  const url = `http://127.0.0.1:${server.port}`;
  const away = await sync({ home, sandbox: { ...server, url } }, ["--retries", "0", cvs.path]);
  expect(away.exitCode).toBe(4);
  const status = () =>
    runCommand([BINARY, "status"], { env: syncEnvironment({ home, sandbox: { ...server, url } }) });
  const unwell = await status();
  expect([unwell.exitCode, unwell.stdout]).toEqual([
    1,
    expect.stringMatching(
      /^▲ The upload of .* could not go on: connection refused; run it again: nodupe sync\n/,
    ),
  ]);
  expect(unwell.stdout).toContain("has accepted no uploads since");

  using sandbox = await startSandbox(server);
  expect((await sync({ home, sandbox }, [cvs.path])).exitCode).toBe(0);
  expect(await status()).toMatchObject({ exitCode: 0, stdout: expect.stringContaining("ago, 1 uploaded") });

  using store = new Database(home.file(".local/share/nodupe/nodupe.db"));
  store.run("UPDATE upload_run SET ended_at_ms = NULL, pid = ?", [process.pid]);
  expect((await status()).stdout).toMatch(/^▲ The upload of .* was cut off; run it again: nodupe sync\n/);
});
