import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { startSandbox } from "../../../src/upload/sandbox/server.ts";
import { BINARY } from "../../support/binary.ts";
import { writeCvs } from "../../support/upload/cvs.ts";
import { freeTcpPort } from "../../support/net/free-port.ts";
import { nodupe, runCommand } from "../../support/run.ts";
import { isSumRight, resultOf, sync, syncEnvironment } from "../../support/upload/sync.ts";
import { sha256 } from "../../support/upload/tanova.ts";
import { tempFolder } from "../../support/temp.ts";

test("--files-from: the files of a list, from a file and from stdin; one that is not there is a failure", async () => {
  using home = tempFolder();
  using cvs = tempFolder();
  using sandbox = await startSandbox();
  for (const name of ["a.pdf", "b.pdf", "c.pdf", "d\nd.pdf"]) writeFileSync(cvs.file(name), name);
  const list = home.file("list");
  writeFileSync(list, `a.pdf\n${cvs.file("b.pdf")}\nnone.pdf\n`);
  const first = await sync({ home, sandbox }, ["--files-from", list, cvs.path]);
  const result = resultOf(first);
  expect([first.exitCode, result.found, result.uploaded, result.failures, isSumRight(result)]).toEqual([
    1,
    3,
    2,
    [{ path: cvs.file("none.pdf"), reason: "it is no longer there", status: null }],
    true,
  ]);
  const command = [BINARY, "sync", "--json", "--files-from", "-", "-0", cvs.path];
  const env = syncEnvironment({ home, sandbox });
  const second = await runCommand(command, { env, stdin: "d\nd.pdf\0a.pdf\0" });
  expect([second.exitCode, resultOf(second).uploaded, resultOf(second).duplicate_local]).toEqual([0, 1, 1]);
  expect([...sandbox.stored().keys()].toSorted()).toEqual(
    ["a.pdf", "b.pdf", "d\nd.pdf"].map(sha256).toSorted(),
  );
});

test("--files-from: a path outside the folder, no list, and -0 alone: exit 2, nothing done", async () => {
  using home = tempFolder();
  using cvs = tempFolder();
  using sandbox = await startSandbox();
  writeFileSync(cvs.file("a.pdf"), "a");
  writeFileSync(home.file("list"), "a.pdf\n../b.pdf\n");
  const runs = [
    ["--files-from", home.file("list"), cvs.path],
    ["--files-from", home.file("none"), cvs.path],
    ["-0", cvs.path],
  ];
  const lines = [];
  for (const args of runs) {
    const { exitCode, stdout, stderr } = await sync({ home, sandbox }, args);
    expect([exitCode, stdout]).toEqual([2, ""]);
    lines.push(stderr.replaceAll(home.path, "").replaceAll(cvs.path, "CVS"));
  }
  expect(lines).toEqual([
    'nodupe: --files-from: "../b.pdf" is not below the folder CVS; nothing was done\n',
    "nodupe: --files-from: /none cannot be read: no such file or directory\n",
    "nodupe: --nul means nothing without --files-from; give both, or neither\n",
  ]);
  expect(sandbox.stats().requests.health).toBe(0);
});

test("a dry run names what it would send, one a line, and asks nobody", async () => {
  using home = tempFolder();
  using cvs = tempFolder();
  using sandbox = await startSandbox();
  writeFileSync(cvs.file("a.pdf"), "a");
  writeFileSync(cvs.file("odd\n\u202Ename.pdf"), "b");
  writeFileSync(cvs.file("same.pdf"), "a");
  const env = syncEnvironment({ home, sandbox });
  const { exitCode, stdout } = await nodupe(["sync", "--dry-run", cvs.path], { env });
  const lines = stdout.trimEnd().split("\n");
  expect([exitCode, lines.length, sandbox.stats().requests.health]).toEqual([0, 3, 0]);
  // Which of two that are alike comes first is the file system's to say.
  expect(lines.slice(0, 2)).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/\/(a|same)\.pdf$/),
      expect.stringMatching(/\/odd\\n\\u\{?202e\}?name\.pdf$/i),
    ]),
  );
  expect(lines[2]).toMatch(/^3 CVs for .*: 2 to be uploaded, 1 already known here, 0 failed\.$/);
});

test.each([true, false])(
  "history verify asks for all that is recorded, in bulk (%p), and what is missing is sent again",
  async (batch) => {
    using home = tempFolder();
    using cvs = tempFolder();
    writeCvs(cvs.path, { files: 25 });
    const apiKey = "tanova_sk_same";
    const port = await freeTcpPort();
    {
      using sandbox = await startSandbox({ apiKey, port });
      expect((await sync({ home, sandbox }, [cvs.path])).exitCode).toBe(0);
      const run = await nodupe(["history", "verify", "--json"], { env: syncEnvironment({ home, sandbox }) });
      expect([run.exitCode, JSON.parse(run.stdout)]).toEqual([
        0,
        { destination: sandbox.url, checked: 25, present: 25, missing: 0, elapsed_s: expect.any(Number) },
      ]);
    }
    // A server that was restored from a backup of before.
    using sandbox = await startSandbox({ apiKey, port, batch });
    const env = syncEnvironment({ home, sandbox });
    const run = await nodupe(["history", "verify", "--json"], { env });
    expect([run.exitCode, JSON.parse(run.stdout)]).toMatchObject([
      1,
      { checked: 25, present: 0, missing: 25 },
    ]);
    const { check, bulk_check } = sandbox.stats().requests;
    expect([check, bulk_check]).toEqual(batch ? [0, 1] : [25, 0]);
    expect(resultOf(await sync({ home, sandbox }, [cvs.path])).uploaded).toBe(25);
    expect((await nodupe(["history", "verify"], { env })).stdout).toBe(
      `25 contents of ${sandbox.url} checked: 25 are there, 0 are missing.\n`,
    );
  },
);

test("history verify: no server is exit 4, a refused key exit 5, and nothing becomes pending by it", async () => {
  using home = tempFolder();
  using cvs = tempFolder();
  writeCvs(cvs.path, { files: 3 });
  const sandbox = await startSandbox();
  await sync({ home, sandbox }, [cvs.path]);
  const env = {
    ...syncEnvironment({ home, sandbox }),
    NODUPE_SYNC_RETRIES: "1",
    NODUPE_SYNC_RETRY_DELAY: "10ms",
  };
  const wrong = await nodupe(["history", "verify"], { env: { ...env, TANOVA_API_KEY: "tanova_sk_wrong" } });
  sandbox.stop();
  const gone = await nodupe(["history", "verify"], { env });
  expect([wrong.exitCode, wrong.stderr]).toEqual([5, expect.stringContaining("Invalid API key")]);
  expect([gone.exitCode, gone.stderr]).toEqual([4, expect.stringContaining("connection refused")]);
  const list = await nodupe(["history", "list", "--json"], { env });
  expect(list.stdout).toContain('"counts":{"pending":0,"sending":0,"done":3,"failed":0}');
});
