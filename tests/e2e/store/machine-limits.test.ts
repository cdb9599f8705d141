// What a machine, or whoever set its limits, does not give: each has its clear line and its exit code.
import { expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { timed } from "../../../bench/support.ts";
import { BINARY } from "../../support/binary.ts";
import { needs, unemulated } from "../../support/programs.ts";
import { nodupe, type Run, runCommand } from "../../support/run.ts";
import { tempFolder } from "../../support/temp.ts";

const EXAMPLES = resolve(import.meta.dir, "../../../examples/cvs");

/** Runs the binary after a line of shell, in a folder. */
function after(line: string, folder: string, args: readonly string[]): Promise<Run> {
  const env = { HOME: folder, NODUPE_SYNC_SETTLE: "0ms" };
  return runCommand(["sh", "-c", `${line} && exec "$@"`, "sh", BINARY, ...args], { env, cwd: folder });
}

needs("mkfifo")("a FIFO as config, history or ignore file is not waited for", async () => {
  using folder = tempFolder();
  const env = { HOME: folder.path, NODUPE_SYNC_SETTLE: "0ms" };
  mkdirSync(folder.file("cvs"));
  writeFileSync(folder.file("cvs/ana.txt"), "a CV");
  for (const path of ["fifo", "cvs/.nodupeignore"]) await runCommand(["mkfifo", folder.file(path)]);
  const fifo = folder.file("fifo");
  const config = await nodupe(["config", "show", "--config", fifo], { env });
  const history = await nodupe(["history", "import", fifo, "--sandbox"], { env });
  const earlier = await nodupe(["config", "import", fifo], { env });
  expect([config, history, earlier].map(({ exitCode, stderr }) => [exitCode, stderr])).toEqual([
    [2, `nodupe: cannot read config file ${fifo}: it is a FIFO, expected a regular file\n`],
    [2, `nodupe: the history ${fifo} cannot be read: it is a FIFO, expected a regular file\n`],
    [
      2,
      `nodupe: cannot read ${fifo}: it is a FIFO, expected a regular file; expected the earlier client's tanova-config.json\n`,
    ],
  ]);
  const sync = await nodupe(["sync", "--sandbox", "--json", "-q", folder.file("cvs")], { env });
  // What it would have kept out is not known: the folder is left alone, and that is a failure.
  const reason = "its .nodupeignore cannot be read: it is not a regular file";
  expect(JSON.parse(sync.stdout)).toMatchObject({ uploaded: 0, failed: 1, failures: [{ reason }] });
});

test("a pipe that the shell hands over is read", async () => {
  using folder = tempFolder();
  writeFileSync(folder.file("one.toml"), "[sync]\nretries = 7\n");
  const line = `cat one.toml | { exec "$@" 3<&0 0</dev/null; }; exit; true`;
  const { stdout, exitCode } = await after(line, folder.path, ["config", "show", "--config", "/dev/fd/3"]);
  expect([exitCode, stdout.includes("retries = 7")]).toEqual([0, true]);
});

test("a config that is no UTF-8, or nested without end, and a history likewise", async () => {
  using folder = tempFolder();
  const env = { HOME: folder.path };
  const deep = 200_000;
  writeFileSync(folder.file("latin.toml"), Buffer.from('[sync]\nfolder = "/Jos\u00E9"\n', "latin1"));
  writeFileSync(folder.file("deep.toml"), `a = ${"[".repeat(deep)}${"]".repeat(deep)}\n`);
  writeFileSync(folder.file("deep.json"), `${"[".repeat(deep)}${"]".repeat(deep)}`);
  const told = async (...args: string[]) => {
    const { exitCode, stderr } = await nodupe(args, { env });
    return [exitCode, stderr.replaceAll(folder.path, "").slice(0, 200)];
  };
  expect([
    await told("config", "show", "--config", folder.file("latin.toml")),
    await told("config", "show", "--config", folder.file("deep.toml")),
    await told("history", "import", folder.file("deep.json"), "--sandbox"),
    await told("config", "import", folder.file("deep.json")),
  ]).toEqual([
    [2, "nodupe: cannot read config file /latin.toml: it is not UTF-8 text (line 2)\n"],
    [
      2,
      "nodupe: config file /deep.toml is not TOML: line 1: it is nested too deeply; fix that line, or start over with: nodupe config init\n",
    ],
    [
      2,
      `nodupe: /deep.json is not a history, nothing was imported: entry 1 is ${"[".repeat(80)}, expected a SHA-256 of 64 hex digits\n`,
    ],
    [2, "nodupe: /deep.json: Invalid input: expected object, received array\n"],
  ]);
});

unemulated("too few open files: one line, and what went is recorded", async () => {
  using folder = tempFolder();
  const store = folder.file("store.db");
  const few = await after("ulimit -n 8", folder.path, ["sync", "--sandbox", "-q", "--db", store, EXAMPLES]);
  expect(few.exitCode).toBe(1);
  expect(few.stderr).toStartWith("nodupe: too many open files (");
  expect(few.stderr.trimEnd().split("\n")).toHaveLength(1);
  const enough = await after("ulimit -n 64", folder.path, [
    "sync",
    "--sandbox",
    "--json",
    "--db",
    store,
    EXAMPLES,
  ]);
  expect(JSON.parse(enough.stdout)).toMatchObject({ found: 9, uploaded: 8, failed: 0 });
});

unemulated("a small address space: what needs none works, what does says how much", async () => {
  using folder = tempFolder();
  const line = "ulimit -v 1000000";
  const time = await after(line, folder.path, ["time", "--offline", "--json", "--db", ":memory:"]);
  const sync = await after(line, folder.path, [
    "sync",
    "--sandbox",
    "-q",
    "--db",
    folder.file("store.db"),
    EXAMPLES,
  ]);
  expect([time.exitCode, sync.exitCode]).toEqual([0, 1]);
  expect(sync.stderr).toStartWith("nodupe: the C library cannot be called (");
  expect(sync.stderr).toEndWith("allow 3 GB or more: ulimit -v unlimited\n");
});

test("a working directory that was deleted: the runtime's own line, before anything is done", async () => {
  using folder = tempFolder();
  mkdirSync(folder.file("gone"));
  const { exitCode, stdout, stderr } = await after("cd gone && rmdir ../gone", folder.path, [
    "config",
    "path",
  ]);
  expect({ exitCode, stdout, stderr }).toEqual({
    exitCode: 1,
    stdout: "",
    stderr:
      "error: The current working directory was deleted, so that command didn't work. Please cd into a different directory and try again.\n",
  });
});

unemulated(
  "a history of 300,000 entries goes in and out in less than 100 MB",
  async () => {
    using folder = tempFolder();
    const of = (number: number) => new Bun.CryptoHasher("sha256").update(String(number)).digest("hex");
    const checksums = Array.from({ length: 300_000 }, (_, index) => of(index));
    writeFileSync(folder.file("history.json"), JSON.stringify(checksums));
    const common = ["--sandbox", "--db", folder.file("store.db")];
    const env = { HOME: folder.path };
    const run = (...args: string[]) => timed([BINARY, "history", ...args, ...common], { env });
    const first = await run("import", folder.file("history.json"), "--json");
    const again = await run("import", folder.file("history.json"), "--json");
    expect([JSON.parse(first.stdout), JSON.parse(again.stdout)]).toMatchObject([
      { imported: 300_000, known: 0 },
      { imported: 0, known: 300_000 },
    ]);
    const out = await run("export");
    expect(JSON.parse(out.stdout)).toEqual(checksums.toSorted());
    const object = JSON.parse((await run("export", "--json")).stdout) as { checksums: string[] };
    expect([Object.keys(object), object.checksums.length]).toEqual([["destination", "checksums"], 300_000]);
    for (const { peakBytes } of [first, again, out]) expect(peakBytes).toBeLessThan(100 * 1024 ** 2);
  },
  60_000,
);
