import { expect, test } from "bun:test";
import { existsSync, statSync, writeFileSync, chmodSync } from "node:fs";
import { ROOT } from "../../../src/cli/command-line/commands.ts";
import type { CommandEntry, Leaf } from "../../../src/cli/command-line/command.ts";
import { commandTree } from "../../../src/cli/command-line/command-tree.ts";
import { flatten, nameOf } from "../../../src/render/command-tree.ts";
import { VERSION } from "../../../src/lib/version.ts";
import { BINARY } from "../../support/binary.ts";
import { needs } from "../../support/programs.ts";
import { nodupe, runCommand } from "../../support/run.ts";
import { tempFolder } from "../../support/temp.ts";

async function leaves(entry: CommandEntry): Promise<Leaf[]> {
  if ("spec" in entry) return [entry];
  const below = await Promise.all(Object.values(entry.subCommands).map(async (load) => leaves(await load())));
  return below.flat();
}
const LEAVES = await leaves(ROOT);

test("--version and --help go to stdout and end with 0", async () => {
  const version = await nodupe(["--version"]);
  expect(version).toEqual({ exitCode: 0, stdout: `${VERSION}\n`, stderr: "" });
  const help = await nodupe(["--help"]);
  expect([help.exitCode, help.stderr]).toEqual([0, ""]);
  for (const name of Object.keys(ROOT.subCommands)) expect(help.stdout).toContain(`  ${name}`);
});

test.each(LEAVES.map((leaf) => [leaf.spec.name, leaf] as const))(
  "nodupe %s --help tells all",
  async (name, leaf) => {
    const { exitCode, stdout, stderr } = await nodupe([...name.split(" "), "--help"]);
    expect([exitCode, stderr]).toEqual([0, ""]);
    const [purpose = "", usage = ""] = stdout.split("\n\n");
    expect(purpose.replaceAll("\n", " ")).toBe(leaf.spec.purpose);
    expect(usage).toStartWith(`Usage: nodupe ${name} [options]`);
    for (const part of ["Options:", "--json", "--config FILE", "Examples:", "Exit codes:"])
      expect(stdout).toContain(part);
    expect(leaf.spec.examples.length).toBeGreaterThanOrEqual(2);
    expect(Math.max(...stdout.split("\n").map((line) => Bun.stringWidth(line)))).toBeLessThanOrEqual(100);
  },
);

test("help fits the terminal between 60 and 100 columns, and names the variables of settings", async () => {
  for (const [told, width] of [
    ["40", 60],
    ["60", 60],
    ["93", 93],
    ["300", 100],
  ] as const) {
    const { stdout } = await nodupe(["sync", "--help"], { env: { COLUMNS: told, HOME: "/tmp" } });
    const widest = Math.max(...stdout.split("\n").map((line) => Bun.stringWidth(line)));
    expect(widest).toBeLessThanOrEqual(width);
    expect(widest).toBeGreaterThan(width - 12);
    for (const name of ["NODUPE_SYNC_RETRIES", "TANOVA_API_KEY", "--[no-]insecure-http", "sync.outage_wait"])
      expect(stdout).toContain(name);
  }
});

test("nodupe and its groups show two examples or more, and exit codes", async () => {
  const groups = flatten(await commandTree()).filter((node) => node.children.length > 0);
  expect(groups.map(nameOf)).toEqual(["", "history", "nodes", "service", "config"]);
  for (const { words } of groups) {
    const { exitCode, stdout } = await nodupe([...words, "--help"]);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/Examples:\n( {2}\S.*\n {4}.*\n){2,}/);
    expect(stdout).toMatch(/Exit codes:\n {2}0 /);
  }
});

test("the version: a bare number, or with target, commit and date", async () => {
  const [bare, long, word, json] = await Promise.all(
    [["--version"], ["-V"], ["version"], ["version", "--json"]].map((args) => nodupe(args)),
  );
  expect(bare?.stdout).toBe(`${VERSION}\n`);
  expect(word).toEqual(long);
  expect(word?.stdout).toMatch(
    /^nodupe \d+\.\d+\.\d+ \([a-z0-9-]+, (commit [0-9a-f]{12} of )?\d{4}-\d\d-\d\d\)\n$/,
  );
  expect(JSON.parse(json?.stdout ?? "")).toEqual({
    version: VERSION,
    target: expect.any(String),
    commit: expect.any(String),
    commit_date: expect.stringMatching(/^\d{4}-\d\d-\d\d$/),
  });
});

test("the flags of every command may stand before it", async () => {
  using folder = tempFolder();
  const file = folder.file("c.toml");
  writeFileSync(file, '[store]\ndb = "/tmp/told.db"\n', { mode: 0o600 });
  const after = await nodupe(["config", "show", "store", "--json", "--config", file]);
  const orders = [
    ["--json", "--config", file, "config", "show", "store"],
    ["config", `--config=${file}`, "--json", "show", "store"],
    ["-qv", "--no-color", "--log-format", "json", "config", "show", "store", "--json", "--config", file],
  ];
  expect(after.exitCode).toBe(0);
  for (const args of orders) expect(await nodupe(args)).toEqual(after);
  const other = await nodupe(["--workers", "3", "sync"]);
  expect(other).toEqual({
    exitCode: 2,
    stdout: "",
    stderr: "nodupe: --workers goes after the command: nodupe COMMAND --workers\n",
  });
});

test.each(LEAVES.map((leaf) => [leaf.spec.name] as const))(
  "nodupe %s refuses an unknown flag",
  async (name) => {
    const { exitCode, stdout, stderr } = await nodupe([...name.split(" "), "--jsno"]);
    expect({ exitCode, stdout, stderr }).toEqual({
      exitCode: 2,
      stdout: "",
      stderr: "nodupe: unknown flag --jsno; did you mean --json?\n",
    });
  },
);

test("a missing and an unknown command are refused in one line", async () => {
  const runs = await Promise.all([[], ["confg"], ["config", "shw"], ["--json"]].map((argv) => nodupe(argv)));
  expect(runs.map(({ exitCode, stdout }) => [exitCode, stdout])).toEqual(runs.map(() => [2, ""]));
  expect(runs.map(({ stderr }) => stderr.trimEnd().split("\n").length)).toEqual(runs.map(() => 1));
  expect(runs[1]?.stderr).toBe("nodupe: unknown command confg; did you mean config?\n");
});

test("config: init writes a private file that is valid, show tells origins, path names it", async () => {
  using home = tempFolder();
  const env = { HOME: home.path };
  const file = home.file(".config", "nodupe", "config.toml");
  expect(await nodupe(["config", "path"], { env })).toEqual({ exitCode: 0, stdout: `${file}\n`, stderr: "" });
  expect(await nodupe(["config", "init"], { env })).toEqual({
    exitCode: 0,
    stdout: `wrote ${file}\n`,
    stderr: "",
  });
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const again = await nodupe(["config", "init"], { env });
  expect([again.exitCode, again.stderr]).toEqual([2, expect.stringContaining("exists already")]);
  expect((await nodupe(["config", "check"], { env })).exitCode).toBe(0);
  const show = await nodupe(["config", "show", "store", "--json"], {
    env: { ...env, NODUPE_DB: "/tmp/x.db" },
  });
  expect(JSON.parse(show.stdout)).toEqual({
    path: file,
    exists: true,
    settings: [{ key: "store.db", value: "/tmp/x.db", source: "environment", origin: "NODUPE_DB" }],
  });
});

test("config: a file is valid with one # taken away from every line, and then sets every key", async () => {
  using home = tempFolder();
  const file = home.file("all.toml");
  await nodupe(["config", "init", "--config", file]);
  const all = (await Bun.file(file).text()).replaceAll(/^#/gm, "");
  writeFileSync(file, all, { mode: 0o600 });
  expect(await nodupe(["config", "check", "--config", file])).toEqual({
    exitCode: 0,
    stdout: `${file} is valid\n`,
    stderr: "",
  });
  const show = await nodupe(["config", "show", "--json", "--config", file]);
  const settings = JSON.parse(show.stdout).settings as { key: string; source: string }[];
  expect(settings.filter(({ source }) => source !== "file")).toEqual([]);
});

test("config: all faults at once, with file, key, what was found and what was expected", async () => {
  using folder = tempFolder();
  const file = folder.file("bad.toml");
  writeFileSync(file, '[store]\ndbb = "x"\ndb = 7.5\n[stroe]\ndb = "y"\n');
  const { exitCode, stdout, stderr } = await nodupe(["config", "show", "--config", file]);
  expect([exitCode, stdout]).toEqual([2, ""]);
  expect(stderr.replaceAll(file, "FILE").trimEnd().split("\n").toSorted()).toEqual([
    "nodupe: config file FILE: store.dbb: unknown key; did you mean db?",
    "nodupe: config file FILE: stroe: unknown key; did you mean store?",
  ]);
  writeFileSync(file, "[store\n");
  const broken = await nodupe(["config", "check", "--config", file]);
  expect([broken.exitCode, broken.stderr]).toEqual([2, expect.stringContaining("is not TOML")]);
  const missing = await nodupe(["config", "check", "--config", folder.file("none.toml")]);
  expect([missing.exitCode, missing.stderr]).toEqual([2, expect.stringContaining("does not exist")]);
});

test("a closed pipe and a full disk under stdout end with 1 and one line", async () => {
  // The reader has gone before the binary starts, so that the write cannot slip into the pipe's buffer unseen.
  const closed = await runCommand(["bash", "-c", `exec 3> >(true); wait $!; '${BINARY}' config show >&3`]);
  expect(closed).toEqual({
    exitCode: 1,
    stdout: "",
    stderr: "nodupe: cannot write the result to stdout: its reader has closed the pipe\n",
  });
  // --version has a way of its own to the end.
  for (const flag of ["--help", "--version"]) {
    const full = await runCommand(["bash", "-c", `'${BINARY}' ${flag} > /dev/full`]);
    expect(full).toEqual({
      exitCode: 1,
      stdout: "",
      stderr: "nodupe: cannot write the result to stdout: no space left\n",
    });
  }
});

test("a .env and a bunfig.toml in the working directory have no effect", async () => {
  using folder = tempFolder();
  writeFileSync(folder.file(".env"), "NODUPE_DB=/tmp/from-dotenv.db\n");
  writeFileSync(folder.file("bunfig.toml"), 'preload = ["./evil.ts"]\n');
  writeFileSync(folder.file("evil.ts"), `await Bun.write("${folder.file("evil-ran")}", "");`);
  const show = await nodupe(["config", "show", "store", "--json"], {
    cwd: folder.path,
    env: { HOME: folder.path },
  });
  expect([
    show.exitCode,
    JSON.parse(show.stdout).settings[0].source,
    existsSync(folder.file("evil-ran")),
  ]).toEqual([0, "default", false]);
});

test("a config file that cannot be read is not permitted", async () => {
  using folder = tempFolder();
  const file = folder.file("secret.toml");
  writeFileSync(file, "");
  chmodSync(file, 0);
  const asNobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
  chmodSync(folder.path, 0o755);
  const isRoot = process.getuid?.() === 0;
  const { exitCode, stderr } = await runCommand([
    ...(isRoot ? asNobody : []),
    BINARY,
    "config",
    "show",
    "--config",
    file,
  ]);
  expect([exitCode, stderr]).toEqual([5, expect.stringContaining("cannot read config file")]);
});

needs("script", "stty")(
  "a terminal that does not tell its width, as a serial console, is taken for 80 columns wide",
  async () => {
    const command = `stty cols 0 rows 0; '${BINARY}' bench compare --quick --json`;
    const { exitCode, stdout } = await runCommand(["script", "-qec", command, "/dev/null"]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain("  0/1 cases  measuring compare, 2 nodes, 7 days\r");
  },
);
