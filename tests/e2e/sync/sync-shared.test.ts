import { expect } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Sandbox, startSandbox } from "../../../src/upload/sandbox/server.ts";
import { createAuthority } from "../../support/net/authority.ts";
import { BINARY } from "../../support/binary.ts";
import { writeCvs } from "../../support/upload/cvs.ts";
import { patient, patientMs } from "../../support/emulation.ts";
import { linesOf } from "../../support/lines.ts";
import { needs } from "../../support/programs.ts";
import { freeTcpPort } from "../../support/net/free-port.ts";
import { startRedis, startSentinel } from "../../support/net/redis.ts";
import { type Run, runCommand } from "../../support/run.ts";
import { isSumRight, resultOf, startSync, sync, syncEnvironment } from "../../support/upload/sync.ts";
import { type TempFolder, tempFolder } from "../../support/temp.ts";
import { until } from "../../support/until.ts";

const test = needs("redis-server", "redis-cli");

interface Office extends Disposable {
  /** So many machines, each with a store of its own. */
  readonly homes: readonly TempFolder[];
  readonly cvs: TempFolder;
  readonly sandbox: Sandbox;
}

async function office(machines: number, files: number): Promise<Office> {
  using stack = new DisposableStack();
  const homes = Array.from({ length: machines }, () => stack.use(tempFolder()));
  const cvs = stack.use(tempFolder());
  writeCvs(cvs.path, { files });
  const sandbox = stack.use(await startSandbox({ processingMs: 100, refusesDuplicates: false }));
  const kept = stack.move();
  return { homes, cvs, sandbox, [Symbol.dispose]: () => kept.dispose() };
}

function syncAt(
  { homes, sandbox, cvs }: Office,
  machine: number,
  shared: string,
  args: readonly string[] = [],
): Promise<Run> {
  const home = homes[machine];
  if (home === undefined) throw new Error(`Cannot sync at machine ${machine}: there is none`);
  return sync({ home, sandbox }, [...args, cvs.path], { NODUPE_SHARED: shared });
}

function nodupeAt({ homes, sandbox }: Office, machine: number, words: readonly string[]): Promise<Run> {
  const home = homes[machine];
  if (home === undefined) throw new Error(`Cannot run at machine ${machine}: there is none`);
  return runCommand([BINARY, ...words], { env: syncEnvironment({ home, sandbox }) });
}

test("machines that share a history store each content once, and count what others have sent as the server's", async () => {
  using at = await office(3, 60);
  await using redis = await startRedis();
  const url = `redis://127.0.0.1:${redis.port}`;
  // With few workers neither is done before the other has begun.
  const runs = await Promise.all([0, 1].map((machine) => syncAt(at, machine, url, ["--workers", "3"])));
  const results = runs.map(resultOf);
  expect(runs.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
  expect(results.every(isSumRight)).toBe(true);
  expect(results.reduce((sum, { uploaded }) => sum + uploaded, 0)).toBe(60);
  expect(results.every(({ uploaded }) => uploaded > 0)).toBe(true);
  expect(at.sandbox.stats()).toMatchObject({ stored: 60, repeats: 0 });
  const { check } = at.sandbox.stats().requests;
  const late = await syncAt(at, 2, url);
  expect(resultOf(late)).toMatchObject({ uploaded: 0, duplicate_remote: 60, duplicate_local: 0 });
  expect(at.sandbox.stats().requests).toMatchObject({ upload: 60, check });
  const status = JSON.parse((await nodupeAt(at, 2, ["status", "--json"])).stdout) as unknown;
  const share = { destination: at.sandbox.url, address: url, state: "joined", reason: null, at_work: false };
  expect(status).toMatchObject({ healthy: true, sync: { shares: [share] } });
  expect((await nodupeAt(at, 2, ["status"])).stdout).toContain(`shared in ${url}: answering`);
});

test("what a machine has sent before is told to the others, once; another destination's history says nothing", async () => {
  using at = await office(3, 30);
  using elsewhere = await startSandbox({ refusesDuplicates: false });
  await using redis = await startRedis();
  const url = `redis://127.0.0.1:${redis.port}`;
  await syncAt(at, 0, "");
  const calls = (): number =>
    Number(/cmdstat_hset:calls=(\d+)/.exec(redis.command("INFO", "commandstats"))?.[1] ?? 0);
  expect(resultOf(await syncAt(at, 0, url))).toMatchObject({ uploaded: 0, duplicate_local: 30 });
  expect(calls()).toBe(30);
  expect(resultOf(await syncAt(at, 0, url))).toMatchObject({ duplicate_local: 30 });
  expect(calls()).toBe(30);
  expect(resultOf(await syncAt(at, 1, url))).toMatchObject({ uploaded: 0, duplicate_remote: 30 });
  expect(resultOf(await syncAt({ ...at, sandbox: elsewhere }, 2, url))).toMatchObject({ uploaded: 30 });
  expect([at.sandbox.stats().repeats, elsewhere.stats().stored]).toEqual([0, 30]);
});

test("what is forgotten on one machine is asked for anew, though the others have it as done", async () => {
  using at = await office(2, 5);
  await using redis = await startRedis();
  const url = `redis://127.0.0.1:${redis.port}`;
  for (const machine of [0, 1]) await syncAt(at, machine, url);
  expect((await nodupeAt(at, 1, ["history", "forget", "--all", "--yes"])).exitCode).toBe(0);
  const { check } = at.sandbox.stats().requests;
  expect(resultOf(await syncAt(at, 1, url))).toMatchObject({ duplicate_remote: 5 });
  expect(at.sandbox.stats().requests).toMatchObject({ check: check + 5, upload: 5 });
});

test("TLS with an authority of one's own and a user of the server's; unknown and wrongly named ones are refused in a line", async () => {
  using at = await office(2, 4);
  using folder = tempFolder();
  const authority = await createAuthority(folder, "office");
  const issued = await authority.issue("redis", {
    extensions: ["basicConstraints = CA:FALSE", "subjectAltName = DNS:localhost"],
  });
  const [ca, cert, key] = [authority.path, folder.file("cert.pem"), folder.file("cert.key")];
  writeFileSync(cert, issued.cert);
  writeFileSync(key, issued.key);
  const port = await freeTcpPort();
  const tls = ["--tls-port", `${port}`, "--tls-cert-file", cert, "--tls-key-file", key];
  const user = ["office", "on", ">s3cret", "~nodupe:*", "-@all"];
  const rights =
    "+eval +evalsha +info +time +get +set +del +pttl +pexpire +hset +hdel +hexists +hello +auth +ping";
  await using _redis = await startRedis([
    ...tls,
    "--tls-ca-cert-file",
    ca,
    "--tls-auth-clients",
    "no",
    "--user",
    ...user,
    ...rights.split(" "),
  ]);
  const at_ = (host: string, who = "office:s3cret@"): string => `rediss://${who}${host}:${port}`;
  const secret = folder.file("shared");
  writeFileSync(secret, `${at_("localhost")}\n`, { mode: 0o600 });
  const good = await syncAt(at, 0, "", ["--ca-file", ca, "--shared-file", secret]);
  expect([good.exitCode, good.stderr, resultOf(good).uploaded]).toEqual([0, "", 4]);
  const refusals = await Promise.all([
    syncAt(at, 1, at_("localhost")),
    syncAt(at, 1, at_("127.0.0.1"), ["--ca-file", ca]),
    syncAt(at, 1, at_("localhost", "office:wrong@"), ["--ca-file", ca]),
  ]);
  expect(refusals.map(({ exitCode }) => exitCode)).toEqual([4, 4, 5]);
  const [unknown = "", misnamed = "", wrong = ""] = refusals.map(({ stderr }) => stderr);
  expect(unknown).toContain("signed by an unknown authority");
  expect(misnamed).toContain("not made out to 127.0.0.1");
  expect(wrong).toContain("refuses the user or the password");
  for (const { stdout, stderr } of [good, ...refusals]) {
    expect(stdout + stderr).not.toMatch(/s3cret|wrong@/);
    expect(stderr.split("\n").length).toBeLessThanOrEqual(2);
  }
  expect(at.sandbox.stats()).toMatchObject({ stored: 4, repeats: 0 });
});

test("what cannot be shared in is refused before anything is done; a store that is away is waited for, then exit 4", async () => {
  using at = await office(1, 3);
  await using cluster = await startRedis(["--cluster-enabled", "yes"]);
  await using primary = await startRedis();
  await using sentinel = await startSentinel(primary);
  await using evicting = await startRedis(["--maxmemory", "1gb", "--maxmemory-policy", "allkeys-lru"]);
  const home = at.homes[0];
  if (home === undefined) throw new Error("there is no machine");
  const flag = (...words: readonly string[]): Promise<Run> =>
    sync({ home, sandbox: at.sandbox }, [...words, at.cvs.path]);
  const runs = await Promise.all([
    syncAt(at, 0, `redis://127.0.0.1:${cluster.port}`),
    syncAt(at, 0, `redis://127.0.0.1:${sentinel.port}`),
    syncAt(at, 0, `redis://127.0.0.1:${evicting.port}`),
    flag("--shared", "redis://:s3cret@127.0.0.1:1"),
    flag("--shared", "http://127.0.0.1:1"),
    flag("--shared-wait", "1s"),
  ]);
  expect(runs.map(({ exitCode, stdout }) => [exitCode, stdout])).toEqual(runs.map(() => [2, ""]));
  const said = runs.map(({ stderr }) => stderr);
  expect(said[0]).toContain("it is a Redis Cluster");
  expect(said[1]).toContain("it is a Sentinel, which holds no data; name the primary itself");
  expect(said[2]).toContain("(maxmemory-policy allkeys-lru), and so would forget what was uploaded");
  expect(said[3]).toContain("set it in NODUPE_SHARED");
  expect(said[3]).not.toContain("s3cret");
  expect(said[4]).toContain("expected redis://HOST:PORT/DB");
  expect(said[5]).toContain("means nothing without --shared");
  const away = await flag("--shared", "redis://127.0.0.1:1", "--shared-wait", "1s");
  expect(away.exitCode).toBe(4);
  expect(resultOf(away)).toMatchObject({ uploaded: 0, failed: 3, error: { kind: "unreachable" } });
  expect(away.stderr).toContain("the shared store does not answer (nothing listens there");
  expect(away.stderr).toContain(
    "the shared store redis://127.0.0.1:1 does not answer (nothing listens there",
  );
  expect(at.sandbox.stats()).toMatchObject({ stored: 0 });
});

test("a machine that dies is taken over from within 15 s: what it was sending is looked for, and not sent again", async () => {
  using at = await office(2, 4);
  using slow = await startSandbox({ processingMs: 3_000, refusesDuplicates: false });
  const there = { ...at, sandbox: slow };
  await using redis = await startRedis();
  const url = `redis://127.0.0.1:${redis.port}`;
  const [home] = at.homes;
  if (home === undefined) throw new Error("there is no machine");
  const child = startSync({ home, sandbox: slow }, [at.cvs.path], { NODUPE_SHARED: url });
  await until(() => slow.stats().requests.upload === 4, "all are on their way");
  child.kill("SIGKILL");
  await child.exited;
  const startedMs = performance.now();
  const run = await syncAt(there, 1, url, ["--ambiguous-wait", patientMs(5_000)]);
  expect([run.exitCode, resultOf(run).duplicate_remote]).toEqual([0, 4]);
  expect(slow.stats()).toMatchObject({ stored: 4, repeats: 0 });
  expect(performance.now() - startedMs).toBeLessThan(patient(60_000));
});

test("a watching machine shares too, waits for a shared store that is away, and goes on when it is back", async () => {
  using at = await office(2, 3);
  await using redis = await startRedis();
  const url = `redis://127.0.0.1:${redis.port}`;
  const [home] = at.homes;
  if (home === undefined) throw new Error("there is no machine");
  const args = ["--watch", "--settle", "100ms", "--ambiguous-wait", "1s", at.cvs.path];
  const child = startSync({ home, sandbox: at.sandbox }, args, { NODUPE_SHARED: url });
  const said: string[] = [];
  const listening = (async () => {
    for await (const line of linesOf(child.stderr)) said.push(line);
  })();
  try {
    await until(() => at.sandbox.stats().stored === 3, "the first are there");
    await redis.stop();
    writeFileSync(join(at.cvs.path, "late.txt"), "late");
    await until(() => said.some((line) => line.includes("the shared store does not answer")), "it is said");
    const status = await nodupeAt(at, 0, ["status"]);
    expect([status.exitCode, status.stdout]).toEqual([
      1,
      expect.stringContaining("no upload begins without it"),
    ]);
    expect(at.sandbox.stats().stored).toBe(3);
    await redis.start();
    await until(
      () => said.some((line) => line.includes("the shared store was emptied, restarted or replaced")),
      "the loss is said",
    );
    await until(() => at.sandbox.stats().stored === 4, "it goes on", 30_000);
  } finally {
    child.kill("SIGTERM");
    await listening;
  }
  rmSync(join(at.cvs.path, "late.txt"));
  const other = await syncAt(at, 1, url, ["--ambiguous-wait", "1s"]);
  expect(resultOf(other)).toMatchObject({ uploaded: 0, duplicate_remote: 3 });
  expect(at.sandbox.stats().repeats).toBe(0);
});
