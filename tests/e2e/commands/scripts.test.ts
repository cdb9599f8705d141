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
import { DEBUG_LOG, writeLog } from "../../../src/bench/generate-log.ts";
import { BINARY } from "../../support/binary.ts";
import { busyMs } from "../../support/emulation.ts";
import { ntpServer, silentServer } from "../../support/time/ntp.ts";
import { needs, promtoolSays } from "../../support/programs.ts";
import { nodupe, type Run, runCommand } from "../../support/run.ts";
import { type TempFolder, tempFolder } from "../../support/temp.ts";

const SCRIPTS = join(import.meta.dir, "../../../examples/scripts");

/** The shells that /bin/sh is on boards: Debian's and Alpine's. */
const SHELLS = { dash: ["dash"], busybox: ["busybox", "sh"] } as const;

/** Runs a script as cron does: a PATH of two folders, no locale, nodupe where install.sh puts it. */
function script(
  name: string,
  home: TempFolder,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  shell: keyof typeof SHELLS = "dash",
): Promise<Run> {
  mkdirSync(home.file(".local/bin"), { recursive: true });
  writeFileSync(home.file(".local/bin/nodupe"), `#!/bin/sh\nexec '${BINARY}' "$@"\n`, { mode: 0o755 });
  const variables = {
    PATH: "/usr/bin:/bin",
    HOME: home.path,
    LOGNAME: "me",
    SHELL: "/bin/sh",
    NODUPE_SYNC_SETTLE: "0ms",
    ...env,
  };
  const given = Object.entries(variables).map(([key, value]) => `${key}=${value}`);
  return runCommand(["env", "-i", ...given, ...SHELLS[shell], join(SCRIPTS, name), ...args], {
    cwd: home.path,
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

/** How many events of pi-1 a store has; null where it has none. */
async function readEvents(db: string): Promise<number | null> {
  const { stdout } = await nodupe(["nodes", "list", "--json", "--db", db]);
  const { nodes } = JSON.parse(stdout) as { nodes: { node_name: string; events: number }[] };
  return nodes.find(({ node_name: name }) => name === "pi-1")?.events ?? null;
}

function writeCvs(folder: string, count: number): void {
  mkdirSync(folder, { recursive: true });
  for (let index = 0; index < count; index += 1)
    writeFileSync(join(folder, `cv-${index}.txt`), `CV ${index}\n`);
}

needs("shellcheck")("all scripts pass shellcheck", async () => {
  const paths = readdirSync(SCRIPTS).map((name) => join(SCRIPTS, name));
  expect(paths.length).toBe(8);
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
  // A bound of half a second cannot tell 100 ms: that is not a clock that is off.
  using far = await ntpServer({ delayMs: 1_000 });
  const unknown = await script("clock-check.sh", home, ["--server", far.name], {
    MAX_OFFSET: "100ms",
    ATTEMPTS: "2",
    RETRY_S: "0",
    SET_CLOCK: "yes",
  });
  expect([unknown.exitCode, unknown.stdout]).toEqual([1, ""]);
  expect(unknown.stderr).toContain("cannot tell whether the clock is right within 100ms");
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
  // The checkout may lie in a home that nobody else may enter.
  copyFileSync(BINARY, home.file("nodupe"));
  // root reads everything: it runs as nobody then.
  const isRoot = process.getuid?.() === 0;
  chmodSync(home.path, isRoot ? 0o777 : 0o700);
  const other = isRoot ? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] : [];
  const run = await runCommand([...other, "sh", home.file("import.sh"), folder, "--sandbox"], {
    cwd: home.path,
    env: { HOME: home.path, NODUPE: home.file("nodupe"), NODUPE_SYNC_SETTLE: "0ms" },
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
  expect([none.exitCode, none.stderr]).toEqual([2, expect.stringContaining("there is no ")]);
  // The first day: a log that nothing was written to yet.
  writeFileSync(home.file("new.log"), "");
  expect(await script("logrotate-ingest.sh", home, ["pi-2", home.file("new.log")])).toEqual({
    exitCode: 0,
    stdout: "",
    stderr: "",
  });
});

needs("logrotate")("logrotate-ingest: under logrotate itself, with dates in the names", async () => {
  using home = tempFolder();
  const log = home.file("node.log");
  await writeNodeLog(log, 1, 100);
  expect((await script("logrotate-ingest.sh", home, ["pi-1", log])).exitCode).toBe(0);
  const config = (options: string): string =>
    `${log} {\n  rotate 3\n  create 0640\n  ${options}\n  postrotate\n` +
    `    NODUPE_DB=${home.file("rotated.db")} NODUPE=${BINARY} ${join(SCRIPTS, "logrotate-ingest.sh")} pi-1 ${log}\n  endscript\n}\n`;
  for (const [at, options] of [
    "dateext",
    "compress",
    "dateext\n  compress\n  dateformat -%Y%m%d-%s",
  ].entries()) {
    await writeNodeLog(log, at + 2, 100);
    const events = (await readEvents(home.file("rotated.db"))) ?? 0;
    writeFileSync(home.file("rotate.conf"), config(options), { mode: 0o644 });
    const state = home.file(`state-${at}`);
    const run = await runCommand(["logrotate", "--force", "--state", state, home.file("rotate.conf")], {
      env: { PATH: "/usr/bin:/bin:/usr/sbin", HOME: home.path },
    });
    expect(run).toEqual({ exitCode: 0, stdout: "", stderr: "" });
    expect((await readEvents(home.file("rotated.db"))) ?? 0).toBeGreaterThan(events);
  }
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
    script("health-check.sh", home, args, { TIME_SERVERS: server, NODUPE_TIME_TIMEOUT: busyMs(500), ...env });

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
  using far = await ntpServer({ delayMs: 400 });
  const unknown = await ask(far.name, [], { MAX_OFFSET: "50ms", NODUPE_TIME_TIMEOUT: "3s" });
  expect(unknown.stdout).toMatch(
    /^WARNING - cannot tell whether the clock is right within 50ms \(off by .* s\)\n$/,
  );
  expect(unknown.exitCode).toBe(1);
  expect(await ask(silent.name, [])).toEqual({
    exitCode: 1,
    stdout: "WARNING - no time server answers\n",
    stderr: "",
  });
  expect((await ask(right.name, [home.file("absent"), "--sandbox"])).exitCode).toBe(3);
  expect(existsSync(home.file(".config/nodupe/config.toml"))).toBe(false);
});

needs("promtool")("prometheus-textfile: metrics, and whether they could be had", async () => {
  using home = tempFolder();
  const folder = home.file("textfile");
  const absent = await script("prometheus-textfile.sh", home, [folder]);
  expect([absent.exitCode, absent.stderr]).toEqual([2, expect.stringContaining("there is no folder")]);
  mkdirSync(folder);
  const early = await script("prometheus-textfile.sh", home, [folder]);
  expect([early.exitCode, early.stderr]).toEqual([2, expect.stringContaining("there is no store")]);
  expect(readFileSync(join(folder, "nodupe-collect.prom"), "utf8")).toContain(
    "\nnodupe_collect_exit_code 2\n",
  );
  await writeNodeLog(home.file("node.log"), 1, 100);
  await nodupe(["ingest", "--node", "pi-1", home.file("node.log")], { env: { HOME: home.path } });
  using server = await ntpServer();
  const env = { MEASURE_CLOCK: "yes", NODUPE_TIME_SERVER: server.name };
  expect(await script("prometheus-textfile.sh", home, [folder], env)).toEqual({
    exitCode: 0,
    stdout: "",
    stderr: "",
  });
  expect(readdirSync(folder).toSorted()).toEqual(["nodupe-collect.prom", "nodupe.prom"]);
  const text = readdirSync(folder)
    .map((name) => readFileSync(join(folder, name), "utf8"))
    .join("");
  expect(text).toContain("\nnodupe_collect_exit_code 0\n");
  expect(text).toContain("nodupe_time_offset_seconds{");
  expect(await promtoolSays(text)).toEqual(["", 0]);
});

test("networkmanager-dispatcher: on the network it sets the clock and uploads, and on nothing else", async () => {
  using home = tempFolder();
  const calls = home.file("calls");
  // The clock of this machine is not to be set: what would be run is noted, but for the upload, which is real.
  const program = home.file("program");
  writeFileSync(
    program,
    `#!/bin/sh\necho "$@" >>'${calls}'\n[ "$1" = sync ] || exit 0\nexec '${BINARY}' "$@" --sandbox\n`,
    { mode: 0o755 },
  );
  writeCvs(home.file("cvs"), 2);
  writeFileSync(home.file("settings"), `CV_FOLDER=${home.file("cvs")}\n`);
  const env = { NODUPE: program, SETTINGS: home.file("settings") };
  const told = (): string => (existsSync(calls) ? readFileSync(calls, "utf8") : "");
  for (const args of [
    ["eth0", "down"],
    ["eth0", "pre-up"],
    ["lo", "up"],
    ["eth0", "connectivity-change"],
  ])
    expect((await script("networkmanager-dispatcher.sh", home, args, env)).exitCode).toBe(0);
  expect(told()).toBe("");
  expect(await script("networkmanager-dispatcher.sh", home, ["eth0", "up"], env)).toEqual({
    exitCode: 0,
    stdout: "",
    stderr: "",
  });
  const sync = `sync ${home.file("cvs")} --quiet\n`;
  expect(told()).toBe(`time --set --quiet\n${sync}`);
  const listed = await nodupe(["history", "list", "--json"], { env: { HOME: home.path } });
  expect(listed.stdout).toContain('"done":2');
  writeFileSync(home.file("settings"), `CV_FOLDER=${home.file("cvs")}\nSET_CLOCK=no\n`);
  const full = { ...env, CONNECTIVITY_STATE: "FULL" };
  await script("networkmanager-dispatcher.sh", home, ["", "connectivity-change"], full);
  expect(told()).toBe(`time --set --quiet\n${sync}${sync}`);
  // A hook does not fail the connection, whatever happens.
  writeFileSync(home.file("settings"), "CV_FOLDER=/nowhere\n");
  expect((await script("networkmanager-dispatcher.sh", home, ["eth0", "up"], env)).exitCode).toBe(0);
});

test("fleet-report: what is wrong, the verdicts and the earnings in one mail", async () => {
  using home = tempFolder();
  for (const [index, node] of ["pi-1", "pi-2"].entries()) {
    await writeNodeLog(home.file(`${node}.log`), index + 1, 100 + 200 * index);
    await nodupe(["ingest", "--node", node, home.file(`${node}.log`)], { env: { HOME: home.path } });
  }
  const mailer = home.file("mailer");
  writeFileSync(mailer, `#!/bin/sh\n{ printf '%s|' "$@"; echo; cat; } >"$HOME/mail"\n`, { mode: 0o755 });
  const env = { MAILER: mailer, MAILTO_OPERATOR: "me@example.org" };
  const mail = (): string => readFileSync(home.file("mail"), "utf8");
  const good = await script("fleet-report.sh", home, ["pi-1", "pi-2"], env);
  expect(good).toEqual({ exitCode: 0, stdout: "", stderr: "" });
  expect(mail()).toStartWith("-s|Storage nodes: all is well|me@example.org|\n# What is wrong\n");
  expect(mail()).toContain("# Last 7 days\n");
  expect(mail()).toMatch(/# Earnings of the last 30 days\n[\s\S]*pi-2/);
  // An upload that was cut off is a problem of this board; a node that is not known makes the report incomplete.
  const { Database } = await import("bun:sqlite");
  using db = new Database(home.file(".local/share/nodupe/nodupe.db"));
  db.run("INSERT INTO destination (id, url) VALUES (1, 'https://tanova.example')");
  db.run(
    "INSERT INTO upload_run (destination_id, pid, folder, started_at_ms) VALUES (1, 999999999, '/srv/cvs', 1000)",
  );
  const bad = await script("fleet-report.sh", home, ["pi-1", "pi-9"], env);
  expect(bad.exitCode).toBe(1);
  expect(mail()).toStartWith("-s|Storage nodes: 1 problem; the report is not complete|");
  expect(mail()).toContain("was cut off");
  expect(mail()).toContain("(this part failed: exit code 2)");
});

needs("busybox")("busybox' shell runs every script", async () => {
  using home = tempFolder();
  using server = await ntpServer();
  using far = await ntpServer({ delayMs: 400 });
  writeCvs(home.file("cvs"), 2);
  await writeNodeLog(home.file("node.log"), 1, 100);
  await writeNodeLog(home.file("node.log-20261125"), 2, 100);
  writeFileSync(home.file("mailer"), `#!/bin/sh\ncat >"$HOME/mail"\n`, { mode: 0o755 });
  mkdirSync(home.file("textfile"));
  const mail = { MAILER: home.file("mailer"), MAILTO_OPERATOR: "me@example.org" };
  const cvs = home.file("cvs");
  const steps: readonly (readonly [string, readonly string[], Record<string, string>, number])[] = [
    ["logrotate-ingest.sh", ["pi-1", home.file("node.log")], {}, 0],
    ["logrotate-ingest.sh", ["pi-2", home.file("node.log")], {}, 0],
    ["nightly-comparison.sh", ["pi-1", "pi-2"], mail, 0],
    ["fleet-report.sh", ["pi-1", "pi-2"], mail, 0],
    ["cron-bulk-import.sh", [cvs, "--sandbox"], {}, 0],
    ["clock-check.sh", ["--server", server.name], {}, 0],
    ["health-check.sh", [cvs, "--sandbox"], { TIME_SERVERS: server.name }, 0],
    ["health-check.sh", [], { TIME_SERVERS: far.name, MAX_OFFSET: "50ms" }, 1],
    ["prometheus-textfile.sh", [home.file("textfile")], {}, 0],
    ["networkmanager-dispatcher.sh", ["eth0", "down"], {}, 0],
  ];
  const runs: [string, number, string][] = [];
  for (const [name, args, env] of steps) {
    const { exitCode, stderr } = await script(name, home, args, env, "busybox");
    runs.push([name, exitCode, stderr]);
  }
  expect(runs).toEqual(steps.map(([name, , , exitCode]) => [name, exitCode, ""]));
  expect(new Set(steps.map(([name]) => name))).toEqual(new Set(readdirSync(SCRIPTS)));
});
