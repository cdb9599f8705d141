import { expect, test } from "bun:test";
import {
  appendFileSync,
  closeSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { type Sandbox, startSandbox } from "../../../src/upload/sandbox/server.ts";
import type { SyncResult } from "../../../src/upload/report/tally.ts";
import { patient } from "../../support/emulation.ts";
import { linesOf } from "../../support/lines.ts";
import { freeTcpPort } from "../../support/net/free-port.ts";
import { needsExecution } from "../../support/programs.ts";
import { isSumRight, startSync, sync, syncCommand, syncEnvironment } from "../../support/upload/sync.ts";
import { sha256 } from "../../support/upload/tanova.ts";
import { tempFolder, type TempFolder } from "../../support/temp.ts";
import { until } from "../../support/until.ts";
import { BINARY } from "../../support/binary.ts";
import { runCommand } from "../../support/run.ts";

interface Watched extends AsyncDisposable {
  readonly results: SyncResult[];
  readonly said: string[];
  end(signal?: NodeJS.Signals): Promise<number>;
}

/** Collects what a watching process prints, until it is ended. */
function collect(child: ReturnType<typeof startSync>): Watched {
  const results: SyncResult[] = [];
  const said: string[] = [];
  const reading = Promise.all([
    (async () => {
      for await (const line of linesOf(child.stdout)) results.push(JSON.parse(line) as SyncResult);
    })(),
    (async () => {
      for await (const line of linesOf(child.stderr)) said.push(line);
    })(),
  ]);
  const end = async (signal: NodeJS.Signals = "SIGTERM"): Promise<number> => {
    child.kill(signal);
    await reading;
    return child.exited;
  };
  return {
    results,
    said,
    end,
    [Symbol.asyncDispose]: async () => {
      await end();
    },
  };
}

async function watching(
  test: { home: TempFolder; sandbox: Pick<Sandbox, "url" | "apiKey"> },
  root: string,
  args: readonly string[] = [],
  settleMs = 200,
): Promise<Watched> {
  const settle = ["--settle", `${settleMs}ms`, "--retry-delay", "100ms"];
  const watched = collect(startSync(test, ["--watch", ...settle, ...args, root]));
  await until(() => watched.said.some((line) => line.startsWith("watching ")), "the folder is watched");
  return watched;
}

/** What `nodupe status` shows of the only server. */
async function breaker(test: Parameters<typeof syncEnvironment>[0]): Promise<{ state: string }> {
  const { stdout } = await runCommand([BINARY, "status", "--json"], { env: syncEnvironment(test) });
  const board = JSON.parse(stdout) as { sync: { destinations: { breaker: { state: string } }[] } };
  return board.sync.destinations[0]?.breaker ?? { state: "none" };
}

const storedIs = (sandbox: Sandbox, count: number): Promise<void> =>
  until(() => sandbox.stats().stored >= count, `${count} are stored`, 30_000);

test("what is there, arrives, moves and is renamed into place during the first pass and after it: each once, none missed", async () => {
  using home = tempFolder();
  using cvs = tempFolder();
  using outside = tempFolder();
  using sandbox = await startSandbox({ apiKey: "tanova_sk_test", latencyMs: 5 });
  const contents = new Set<string>();
  const write = (path: string): void => {
    const content = `CV ${contents.size}\n`;
    contents.add(sha256(content));
    writeFileSync(path, content);
  };
  for (let file = 0; file < 100; file += 1) write(cvs.file(`${file}.txt`));
  await using watched = await watching({ home, sandbox }, cvs.path);
  // While the first pass is at work.
  for (let folder = 0; folder < 10; folder += 1) {
    mkdirSync(cvs.file(`new ${folder}`, "deep"), { recursive: true });
    for (let file = 0; file < 10; file += 1) write(cvs.file(`new ${folder}`, "deep", `${file}.md`));
    mkdirSync(outside.file(`moved ${folder}`));
    for (let file = 0; file < 10; file += 1) write(outside.file(`moved ${folder}`, `${file}.pdf`));
    renameSync(outside.file(`moved ${folder}`), cvs.file(`moved ${folder}`));
  }
  await storedIs(sandbox, 300);
  // And after it.
  renameSync(cvs.file("new 3"), cvs.file("renamed"));
  write(cvs.file("renamed", "deep", "late.txt"));
  write(cvs.file(".part"));
  renameSync(cvs.file(".part"), cvs.file("placed.docx"));
  await storedIs(sandbox, contents.size);
  expect(await watched.end()).toBe(143);
  expect(new Set(sandbox.stored().keys())).toEqual(contents);
  expect(sandbox.stats().repeats).toBe(0);
  expect(watched.results.every(isSumRight)).toBe(true);
  expect(watched.results.reduce((sum, { uploaded }) => sum + uploaded, 0)).toBe(contents.size);
});

test("a file is sent once it is whole: open for long, written line by line, copied over", async () => {
  using home = tempFolder();
  using cvs = tempFolder();
  using sandbox = await startSandbox({ apiKey: "tanova_sk_test" });
  // Longer than one line takes to follow the other.
  await using _watched = await watching({ home, sandbox }, cvs.path, [], patient(500));
  const slow = openSync(cvs.file("slow.pdf"), "w");
  writeSync(slow, "half ");
  for (let line = 0; line < 8; line += 1) {
    appendFileSync(cvs.file("lines.txt"), `${line}\n`);
    writeFileSync(cvs.file("signal.md"), `${line}`);
    renameSync(cvs.file("signal.md"), cvs.file(`signal ${line}.md`));
    await storedIs(sandbox, line + 1);
  }
  await storedIs(sandbox, 9);
  writeSync(slow, "whole");
  closeSync(slow);
  await storedIs(sandbox, 10);
  const stored = sandbox.stored();
  expect(stored.has(sha256("half whole"))).toBe(true);
  expect(stored.has(sha256("0\n1\n2\n3\n4\n5\n6\n7\n"))).toBe(true);
  expect(stored.size).toBe(10);
});

test("a root that is replaced is watched anew, and ignore files are heeded as they change", async () => {
  using home = tempFolder();
  using place = tempFolder();
  const root = place.file("cvs");
  mkdirSync(root);
  using sandbox = await startSandbox({ apiKey: "tanova_sk_test" });
  await using watched = await watching({ home, sandbox }, root);
  writeFileSync(join(root, ".nodupeignore"), "private*\n");
  writeFileSync(join(root, "private.txt"), "private");
  writeFileSync(join(root, "public.txt"), "public");
  await storedIs(sandbox, 1);
  renameSync(root, place.file("old"));
  await until(() => watched.said.some((line) => line.includes("is missing")), "the root is missed", 15_000);
  mkdirSync(root);
  writeFileSync(join(root, "second.txt"), "second");
  await storedIs(sandbox, 2);
  rmSync(root, { recursive: true });
  mkdirSync(root);
  writeFileSync(join(root, "third.txt"), "third");
  await storedIs(sandbox, 3);
  expect(sandbox.stored().has(sha256("private"))).toBe(false);
});

test("a server that is away is waited for, whatever arrives meanwhile, and gets everything once when it is back", async () => {
  using home = tempFolder();
  using cvs = tempFolder();
  const port = await freeTcpPort();
  const server = { port, apiKey: "tanova_sk_test", store: home.file("server.db") };
  let sandbox = await startSandbox(server);
  await using watched = await watching({ home, sandbox }, cvs.path, ["--retries", "1"]);
  writeFileSync(cvs.file("first.txt"), "first");
  await storedIs(sandbox, 1);
  sandbox.stop();
  for (let file = 0; file < 20; file += 1) writeFileSync(cvs.file(`${file}.txt`), `${file}`);
  await until(
    () => watched.said.some((line) => line.includes("waiting for the server")),
    "it is missed",
    30_000,
  );
  expect(await breaker({ home, sandbox })).toMatchObject({ state: "open", reason: expect.any(String) });
  sandbox = await startSandbox(server);
  try {
    await storedIs(sandbox, 21);
    expect(sandbox.stats()).toMatchObject({ stored: 21, repeats: 0 });
    await until(
      async () => (await breaker({ home, sandbox })).state === "closed",
      "status shows that it is back",
      30_000,
    );
  } finally {
    sandbox.stop();
  }
});

test("a second run on the same store is told who is at work; status shows the watch, and that it ended badly", async () => {
  using home = tempFolder();
  using cvs = tempFolder();
  using sandbox = await startSandbox({ apiKey: "tanova_sk_test" });
  writeFileSync(cvs.file("first.txt"), "first");
  // Old enough for the first pass, which does not wait for what was written just now.
  utimesSync(cvs.file("first.txt"), 1_700_000_000, 1_700_000_000);
  const watched = await watching({ home, sandbox }, cvs.path);
  await until(() => watched.results.length === 1, "the first pass has ended");
  const second = await sync({ home, sandbox }, [cvs.path]);
  expect([second.exitCode, second.stderr]).toEqual([1, expect.stringMatching(/process \d+ is at work/)]);
  const env = syncEnvironment({ home, sandbox });
  const status = async (): Promise<unknown> =>
    JSON.parse((await runCommand([BINARY, "status", "--json"], { env })).stdout);
  expect(await status()).toMatchObject({
    healthy: true,
    sync: {
      watches: [{ at_work: true, mode: "events", folder: cvs.path }],
      runs: [{ result: { uploaded: 1 } }],
      last_success: expect.any(String),
    },
  });
  await watched.end("SIGKILL");
  expect(await status()).toMatchObject({
    healthy: false,
    problems: [{ key: expect.stringContaining("unwatched") }],
  });
});

for (const limit of ["max_inotify_watches", "max_inotify_instances"]) {
  needsExecution("unshare")(`where ${limit} is reached, the tree is scanned, and that is said`, async () => {
    using home = tempFolder();
    using cvs = tempFolder();
    for (let folder = 0; folder < 8; folder += 1) mkdirSync(cvs.file(`${folder}`));
    writeFileSync(cvs.file("7", "cv.txt"), "a CV");
    using sandbox = await startSandbox({ apiKey: "tanova_sk_test" });
    const most = limit === "max_inotify_watches" ? 4 : 0;
    const limited = `echo ${most} > /proc/sys/user/${limit} && exec "$@"`;
    const command = syncCommand(["--watch", "--settle", "0ms", cvs.path]);
    const child = Bun.spawn(["unshare", "--user", "--map-root-user", "sh", "-c", limited, "sh", ...command], {
      env: syncEnvironment({ home, sandbox }),
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
    await using watched = collect(child);
    await storedIs(sandbox, 1);
    expect(watched.said.join("\n")).toContain("fs.inotify.max_user_watches, max_user_instances");
  });
}

test("a watch whose key is refused ends with 5", async () => {
  using home = tempFolder();
  using cvs = tempFolder();
  using sandbox = await startSandbox({ apiKey: "tanova_sk_test" });
  writeFileSync(cvs.file("cv.txt"), "a CV");
  const run = await sync({ home, sandbox: { url: sandbox.url, apiKey: "tanova_sk_wrong" } }, [
    "--watch",
    cvs.path,
  ]);
  expect([run.exitCode, run.stderr]).toEqual([5, expect.stringContaining("Invalid API key")]);
  expect(sandbox.stats().stored).toBe(0);
});
