import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { mkdirSync, statSync, writeFileSync } from "node:fs";
import { migrate } from "../../src/db/migrate.ts";
import { MIGRATIONS } from "../../src/db/migrations.ts";
import { openStore } from "../../src/db/open.ts";
import { failureOf } from "../support/failure-of.ts";
import { tempFolder } from "../support/temp.ts";

test("a new store is private to its owner, in WAL mode, and at the newest schema", () => {
  using folder = tempFolder();
  const path = folder.file("data", "nodupe.db");
  using store = openStore({ path });
  const pragma = (name: string) =>
    Object.values(store.db.query<Record<string, unknown>, []>(`PRAGMA ${name}`).get() ?? {})[0];
  expect({
    file: statSync(path).mode & 0o777,
    folder: statSync(folder.file("data")).mode & 0o777,
    journal: pragma("journal_mode"),
    foreignKeys: pragma("foreign_keys"),
    busy: pragma("busy_timeout"),
    version: pragma("user_version"),
  }).toEqual({
    file: 0o600,
    folder: 0o700,
    journal: "wal",
    foreignKeys: 1,
    busy: 5_000,
    version: MIGRATIONS.length,
  });
});

test("a newer store is refused and left unchanged", () => {
  using folder = tempFolder();
  const path = folder.file("nodupe.db");
  openStore({ path })[Symbol.dispose]();
  using db = new Database(path);
  db.run(`PRAGMA user_version = ${MIGRATIONS.length + 1}`);
  const failure = failureOf(() => openStore({ path }));
  expect([failure.kind, failure.message]).toEqual([
    "usage",
    expect.stringContaining("written by a newer nodupe"),
  ]);
});

test("a text, another program's database or a folder is refused", () => {
  using folder = tempFolder();
  writeFileSync(folder.file("text"), "a letter");
  const foreign = new Database(folder.file("foreign"));
  foreign.run("CREATE TABLE accounts (id INTEGER)");
  foreign.close();
  mkdirSync(folder.file("folder"));
  const messages = ["text", "foreign", "folder"].map((name) => {
    const failure = failureOf(() => openStore({ path: folder.file(name) }));
    return [failure.kind, failure.message.replaceAll(folder.path, "")];
  });
  expect(messages).toEqual([
    ["usage", "/text is not a nodupe store (it is not an SQLite file); name another file with --db"],
    [
      "usage",
      "/foreign is an SQLite database of another program, not a nodupe store; name another file with --db",
    ],
    ["usage", "the store /folder is a folder; expected a file, such as /folder/nodupe.db"],
  ]);
});

test("opening for reading needs an existing store", () => {
  using folder = tempFolder();
  const failure = failureOf(() => openStore({ path: folder.file("none.db"), readonly: true }));
  expect([failure.kind, failure.message]).toEqual(["usage", expect.stringContaining("there is no store at")]);
});

test("a store opened for reading cannot be written", () => {
  using folder = tempFolder();
  const path = folder.file("nodupe.db");
  openStore({ path })[Symbol.dispose]();
  using store = openStore({ path, readonly: true });
  expect(() => store.db.run("CREATE TABLE extra (id INTEGER)")).toThrow("readonly");
});

test("a failing step leaves the store at its old schema", () => {
  using db = new Database(":memory:");
  migrate(db, "store", ["CREATE TABLE a (id INTEGER)"]);
  expect(() =>
    migrate(db, "store", ["CREATE TABLE a (id INTEGER)", "CREATE TABLE b (id INTEGER); nonsense"]),
  ).toThrow();
  const tables = db.query<{ name: string }, []>("SELECT name FROM sqlite_schema").all();
  expect([tables, db.query("PRAGMA user_version").get()]).toEqual([[{ name: "a" }], { user_version: 1 }]);
});

test("many concurrent first starts all get the same store", async () => {
  using folder = tempFolder();
  const path = folder.file("nodupe.db");
  const script = `import { openStore } from "${import.meta.dir}/../../src/db/open.ts";
    using store = openStore({ path: process.argv[1] });
    console.log(store.db.query("PRAGMA user_version").get().user_version);`;
  const starts = await Promise.all(
    Array.from({ length: 8 }, async () => {
      const child = Bun.spawn([process.execPath, "-e", script, path], { stdout: "pipe", stderr: "inherit" });
      return [await new Response(child.stdout).text(), await child.exited];
    }),
  );
  expect(starts).toEqual(starts.map(() => [`${MIGRATIONS.length}\n`, 0]));
});
