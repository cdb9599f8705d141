// The commonest mistakes, as scripts and people make them: one clear line, the right code, nothing done.
import { expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { BINARY } from "../../support/binary.ts";
import { nodupe, type Run, runCommand } from "../../support/run.ts";
import { type TempFolder, tempFolder } from "../../support/temp.ts";

/** In a home of its own. */
function at(home: TempFolder, ...args: string[]): Promise<Run> {
  return nodupe(args, { env: { HOME: home.path }, cwd: home.path });
}

test("an argument that a variable left empty is refused, and the working directory is not uploaded", async () => {
  using home = tempFolder();
  writeFileSync(home.file("cv.txt"), "a CV");
  expect(await at(home, "sync", "--sandbox", "")).toEqual({
    exitCode: 2,
    stdout: "",
    stderr: "nodupe: an argument is empty (a variable that is not set?); usage: nodupe sync [FOLDER]\n",
  });
  expect((await at(home, "compare", "a", "")).stderr).toContain("an argument is empty");
  expect(existsSync(home.file(".local"))).toBe(false);
});

test("help stands before a command too, and a misspelt --help is understood", async () => {
  const [asked, flagged] = await Promise.all([nodupe(["help", "sync"]), nodupe(["sync", "--help"])]);
  expect(asked).toEqual(flagged);
  expect(await nodupe(["help", "config", "show"])).toEqual(await nodupe(["config", "help", "show"]));
  expect((await nodupe(["help", "history"])).stdout).toBe((await nodupe(["history", "--help"])).stdout);
  expect(await nodupe(["help"])).toEqual(await nodupe(["--help"]));
  expect((await nodupe(["help", "snyc"])).stderr).toBe("nodupe: unknown command snyc; did you mean sync?\n");
  expect(await nodupe(["--hlep"])).toEqual({
    exitCode: 2,
    stdout: "",
    stderr: "nodupe: unknown flag --hlep; did you mean --help?\n",
  });
});

test("durations that no timer can keep are refused, as flags, variables and settings", async () => {
  using home = tempFolder();
  const expected = "expected a number with ms, s, m, h or d, such as 1.5s, from 1ms to 24d";
  for (const [flag, value] of [
    ["--timeout", "0s"],
    ["--timeout", "25d"],
    ["--interval", "0ms"],
  ] as const) {
    expect(await at(home, "time", "--offline", flag, value)).toEqual({
      exitCode: 2,
      stdout: "",
      stderr: `nodupe: ${flag}: found "${value}", ${expected}\n`,
    });
  }
  const env = { HOME: home.path, NODUPE_TIME_TIMEOUT: "0s" };
  expect((await nodupe(["time", "--offline"], { env })).stderr).toContain(expected);
  writeFileSync(home.file("c.toml"), '[sync]\nconnect_timeout = "0s"\n');
  expect((await at(home, "config", "check", "--config", home.file("c.toml"))).stderr).toContain(expected);
  const endless = await at(home, "sync", ".", "--sandbox", "--retry-delay", "99999999999999999999d");
  expect([endless.exitCode, endless.stderr]).toEqual([2, expect.stringContaining("at most 36500d")]);
});

test("a config file that is no TOML is told with the line at fault", async () => {
  using home = tempFolder();
  const file = home.file("c.toml");
  for (const [text, line, reason] of [
    ["[sync]\n# a comment\nworkers = five\n[time]\n", 3, "five"],
    ["[sync]\nworkers = 5\ninclude = [\n  'a',\n\n[time]\n", 3, "quoted"],
    ["= 1\n", 1, ""],
  ] as const) {
    writeFileSync(file, text);
    const run = await at(home, "config", "check", "--config", file);
    expect([run.exitCode, run.stdout]).toEqual([2, ""]);
    expect(run.stderr).toStartWith(`nodupe: config file ${file} is not TOML: line ${line}: `);
    expect(run.stderr).toContain(reason);
    expect(run.stderr.trimEnd().split("\n")).toHaveLength(1);
  }
});

test("a home that cannot be written: what needs the store says so in one line, the rest goes on", async () => {
  using home = tempFolder();
  const folder = home.file("home");
  mkdirSync(home.file("cvs"));
  mkdirSync(folder, { mode: 0o555 });
  chmodSync(home.path, 0o755);
  const isRoot = process.getuid?.() === 0;
  const asNobody = isRoot ? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] : [];
  const run = (...args: string[]): Promise<Run> =>
    runCommand([...asNobody, BINARY, ...args], { env: { HOME: folder } });
  const store = `${folder}/.local/share/nodupe/nodupe.db`;
  expect(await run("sync", home.file("cvs"), "--sandbox")).toEqual({
    exitCode: 5,
    stdout: "",
    stderr: `nodupe: cannot open the store ${store}: permission denied; name a writable place with --db\n`,
  });
  expect(await run("config", "init")).toEqual({
    exitCode: 5,
    stdout: "",
    stderr: `nodupe: cannot write config file ${folder}/.config/nodupe/config.toml: permission denied\n`,
  });
  const time = await run("time", "--offline", "--json");
  expect([time.exitCode, time.stderr]).toEqual([0, expect.stringContaining("measuring without it")]);
  expect((await run("stamp", "decode", "1")).exitCode).toBe(0);
});

test("files that are not there are told without the system's jargon", async () => {
  using home = tempFolder();
  const runs = await Promise.all([
    at(home, "config", "import", "/none"),
    at(home, "history", "import", "/none"),
    at(home, "ingest", "--node", "a", "/none"),
    at(home, "bench", "compare", "--quick", "--save", "/none/report.json"),
    at(home, "sandbox", "--tls-cert", "/none", "--tls-key", "/none"),
  ]);
  for (const { exitCode, stdout, stderr } of runs) {
    expect([exitCode, stdout]).toEqual([2, ""]);
    expect(stderr).toContain("no such file");
    expect(stderr).not.toMatch(/E[A-Z]{4,}|, open|, access/);
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
  }
});

test("a log that is compared without a name for its node is refused with the way to give it", async () => {
  using home = tempFolder();
  const [log, other] = [home.file("node.log"), home.file("other.log")];
  for (const file of [log, other]) writeFileSync(file, "");
  await at(home, "time", "--offline");
  const { exitCode, stdout, stderr } = await at(home, "compare", log, other);
  expect([exitCode, stdout, stderr]).toEqual([
    2,
    "",
    `nodupe: no node ${log} in the store; to read the file ${log}, name its node: NAME=${log}\n`,
  ]);
});

test("a mistyped variable is told, with the one that was meant, and the command goes on", async () => {
  using home = tempFolder();
  writeFileSync(home.file("cv.txt"), "a CV");
  const env = { HOME: home.path, NODUPE_SYNC_WORKER: "3", NODUPE_SYNC_SETTLE: "0ms" };
  const run = await nodupe(["sync", "--dry-run", "-q", "."], { env, cwd: home.path });
  expect(run.exitCode).toBe(0);
  expect(run.stderr).toBe(
    "nodupe: warning: the environment variable NODUPE_SYNC_WORKER is not a setting; did you mean NODUPE_SYNC_WORKERS?\n",
  );
});
