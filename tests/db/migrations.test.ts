import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { generateSQLiteDrizzleJson, generateSQLiteMigration } from "drizzle-kit/api";
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { migrate } from "../../src/db/migrate.ts";
import { MIGRATIONS } from "../../src/db/migrations.ts";
import * as fleet from "../../src/db/tables/fleet.ts";
import * as nodes from "../../src/db/tables/nodes.ts";
import * as time from "../../src/db/tables/time.ts";
import * as upload from "../../src/db/tables/upload.ts";
import { patient } from "../support/emulation.ts";
import { declare, skipping } from "../support/programs.ts";
import { runCommand } from "../support/run.ts";
import { schemaOf } from "../support/store/schema.ts";
import { tempFolder } from "../support/temp.ts";

const ROOT = resolve(import.meta.dir, "../..");
const FOLDER = join(ROOT, "src/db/migrations");

/** oxfmt formats the list of steps and needs Node 20.19. */
const formats = Bun.spawnSync([join(ROOT, "node_modules/.bin/oxfmt"), "--version"]).success;
const needsFormatter = formats ? declare : skipping("oxfmt does not run on this Node");

test("every file of db/tables is covered here", () => {
  expect(readdirSync(join(ROOT, "src/db/tables")).toSorted()).toEqual([
    "fleet.ts",
    "nodes.ts",
    "time.ts",
    "upload.ts",
  ]);
});

test("a migrated store equals the tables: columns, keys, indexes, checks; and every table is STRICT", async () => {
  const none = await generateSQLiteDrizzleJson({});
  const tables = await generateSQLiteDrizzleJson({ ...fleet, ...nodes, ...time, ...upload });
  using made = new Database(":memory:");
  for (const sql of await generateSQLiteMigration(none, tables))
    made.run(sql.trimEnd().replace(/^\);?$/m, ") STRICT;"));
  using migrated = new Database(":memory:");
  migrate(migrated, "store", MIGRATIONS);
  const schema = schemaOf(migrated);
  expect(schema).toEqual(schemaOf(made));
  expect(schema.filter(({ isStrict }) => !isStrict)).toEqual([]);
});

test("the snapshots, the SQL files and the embedded list have the same steps", () => {
  const journal = JSON.parse(readFileSync(join(FOLDER, "meta/_journal.json"), "utf8")) as {
    entries: { tag: string }[];
  };
  const files = readdirSync(FOLDER).filter((name) => name.endsWith(".sql"));
  expect(files.toSorted()).toEqual(journal.entries.map(({ tag }) => `${tag}.sql`));
  expect(MIGRATIONS).toEqual(files.toSorted().map((name) => readFileSync(join(FOLDER, name), "utf8")));
});

needsFormatter(
  "`npm run migration` says that nothing has changed, and writes a step where a table has",
  async () => {
    using folder = tempFolder();
    const parts = ["src/db", "build/migration.ts", "drizzle.config.ts", "package.json", ".oxfmtrc.json"];
    for (const part of parts) cpSync(join(ROOT, part), folder.file(part), { recursive: true });
    symlinkSync(join(ROOT, "node_modules"), folder.file("node_modules"));
    const make = (name: string) =>
      runCommand([process.execPath, folder.file("build/migration.ts"), name], {
        cwd: folder.path,
        env: { PATH: `${join(ROOT, "node_modules/.bin")}:${process.env["PATH"]}` },
      });
    const list = () => readFileSync(folder.file("src/db/migrations.ts"), "utf8");
    const before = list();
    const unchanged = await make("nothing");
    expect([unchanged.exitCode, unchanged.stdout]).toEqual([0, expect.stringContaining("No schema changes")]);
    expect(list()).toBe(before);

    const tables = folder.file("src/db/tables/extra.ts");
    mkdirSync(folder.file("src/db/tables"), { recursive: true });
    writeFileSync(
      tables,
      `import { integer, sqliteTable } from "drizzle-orm/sqlite-core";
export const extra = sqliteTable("extra", { id: integer("id").primaryKey() });\n`,
    );
    const changed = await make("extra");
    const number = String(MIGRATIONS.length).padStart(4, "0");
    expect(changed.exitCode).toBe(0);
    expect(readFileSync(folder.file(`src/db/migrations/${number}_extra.sql`), "utf8")).toBe(
      "CREATE TABLE `extra` (\n\t`id` integer PRIMARY KEY NOT NULL\n) STRICT;\n",
    );
    expect(list()).toContain(
      `import m${number} from "./migrations/${number}_extra.sql" with { type: "text" };`,
    );
    expect(list()).toMatch(new RegExp(`m${number},?\\s*\\];`));
  },
  patient(60_000),
);

test("recreating a table that others reference keeps their rows; a dangling row rolls everything back", () => {
  const first = `CREATE TABLE parent (id INTEGER PRIMARY KEY) STRICT;
    CREATE TABLE child (id INTEGER PRIMARY KEY, parent_id INTEGER NOT NULL REFERENCES parent (id)) STRICT;`;
  const anew = `CREATE TABLE new_parent (id INTEGER PRIMARY KEY, name TEXT) STRICT;
    INSERT INTO new_parent (id) SELECT id FROM parent; DROP TABLE parent; ALTER TABLE new_parent RENAME TO parent;`;
  using db = new Database(":memory:");
  migrate(db, "store", [first]);
  db.run("INSERT INTO parent VALUES (1); INSERT INTO child VALUES (2, 1)");
  migrate(db, "store", [first, anew]);
  expect(() => migrate(db, "store", [first, anew, "DELETE FROM parent"])).toThrow(
    "Cannot migrate the store: a row of child points to none of parent; nothing was changed",
  );
  expect([
    db.query("SELECT * FROM parent").all(),
    db.query("SELECT * FROM child").all(),
    db.query("PRAGMA user_version").get(),
    db.query("PRAGMA foreign_keys").get(),
  ]).toEqual([[{ id: 1, name: null }], [{ id: 2, parent_id: 1 }], { user_version: 2 }, { foreign_keys: 1 }]);
});
