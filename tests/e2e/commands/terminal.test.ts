import { expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startSandbox } from "../../../src/upload/sandbox/server.ts";
import { BINARY } from "../../support/binary.ts";
import { writeCvs } from "../../support/upload/cvs.ts";
import { busyMs } from "../../support/emulation.ts";
import { startFront } from "../../support/upload/front.ts";
import { ntpServer, silentServer } from "../../support/time/ntp.ts";
import { needsExecution } from "../../support/programs.ts";
import { nodupe, runCommand } from "../../support/run.ts";
import { resultOf, sync, syncEnvironment } from "../../support/upload/sync.ts";
import { tempFolder } from "../../support/temp.ts";

const SAMPLE = join(import.meta.dir, "../../fixtures/storagenode-sample.log");

/** Names as nobody honest gives them: they colour, clear the screen, forge lines, turn text around, hide. */
const HOSTILE = [
  "red\u001B[31m_a@example.com.pdf",
  "clear\u001B[2J\u001B]0;owned\u0007.pdf",
  "forged\nnodupe: all is well.pdf",
  "back\r100 uploaded.pdf",
  "cv\u202Efdp.exe.pdf",
  "zero\u200Bwidth\u2066.pdf",
  "c1\u009B31m.pdf",
];
const MESSAGE = "not \u001B[5mtaken\u202E\nnodupe: uploaded";

/** What may not reach a terminal, in the output of a program that ends its own lines with LF. */
const UNSAFE = /[^\P{Cc}\n]|\p{Cf}|[\u2028\u2029]/u;

/** Without what the program itself sends a terminal: redrawn lines, colours, the terminal's own line ends. */
function withoutOwnSequences(output: string): string {
  const escape = String.fromCodePoint(0x1b);
  return output
    .replaceAll("\r\n", "\n")
    .replaceAll(`\r${escape}[K`, "")
    .replaceAll(new RegExp(`${escape}\\[(31|33|39)m`, "g"), "");
}

function writeHostile(folder: string): void {
  mkdirSync(folder, { recursive: true });
  for (const [at, name] of HOSTILE.entries()) writeFileSync(`${folder}/${name}`, `CV number ${at}`);
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

test("hostile names and server messages come out of a pipe escaped, and out of JSON as they are", async () => {
  using home = tempFolder();
  writeHostile(home.file("cvs"));
  using sandbox = await startSandbox({ apiKey: "tanova_sk_test" });
  using front = startFront(sandbox, (path) =>
    path.endsWith("/upload") ? Response.json({ message: MESSAGE }, { status: 422 }) : null,
  );
  const env = syncEnvironment({ home, sandbox: front });
  for (const more of [[], ["-v"]]) {
    const db = ["--db", home.file(`${more.length}.db`)];
    const text = await nodupe(["sync", home.file("cvs"), ...db, ...more], { env });
    expect(text.exitCode).toBe(1);
    expect([UNSAFE.exec(text.stdout), UNSAFE.exec(text.stderr)]).toEqual([null, null]);
    expect(text.stdout).toContain("forged\\nnodupe: all is well.pdf");
    expect(text.stdout).not.toMatch(/^nodupe: /m);
    const list = await nodupe(["history", "list", ...db], { env });
    expect([list.exitCode, UNSAFE.exec(list.stdout)]).toEqual([0, null]);
  }
  const json = resultOf(await sync({ home, sandbox: front }, [home.file("cvs"), "--db", home.file("j.db")]));
  const paths = HOSTILE.map((name) => home.file("cvs", name));
  expect(json.failures.map(({ path }) => path).toSorted()).toEqual(paths.toSorted());
});

test("hostile node names come out of compare escaped in every text, and out of JSON as they are", async () => {
  const names = ["a\u001B[31m\u202Ex", "b\nforged\u009B2J"];
  const nodes = names.map((name) => `${name}=${SAMPLE}`);
  for (const format of ["table", "csv", "markdown"]) {
    const { exitCode, stdout, stderr } = await nodupe(["compare", ...nodes, "--format", format]);
    expect([exitCode, UNSAFE.exec(stdout), UNSAFE.exec(stderr)]).toEqual([0, null, null]);
    // Markdown reads a backslash as an escape: there each one is escaped itself.
    const shown = format === "markdown" ? "b\\\\nforged\\\\x9b2J" : "b\\nforged\\x9b2J";
    expect(stdout).toContain(shown);
  }
  const { stdout } = await nodupe(["compare", ...nodes, "--json"]);
  const told = JSON.parse(stdout) as { nodes: { node_name: string }[] };
  expect(told.nodes.map(({ node_name }) => node_name)).toEqual(names);
});

test("an error that names a hostile argument is one safe line", async () => {
  for (const name of HOSTILE) {
    const runs = [
      await nodupe(["sync", name, "--sandbox", "--db", ":memory:"]),
      await nodupe(["ingest", "--node", "n", name, "--db", ":memory:"]),
      await nodupe(["compare", `a=${name}`, `b=${name}`]),
      await nodupe(["config", "check", "--config", name]),
      await nodupe([name]),
    ];
    for (const { exitCode, stdout, stderr } of runs) {
      expect([exitCode, stdout, UNSAFE.exec(stderr)]).toEqual([2, "", null]);
      expect(stderr.trimEnd().split("\n").length).toBe(1);
    }
  }
});

needsExecution("script")("hostile names do nothing to a terminal", async () => {
  using home = tempFolder();
  writeHostile(home.file("cvs"));
  using sandbox = await startSandbox({ apiKey: "tanova_sk_test" });
  using front = startFront(sandbox, (path) =>
    path.endsWith("/upload") ? Response.json({ message: MESSAGE }, { status: 422 }) : null,
  );
  const env = syncEnvironment({ home, sandbox: front });
  const command = `${quoted(BINARY)} sync ${quoted(home.file("cvs"))} -v`;
  const { stdout } = await runCommand(["script", "-qec", command, "/dev/null"], { env });
  expect(UNSAFE.exec(withoutOwnSequences(stdout))).toBeNull();
  expect(stdout).toContain("cv\\u202efdp.exe.pdf");
});

needsExecution("script")(
  "on a terminal a line moves while uploads take time, and fits 40 columns with the time left whole",
  async () => {
    using home = tempFolder();
    using cvs = tempFolder();
    writeCvs(cvs.path, { files: 60 });
    using sandbox = await startSandbox({ apiKey: "tanova_sk_test", latencyMs: 200 });
    const env = syncEnvironment({ home, sandbox });
    const command = `stty cols 40; ${quoted(BINARY)} sync ${quoted(cvs.path)} --workers 3`;
    const { stdout } = await runCommand(["script", "-qec", command, "/dev/null"], { env });
    const drawn = stdout.split("\r").filter((line) => /\/60 files/.test(line));
    expect(drawn.length).toBeGreaterThanOrEqual(2);
    expect(Math.max(...drawn.map((line) => Bun.stringWidth(line.replace("\u001B[K", ""))))).toBeLessThan(40);
    expect(drawn.some((line) => /ETA \d+s$/.test(line.trimEnd()))).toBe(true);
  },
);

needsExecution("script")("colours: on a terminal, forced in a pipe, never with NO_COLOR", async () => {
  const wrong = ["confg"];
  const red = `${String.fromCodePoint(0x1b)}[31m`;
  const inTerminal = (env: Record<string, string>) =>
    runCommand(["script", "-qec", `${quoted(BINARY)} confg`, "/dev/null"], { env });
  const coloured = [
    (await inTerminal({ TERM: "xterm" })).stdout,
    (await inTerminal({ TERM: "xterm", NO_COLOR: "1" })).stdout,
    (await inTerminal({ TERM: "xterm", CLICOLOR: "0" })).stdout,
    (await nodupe(wrong)).stderr,
    (await nodupe(wrong, { env: { FORCE_COLOR: "1" } })).stderr,
    (await nodupe(wrong, { env: { FORCE_COLOR: "1", NO_COLOR: "1" } })).stderr,
    (await nodupe([...wrong, "--no-color"], { env: { FORCE_COLOR: "1" } })).stderr,
  ];
  expect(coloured.map((output) => output.includes(red))).toEqual([
    true,
    false,
    false,
    false,
    true,
    false,
    false,
  ]);
});

test("messages as JSON: one object a line, with time and level", async () => {
  using home = tempFolder();
  const run = await nodupe(["--log-format", "json", "sync", home.file("no\nsuch"), "--sandbox"]);
  expect([run.exitCode, run.stdout]).toEqual([2, ""]);
  const [line = "", ...rest] = run.stderr.trimEnd().split("\n");
  expect(rest).toEqual([]);
  expect(JSON.parse(line)).toEqual({
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    level: "error",
    message: expect.stringContaining("no\nsuch"),
  });
});

test("-v tells what became of each file, and why one is skipped; -q tells nothing", async () => {
  using home = tempFolder();
  const cvs = home.file("cvs");
  mkdirSync(cvs);
  for (const [name, content] of [
    ["a.pdf", "one"],
    ["b.pdf", "one"],
    ["c.md", "two"],
    ["photo.jpg", "x"],
    ["~$c.docx", "x"],
    [".hidden.pdf", "x"],
    ["old.txt", "x"],
    ["empty.pdf", ""],
  ] as const)
    writeFileSync(`${cvs}/${name}`, content);
  using sandbox = await startSandbox({ apiKey: "tanova_sk_test" });
  const env = syncEnvironment({ home, sandbox });
  const args = ["sync", cvs, "--exclude", "old*", "--log-format", "json"];
  const linesOf = async (...more: string[]): Promise<string[]> => {
    const { stderr } = await nodupe([...args, ...more], { env });
    const told = stderr
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as Record<string, string>)
      .filter(({ level }) => level === "debug")
      .map(({ event, path = "", reason = "" }) =>
        `${event} ${path.slice(cvs.length + 1)} ${reason}`.trimEnd(),
      );
    return told.toSorted();
  };
  const skipped = [
    "skipped .hidden.pdf hidden",
    "skipped empty.pdf empty",
    "skipped old.txt excluded",
    "skipped photo.jpg not-a-cv",
    "skipped ~$c.docx office-lock",
  ];
  const first = await linesOf("-v");
  expect(first.map((line) => line.replace(/ [ab]\.pdf$/, " a or b"))).toEqual([
    "known-here a or b",
    ...skipped,
    "uploaded a or b",
    "uploaded c.md",
  ]);
  const second = await linesOf("-v");
  expect(second).toEqual(["known-here a.pdf", "known-here b.pdf", "known-here c.md", ...skipped]);
  expect([await linesOf(), await linesOf("-q")]).toEqual([[], []]);
});

test("-v tells of time what each server said, and how the round went", async () => {
  using good = await ntpServer({ offsetS: 3 });
  using silent = await silentServer();
  const args = [
    "time",
    "--db",
    ":memory:",
    "--timeout",
    busyMs(300),
    "--server",
    good.name,
    "--server",
    silent.name,
  ];
  const { exitCode, stderr } = await nodupe([...args, "--json", "-v", "--log-format", "json"]);
  expect(exitCode).toBe(0);
  const entries = stderr
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(entries.map(({ event, port, status, answered }) => [event, port ?? answered, status])).toEqual([
    ["server", good.port, "selected"],
    ["server", silent.port, "unreachable"],
    ["round", 1, undefined],
  ]);
});

test("where the locale is C, what the program writes itself is ASCII", async () => {
  const [plain, fancy] = await Promise.all(
    ["C", "C.UTF-8"].map((locale) => nodupe(["compare", "--help"], { env: { LC_ALL: locale } })),
  );
  const beyond = /[^\0-\u007F]/;
  expect([beyond.test(plain?.stdout ?? ""), beyond.test(fancy?.stdout ?? "")]).toEqual([false, true]);
});
