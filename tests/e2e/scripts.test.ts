import { expect, test } from "bun:test";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { DEBUG_LOG, writeLog } from "../../src/bench/generate-log.ts";
import { BINARY } from "../support/binary.ts";
import { ntpServer, silentServer } from "../support/ntp.ts";
import { needs } from "../support/programs.ts";
import { nodupe, type Run, runCommand } from "../support/run.ts";
import { type TempFolder, tempFolder } from "../support/temp.ts";

const SCRIPTS = join(import.meta.dir, "../../examples/scripts");

function script(
  name: string,
  home: TempFolder,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<Run> {
  return runCommand(["sh", join(SCRIPTS, name), ...args], {
    cwd: home.path,
    env: { HOME: home.path, NODUPE: BINARY, NODUPE_SYNC_SETTLE: "0ms", ...env },
  });
}

function writeNodeLog(path: string, seed: number, latencyMs: number): Promise<void> {
  return writeLog(path, {
    ...DEBUG_LOG,
    seed,
    operations: 500,
    // Whole hours, ended a while ago: what `--last` compares.
    startMs: Date.now() - 5 * 3_600_000,
    spanMs: 3 * 3_600_000,
    latencyMs,
  });
}

function writeCvs(folder: string, count: number): void {
  mkdirSync(folder, { recursive: true });
  for (let index = 0; index < count; index += 1)
    writeFileSync(join(folder, `cv-${index}.txt`), `CV ${index}\n`);
}

needs("shellcheck")("all scripts pass shellcheck", async () => {
  const paths = readdirSync(SCRIPTS).map((name) => join(SCRIPTS, name));
  expect(paths.length).toBe(5);
  expect(await runCommand(["shellcheck", ...paths])).toEqual({ exitCode: 0, stdout: "", stderr: "" });
});

test("clock-check: right, off, and no server that answers after the attempts", async () => {
  using home = tempFolder();
  using right = await ntpServer();
  using off = await ntpServer({ offsetS: 30 });
  using silent = await silentServer();
  expect(await script("clock-check.sh", home, ["--server", right.name])).toEqual({
    exitCode: 0,
    stdout: "clock-check: the clock is right within 2s\n",
    stderr: "",
  });
  const wrong = await script("clock-check.sh", home, ["--server", off.name], { MAX_OFFSET: "5s" });
  expect(wrong.exitCode).toBe(3);
  expect(wrong.stderr).toContain("clock-check: the clock is off by more than 5s");
  const none = await script("clock-check.sh", home, ["--server", silent.name, "--timeout", "200ms"], {
    ATTEMPTS: "3",
    RETRY_S: "0",
  });
  expect(none.exitCode).toBe(4);
  expect(none.stderr).toContain("no time server answered in 3 attempts");
  expect(silent.requests).toBeGreaterThanOrEqual(3);
});

test("cron-bulk-import: silent when all is well or the server is away, and says what a person has to see to", async () => {
  using home = tempFolder();
  const folder = home.file("cvs");
  const log = home.file(".local/state/nodupe/import.log");
  writeCvs(folder, 3);
  const logged = (): string[] =>
    readFileSync(log, "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => line.slice(20));

  expect(await script("cron-bulk-import.sh", home, [folder, "--sandbox"])).toEqual({
    exitCode: 0,
    stdout: "",
    stderr: "",
  });
  expect(logged()).toEqual(["exit 0, uploaded 3, failed 0"]);

  writeFileSync(home.file("key"), "tanova_sk_test\n", { mode: 0o600 });
  // Port 9 of loopback: nobody is there.
  const away = await script(
    "cron-bulk-import.sh",
    home,
    [folder, "--url", "http://127.0.0.1:9", "--retries", "0"],
    {
      TANOVA_API_KEY_FILE: home.file("key"),
    },
  );
  expect(away).toEqual({ exitCode: 0, stdout: "", stderr: "" });
  expect(logged()[1]).toStartWith("exit 4,");

  const absent = await script("cron-bulk-import.sh", home, [home.file("absent"), "--sandbox"]);
  expect(absent.exitCode).toBe(2);
  expect(absent.stdout).toContain("did not run (exit 2):");
  expect(absent.stdout).toContain(home.file("absent"));
});

needs("setpriv")("cron-bulk-import: what could not be uploaded is told with its reason", async () => {
  using home = tempFolder();
  const folder = home.file("cvs");
  writeCvs(folder, 2);
  writeFileSync(join(folder, "locked.txt"), "not for everyone\n", { mode: 0o000 });
  copyFileSync(join(SCRIPTS, "cron-bulk-import.sh"), home.file("import.sh"));
  // root reads everything: it runs as nobody then.
  const isRoot = process.getuid?.() === 0;
  chmodSync(home.path, isRoot ? 0o777 : 0o700);
  const other = isRoot ? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] : [];
  const run = await runCommand([...other, "sh", home.file("import.sh"), folder, "--sandbox"], {
    cwd: home.path,
    env: { HOME: home.path, NODUPE: BINARY, NODUPE_SYNC_SETTLE: "0ms" },
  });
  expect(run.stdout).toStartWith(`1 of 3 CVs in ${folder} could not be uploaded:\n{"path":`);
  expect(run.stdout).toContain("locked.txt");
  expect(run.exitCode).toBe(1);
});

test("logrotate-ingest: what a rotated log holds is in the store once, however often the hook runs", async () => {
  using home = tempFolder();
  const log = home.file("node.log");
  await writeNodeLog(log, 1, 100);
  renameSync(log, `${log}.1`);
  await writeNodeLog(log, 2, 100);
  const first = await script("logrotate-ingest.sh", home, ["pi-1", log]);
  expect(first.exitCode).toBe(0);
  const again = await nodupe(["ingest", "--node", "pi-1", "--json", `${log}.1`, log], {
    env: { HOME: home.path },
  });
  expect(JSON.parse(again.stdout)).toMatchObject({ node: "pi-1", events: 0, started: 0, facts: 0 });
  expect((await script("logrotate-ingest.sh", home, ["pi-1", log])).exitCode).toBe(0);
  const none = await script("logrotate-ingest.sh", home, ["pi-1", home.file("absent.log")]);
  expect(none.exitCode).toBe(2);
  expect(none.stderr).toContain("has anything in it");
});

test("nightly-comparison: mails the comparison, or that it failed", async () => {
  using home = tempFolder();
  for (const [index, node] of ["pi-1", "pi-2"].entries()) {
    const log = home.file(`${node}.log`);
    await writeNodeLog(log, index + 1, 100 + 200 * index);
    await nodupe(["ingest", "--node", node, log], { env: { HOME: home.path } });
  }
  const mailer = home.file("mailer");
  writeFileSync(mailer, `#!/bin/sh\n{ printf '%s|' "$@"; echo; cat; } >"$HOME/mail"\n`, { mode: 0o755 });
  const env = { MAILER: mailer, MAILTO_OPERATOR: "me@example.org" };
  const mail = (): string => readFileSync(home.file("mail"), "utf8");

  const good = await script("nightly-comparison.sh", home, ["pi-1", "pi-2"], env);
  expect(good).toEqual({ exitCode: 0, stdout: "", stderr: "" });
  expect(mail()).toMatch(/^-s\|Storage nodes: comparison of \d{4}-\d\d-\d\d\|me@example\.org\|\n/);
  expect(mail()).toContain("pi-2");
  expect(mail()).toContain("|");

  const bad = await script("nightly-comparison.sh", home, ["pi-1", "pi-9"], env);
  expect(bad.exitCode).toBe(2);
  expect(mail()).toContain("comparison FAILED (2)");
  expect(mail()).toContain("pi-9");

  const unsent = await script("nightly-comparison.sh", home, ["pi-1", "pi-2"], { ...env, MAILER: "false" });
  expect(unsent.exitCode).toBe(1);
  expect(unsent.stderr).toContain("the mail could not be sent");
  expect((await script("nightly-comparison.sh", home, ["pi-1"])).exitCode).toBe(2);
});

test("health-check: one line, and the code that monitors expect", async () => {
  using home = tempFolder();
  using right = await ntpServer();
  using off = await ntpServer({ offsetS: 30 });
  using silent = await silentServer();
  const folder = home.file("cvs");
  writeCvs(folder, 3);
  const ask = (server: string, args: readonly string[], env: Record<string, string> = {}): Promise<Run> =>
    script("health-check.sh", home, args, { TIME_SERVERS: server, NODUPE_TIME_TIMEOUT: "500ms", ...env });

  const good = await ask(right.name, [folder, "--sandbox"]);
  expect(good.stdout).toMatch(/^OK - clock off by -?[0-9.e-]+ s; 3 CVs wait\n$/);
  expect(good.exitCode).toBe(0);
  const waiting = await ask(right.name, [folder, "--sandbox"], { MAX_WAITING: "2" });
  expect(waiting.stdout).toMatch(/^WARNING - .*; 3 CVs wait; more than 2\n$/);
  expect(waiting.exitCode).toBe(1);
  const wrong = await ask(off.name, []);
  expect(wrong.stdout).toMatch(/^CRITICAL - clock off by (29|30)\.[0-9]+ s, more than 1s\n$/);
  expect(wrong.exitCode).toBe(2);
  const critical = await ask(off.name, [home.file("absent"), "--sandbox"]);
  expect(critical.stdout).toStartWith("CRITICAL - clock off by ");
  expect(critical.exitCode).toBe(2);
  expect(await ask(silent.name, [])).toEqual({
    exitCode: 1,
    stdout: "WARNING - no time server answers\n",
    stderr: "",
  });
  expect((await ask(right.name, [home.file("absent"), "--sandbox"])).exitCode).toBe(3);
  expect(existsSync(home.file(".config/nodupe/config.toml"))).toBe(false);
});
