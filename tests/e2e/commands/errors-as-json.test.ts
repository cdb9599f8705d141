import { expect, test } from "bun:test";
import { join } from "node:path";
import { BINARY } from "../../support/binary.ts";
import { cleanEnvironment, nodupe } from "../../support/run.ts";
import { tempFolder } from "../../support/temp.ts";

const SAMPLE = join(import.meta.dir, "../../fixtures/storagenode-sample.log");
const CVS = join(import.meta.dir, "../../../examples/cvs");

/** Commands that need the store, as they are called. */
const COMMANDS: readonly (readonly string[])[] = [
  ["ingest", "--node", "n", SAMPLE],
  ["compare", "n", "m"],
  ["history", "list"],
  ["history", "export", "--sandbox"],
  ["history", "forget", "--all", "--yes", "--sandbox"],
  ["history", "import", "-", "--sandbox"],
];

/** What is no file cannot be a store. */
const BROKEN_STORE = "/dev/null";

function objectOf(stdout: string): Record<string, unknown> {
  expect(stdout.trimEnd().split("\n").length).toBe(1);
  return JSON.parse(stdout) as Record<string, unknown>;
}

test.each(COMMANDS.map((args) => [args] as const))(
  "%j: where the store fails, the object has every key, null, and says why",
  async (args) => {
    using home = tempFolder();
    const db = home.file("store.db");
    for (const node of ["n", "m"]) await nodupe(["ingest", "--node", node, SAMPLE, "--db", db]);
    const good = await nodupe([...args, "--json", "--db", db], { stdin: "[]" });
    expect(good.exitCode).toBe(0);
    const bad = await nodupe([...args, "--json", "--db", BROKEN_STORE], { stdin: "[]" });
    expect(bad.exitCode).toBe(5);
    const { error, ...rest } = objectOf(bad.stdout);
    const unknown = Object.keys(objectOf(good.stdout)).map((key) => [key, null]);
    expect(rest).toEqual(Object.fromEntries(unknown));
    expect(error).toEqual({
      kind: "not_permitted",
      reason: expect.stringContaining("the store /dev/null is not a regular file"),
    });
    expect(bad.stderr.trimEnd().split("\n").length).toBe(1);
  },
);

test("at exit 2 there is no object, whatever was wrong", async () => {
  const runs = await Promise.all(
    [
      ["--json", "confg"],
      ["compare", "a", "--json"],
      ["sync", CVS, "--sandbox", "--json", "--workers", "many"],
      ["history", "list", "--json", "--db", `${SAMPLE}/below`],
      ["history", "list", "--json", "--db", SAMPLE],
      ["config", "show", "--json", "--config", "/no/such/file"],
      ["time", "--json", "--max-offset", "1s"],
      ["time", "--json", "--interval", "1s"],
      ["time", "--json", "--force"],
      ["compare", "a", "b", "--json", "--last", "7d", "--since", "2026-01-01"],
    ].map((args) => nodupe(args)),
  );
  expect(runs.map(({ exitCode, stdout }) => [exitCode, stdout])).toEqual(runs.map(() => [2, ""]));
  expect(runs.map(({ stderr }) => stderr.trimEnd().split("\n").length)).toEqual(runs.map(() => 1));
});

test("a signal ends with the object too, all its keys there", async () => {
  const child = Bun.spawn([BINARY, "ingest", "--node", "n", "-", "--json", "--db", ":memory:"], {
    env: cleanEnvironment(),
    stdin: "pipe",
    stdout: "pipe",
    stderr: "pipe",
  });
  // More than the pipe takes: once all of it is written, the program is reading.
  const sample = await Bun.file(SAMPLE).bytes();
  for (let copy = 0; copy < 20; copy += 1) await child.stdin.write(sample);
  await child.stdin.flush();
  child.kill("SIGTERM");
  const printed = await new Response(child.stdout).text();
  expect(await child.exited).toBe(143);
  expect(Object.keys(objectOf(printed))).toEqual(
    expect.arrayContaining(["node", "files", "lines", "events", "started", "facts", "known", "elapsed_s"]),
  );
});
