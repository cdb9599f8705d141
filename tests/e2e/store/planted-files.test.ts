// Files that another user planted where this program keeps its own: refused with one clear line, and what they point to
// stays as it is.
import { expect, test } from "bun:test";
import {
  chmodSync,
  cpSync,
  linkSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { nodupe, type Run } from "../../support/run.ts";
import { tempFolder, type TempFolder } from "../../support/temp.ts";

const EXAMPLES = resolve(import.meta.dir, "../../../examples/cvs");
const VICTIM = "root:words that nobody else may write\n";
const LEFT =
  "it was not touched. Expected a regular file of your own: remove this one, or name another place";

/** A folder with a victim in it, and one for the program's files. */
function scene(folder: TempFolder): { victim: string; db: string; run: (...args: string[]) => Promise<Run> } {
  const victim = folder.file("victim");
  writeFileSync(victim, VICTIM, { mode: 0o644 });
  mkdirSync(folder.file("data"), { mode: 0o700 });
  const env = { HOME: folder.path, NODUPE_SYNC_SETTLE: "0ms" };
  return {
    victim,
    db: folder.file("data/store.db"),
    run: (...args) => nodupe(args, { env, cwd: folder.path }),
  };
}

function expectUnchanged(victim: string): void {
  expect([readFileSync(victim, "utf8"), statSync(victim).mode & 0o777]).toEqual([VICTIM, 0o644]);
}

/** The name of the lock that a sync to the sandbox takes beside its store. */
async function lockName(): Promise<string> {
  using folder = tempFolder();
  const { db, run } = scene(folder);
  expect((await run("sync", "--sandbox", "-q", "--db", db, EXAMPLES)).exitCode).toBe(0);
  const names = await Array.fromAsync(new Bun.Glob("*.lock").scan(dirname(db)));
  expect(names).toHaveLength(1);
  return names[0] ?? "";
}

test("a planted lock, sandbox file or store ends a sync: exit 5, one line, the victim unchanged", async () => {
  const lock = await lockName();
  for (const [name, what] of [
    [lock, "the lock"],
    ["store.db.sandbox", "the sandbox's memory"],
    ["store.db", "the store"],
    ["store.db-wal", "the store's"],
    ["store.db-journal", "the store's"],
  ] as const) {
    for (const [plant, fault] of [
      [symlinkSync, "is a symbolic link"],
      [linkSync, "has a second name (a hard link)"],
    ] as const) {
      using folder = tempFolder();
      const { victim, db, run } = scene(folder);
      const path = join(dirname(db), name);
      plant(victim, path);
      const { exitCode, stderr } = await run("sync", "--sandbox", "-q", "--db", db, EXAMPLES);
      expect({ exitCode, stderr }).toEqual({
        exitCode: 5,
        stderr: `nodupe: ${what} ${path} ${fault}; ${LEFT}\n`,
      });
      expectUnchanged(victim);
    }
  }
});

test("a store in a folder that everybody may write is refused", async () => {
  using folder = tempFolder();
  const { db, run } = scene(folder);
  chmodSync(dirname(db), 0o777);
  const { exitCode, stderr } = await run("history", "list", "--db", db);
  expect({ exitCode, stderr }).toEqual({
    exitCode: 5,
    stderr: `nodupe: the store ${db} lies in a folder that can be written by every user, so that others could plant files there; name another place, or remove that permission (chmod go-w ${dirname(db)})\n`,
  });
});

test("a store that others can read is mended, and that is said", async () => {
  using folder = tempFolder();
  const { db, run } = scene(folder);
  await run("sync", "--sandbox", "-q", "--db", db, EXAMPLES);
  chmodSync(db, 0o644);
  const { exitCode, stderr } = await run("history", "list", "--db", db);
  expect({ exitCode, stderr, mode: statSync(db).mode & 0o777 }).toEqual({
    exitCode: 0,
    stderr: `nodupe: warning: the store ${db} could be read by other users; it is yours alone now (mode 0600)\n`,
    mode: 0o600,
  });
});

test("config init follows no link, with --force or without", async () => {
  using folder = tempFolder();
  const { victim, run } = scene(folder);
  const path = folder.file("data/config.toml");
  symlinkSync(victim, path);
  const plain = await run("config", "init", "--config", path);
  const forced = await run("config", "init", "--config", path, "--force");
  expect([plain.exitCode, forced.exitCode, forced.stderr]).toEqual([
    2,
    5,
    `nodupe: config file ${path} is a symbolic link; ${LEFT}\n`,
  ]);
  expectUnchanged(victim);
});

test("bench --save follows no link, and measures nothing before it has found that out", async () => {
  using folder = tempFolder();
  const { victim, run } = scene(folder);
  symlinkSync(victim, folder.file("report.json"));
  const { exitCode, stderr } = await run("bench", "time", "--quick", "--save", folder.file("report.json"));
  expect({ exitCode, stderr }).toEqual({
    exitCode: 5,
    stderr: `nodupe: the report ${folder.file("report.json")} is a symbolic link; ${LEFT}\n`,
  });
  expectUnchanged(victim);
});

test("a damaged store is said to be one: exit 2, one line, and it stays for whoever mends it", async () => {
  using folder = tempFolder();
  const { db, run } = scene(folder);
  cpSync(EXAMPLES, folder.file("cvs"), { recursive: true });
  await run("sync", "--sandbox", "-q", "--db", db, folder.file("cvs"));
  const whole = readFileSync(db);
  const damaged = Buffer.from(whole);
  damaged.fill(0xa5, 4_096);
  writeFileSync(db, damaged);
  const { exitCode, stderr } = await run("history", "list", "--db", db);
  expect(exitCode).toBe(2);
  expect(stderr).toStartWith("nodupe: the store is damaged (");
  expect(stderr.trimEnd().split("\n")).toHaveLength(1);
  expect(readFileSync(db).equals(damaged)).toBe(true);
});
