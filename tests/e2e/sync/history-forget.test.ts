import { expect, test } from "bun:test";
import { openStore } from "../../../src/db/open.ts";
import { join } from "node:path";
import { BINARY } from "../../support/binary.ts";
import { needsExecution } from "../../support/programs.ts";
import { nodupe, type Run, runCommand } from "../../support/run.ts";
import { tempFolder, type TempFolder } from "../../support/temp.ts";

const CVS = join(import.meta.dir, "../../../examples/cvs");

/** A store in which the sandbox has everything of the examples; how many contents those are. */
async function uploaded(home: TempFolder): Promise<number> {
  const run = await nodupe([
    "sync",
    CVS,
    "--sandbox",
    "--json",
    "--db",
    home.file("s.db"),
    "--settle",
    "0ms",
  ]);
  const { uploaded: count } = JSON.parse(run.stdout) as { uploaded: number };
  expect(count).toBeGreaterThan(3);
  return count;
}

async function doneIn(home: TempFolder): Promise<number> {
  const run = await nodupe(["history", "export", "--sandbox", "--db", home.file("s.db")]);
  return (JSON.parse(run.stdout) as unknown[]).length;
}

function forget(home: TempFolder, ...args: string[]): Promise<Run> {
  return nodupe(["history", "forget", "--sandbox", "--db", home.file("s.db"), ...args]);
}

test("--all without --yes and without a terminal: exit 2 with the reason, and nothing is forgotten", async () => {
  using home = tempFolder();
  const count = await uploaded(home);
  for (const json of [[], ["--json"]]) {
    expect(await forget(home, "--all", ...json)).toEqual({
      exitCode: 2,
      stdout: "",
      stderr: "nodupe: there is no terminal to ask on; if you are sure, run it again with --yes\n",
    });
  }
  expect(await doneIn(home)).toBe(count);
  expect((await forget(home, "3f79bb7b435b", "--yes")).stderr).toContain("--yes means nothing without --all");
  const sure = await forget(home, "--all", "--yes", "--json");
  expect(JSON.parse(sure.stdout)).toMatchObject({ forgotten: count });
  expect(await doneIn(home)).toBe(0);
});

needsExecution("script")(
  "--all on a terminal asks, and only yes forgets",
  async () => {
    using home = tempFolder();
    const count = await uploaded(home);
    const answered = async (answer: string): Promise<string> => {
      const command = `'${BINARY}' history forget --all --sandbox --db ${home.file("s.db")}; echo code $?`;
      return (await runCommand(["script", "-qec", command, "/dev/null"], { stdin: `${answer}\n` })).stdout;
    };
    for (const answer of ["", "n", "yes please"]) {
      const declined = await answered(answer);
      expect(declined).toContain("The next sync sends all of it again. [y/N]");
      expect(declined).toContain("nothing was done");
      expect(declined).toContain("code 1");
      expect(await doneIn(home)).toBe(count);
    }
    expect(await answered("y")).toContain(`${count} contents of`);
    expect(await doneIn(home)).toBe(0);
  },
  60_000,
);

test("export only reads: no store is told, one that another program has locked is no obstacle, and no server is added", async () => {
  using home = tempFolder();
  const db = home.file("s.db");
  const missing = await nodupe(["history", "export", "--db", db]);
  expect([missing.exitCode, missing.stderr]).toEqual([2, expect.stringContaining("there is no store")]);
  using store = openStore({ path: db });
  store.db.run("BEGIN IMMEDIATE");
  expect(await nodupe(["history", "export", "--db", db])).toEqual({
    exitCode: 0,
    stdout: "[]\n",
    stderr: "",
  });
  store.db.run("ROLLBACK");
  expect(store.db.query("SELECT url FROM destination").all()).toEqual([]);
});
