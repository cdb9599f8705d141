import { expect, test } from "bun:test";
import { appendFileSync, chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { startSandbox } from "../../../src/upload/sandbox/server.ts";
import { BINARY } from "../../support/binary.ts";
import { writeCvs } from "../../support/upload/cvs.ts";
import { patient } from "../../support/emulation.ts";
import { needs, needsRoot, programPath } from "../../support/programs.ts";
import { runCommand } from "../../support/run.ts";
import {
  isSumRight,
  resultOf,
  startSync,
  sync,
  syncCommand,
  syncEnvironment,
} from "../../support/upload/sync.ts";
import { tempFolder } from "../../support/temp.ts";
import { until } from "../../support/until.ts";

const MIB = 1024 * 1024;

needs("strace")(
  "a disk that is full under the store ends the run with a clear line, and nothing is lost",
  async () => {
    using home = tempFolder();
    using cvs = tempFolder();
    using sandbox = await startSandbox({ latencyMs: 5 });
    const tree = writeCvs(cvs.path, { files: 120 });
    // Fails every write of the store from the 200th on; other writes go by write(2) and sendto(2).
    const inject = [
      "-f",
      "-qq",
      "-o",
      home.file("trace"),
      "-e",
      "trace=pwrite64",
      "-e",
      "inject=pwrite64:error=ENOSPC:when=200+",
    ];
    const env = syncEnvironment({ home, sandbox });
    const run = await runCommand([programPath("strace"), ...inject, ...syncCommand([cvs.path])], { env });
    expect(run.exitCode).toBe(1);
    expect(run.stderr).toContain("the disk is full");
    expect(resultOf(run)).toMatchObject({ interrupted: true });
    expect(sandbox.stored().size).toBeLessThan(tree.files);

    const next = await sync({ home, sandbox }, ["--ambiguous-wait", "500ms", cvs.path]);
    expect(next.exitCode).toBe(0);
    expect(isSumRight(resultOf(next))).toBe(true);
    expect(sandbox.stored().size).toBe(tree.files);
    expect(sandbox.stats().repeats).toBe(0);
  },
  60_000,
);

needs("strace")(
  "a kernel or a container that refuses statx: files are looked at in the older way, and known by it",
  async () => {
    using home = tempFolder();
    using cvs = tempFolder();
    using sandbox = await startSandbox();
    const tree = writeCvs(cvs.path, { files: 20 });
    const refused = [
      "-f",
      "-qq",
      "-o",
      home.file("trace"),
      "-e",
      "trace=statx",
      "-e",
      "inject=statx:error=EPERM",
    ];
    const env = syncEnvironment({ home, sandbox });
    const run = async () =>
      resultOf(await runCommand([programPath("strace"), ...refused, ...syncCommand([cvs.path])], { env }));
    expect(await run()).toMatchObject({ found: tree.files, uploaded: tree.files, failed: 0 });
    expect(await run()).toMatchObject({ found: tree.files, duplicate_local: tree.files, failed: 0 });
    // What was known in one way is known in the other.
    expect(resultOf(await sync({ home, sandbox }, [cvs.path]))).toMatchObject({
      duplicate_local: tree.files,
    });
    expect(sandbox.stats().repeats).toBe(0);
  },
  60_000,
);

needsRoot("setpriv")(
  "a root that may not be read: exit 5; a folder or file below it: a failure with its reason, exit 1",
  async () => {
    using home = tempFolder();
    using cvs = tempFolder();
    using sandbox = await startSandbox();
    const tree = writeCvs(cvs.path, { files: 12 });
    for (const folder of [home.path, cvs.path]) chmodSync(folder, 0o777);
    chmodSync(cvs.file("Job 1"), 0o000);
    writeFileSync(cvs.file("secret.pdf"), "secret", { mode: 0o000 });
    const asNobody = [programPath("setpriv"), "--reuid=65534", "--regid=65534", "--clear-groups"];
    const env = syncEnvironment({ home, sandbox });
    const below = await runCommand([...asNobody, ...syncCommand([cvs.path])], { env });
    expect(below.exitCode).toBe(1);
    const result = resultOf(below);
    expect(isSumRight(result)).toBe(true);
    expect(result).toMatchObject({ found: tree.files - 2 + 2, uploaded: tree.files - 2, failed: 2 });
    expect(
      result.failures
        .map(({ path, reason }) => ({ path, reason }))
        .toSorted((a, b) => (a.path < b.path ? -1 : 1)),
    ).toEqual([
      { path: cvs.file("Job 1"), reason: "not permitted to read it" },
      { path: cvs.file("secret.pdf"), reason: "not permitted to read it" },
    ]);
    chmodSync(cvs.file("Job 1"), 0o700);

    const locked = cvs.file("locked");
    mkdirSync(locked, { mode: 0o000 });
    const root = await runCommand([...asNobody, ...syncCommand([locked])], { env });
    expect(root.exitCode).toBe(5);
    expect(root.stderr).toContain("permission denied");
    expect(resultOf(root)).toMatchObject({ found: null, failed: 0 });
  },
);

test(
  "a file that changes while it is sent never arrives in pieces",
  async () => {
    using home = tempFolder();
    using cvs = tempFolder();
    using sandbox = await startSandbox();
    const path = cvs.file("growing.pdf");
    writeFileSync(path, Buffer.alloc(6 * MIB, "a"));
    // Slow enough that the change falls into the sending.
    const child = startSync({ home, sandbox }, ["--bwlimit", "4M", cvs.path]);
    await until(() => sandbox.stats().received_bytes > MIB, "it is on its way");
    appendFileSync(path, "b".repeat(1000));
    const stdout = await new Response(child.stdout).text();
    expect(await child.exited).toBe(0);
    expect(resultOf({ stdout, stderr: "" })).toMatchObject({ found: 1, uploaded: 1, failed: 0 });
    const whole = new Bun.CryptoHasher("sha256").update(await Bun.file(path).bytes()).digest("hex");
    expect(sandbox.stored()).toEqual(new Map([[whole, 1]]));
  },
  patient(60_000),
);

test("a store of a newer nodupe, and a file that is no store, are refused with 2", async () => {
  using home = tempFolder();
  using cvs = tempFolder();
  writeCvs(cvs.path, { files: 1 });
  writeFileSync(home.file("garbage.db"), "this is no store, and it is longer than a header of SQLite");
  const run = await runCommand([BINARY, "sync", "--sandbox", "--db", home.file("garbage.db"), cvs.path], {
    env: { HOME: home.path },
  });
  expect(run.exitCode).toBe(2);
  expect(run.stderr).toContain("is not a nodupe store");
});
