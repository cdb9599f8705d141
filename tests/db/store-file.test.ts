import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import {
  chmodSync,
  copyFileSync,
  linkSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { openStore } from "../../src/db/open.ts";
import { failureOf } from "../support/failure-of.ts";
import { tempFolder, type TempFolder } from "../support/temp.ts";

/** The mode and bytes of every file in a folder, by name. */
function contentsOf(folder: TempFolder): Record<string, string> {
  return Object.fromEntries(
    readdirSync(folder.path)
      .toSorted()
      .map((name) => [
        name,
        `${(statSync(folder.file(name)).mode & 0o777).toString(8)} ${readFileSync(folder.file(name)).toString("base64")}`,
      ]),
  );
}

/** A database as left by another program that was killed: in WAL mode, with commits only in the log. */
function copyUnfinished(from: Database, folder: TempFolder, name: string): void {
  copyFileSync(from.filename, folder.file(name));
  copyFileSync(`${from.filename}-wal`, folder.file(`${name}-wal`));
}

test("another program's database is refused and stays unchanged: with a journal, in WAL mode, with a log left", () => {
  using scratch = tempFolder();
  using folder = tempFolder();
  for (const mode of ["delete", "wal"]) {
    using db = new Database(folder.file(mode));
    db.run(`PRAGMA journal_mode = ${mode}`);
    db.run("CREATE TABLE accounts (id INTEGER)");
  }
  using running = new Database(scratch.file("running"));
  running.run("PRAGMA journal_mode = WAL");
  running.run("CREATE TABLE accounts (id INTEGER)");
  running.run("PRAGMA wal_checkpoint(TRUNCATE)");
  running.run("INSERT INTO accounts VALUES (1)");
  copyUnfinished(running, folder, "left");
  writeFileSync(folder.file("text"), "a letter");
  for (const name of readdirSync(folder.path)) chmodSync(folder.file(name), 0o644);
  const before = contentsOf(folder);
  for (const name of ["delete", "wal", "left", "text"]) {
    expect(failureOf(() => openStore({ path: folder.file(name) })).message).toContain("not a nodupe store");
  }
  // A reader may create the index of a log (-shm): it is not part of the database, and SQLite rebuilds it.
  const { "left-shm": _, ...after } = contentsOf(folder);
  expect(after).toEqual(before);
});

test("a store that was killed during its first commit is recovered", () => {
  using scratch = tempFolder();
  using folder = tempFolder();
  const made = openStore({ path: scratch.file("made") });
  made.db.run("INSERT INTO satellite (name) VALUES ('one')");
  copyUnfinished(made.db, folder, "store");
  made[Symbol.dispose]();
  using store = openStore({ path: folder.file("store") });
  expect(store.db.query("SELECT name FROM satellite").all()).toEqual([{ name: "one" }]);
});

test("a store whose creation was interrupted (zeroed first page, hot journal) is rolled back and created", () => {
  using folder = tempFolder();
  // The journal's header (fileformat2, 3): magic, no records, a nonce, no pages before, 512-byte sectors,
  // 4,096-byte pages.
  const journal = Buffer.alloc(512);
  Buffer.from("d9d505f920a163d7", "hex").copy(journal);
  journal.writeUInt32BE(0x12345678, 12);
  journal.writeUInt32BE(512, 20);
  journal.writeUInt32BE(4_096, 24);
  writeFileSync(folder.file("store"), Buffer.alloc(4_096), { mode: 0o600 });
  writeFileSync(folder.file("store-journal"), journal, { mode: 0o600 });
  using store = openStore({ path: folder.file("store") });
  expect(store.db.query("SELECT count(*) AS n FROM node").get()).toEqual({ n: 0 });
  expect(readdirSync(folder.path)).not.toContain("store-journal");
});

test("zeros without a journal, or a text next to a bogus journal, are not a store", () => {
  using folder = tempFolder();
  writeFileSync(folder.file("zeros"), Buffer.alloc(4_096));
  writeFileSync(folder.file("text"), "a letter\n".repeat(100));
  writeFileSync(folder.file("text-journal"), "about it");
  for (const name of ["zeros", "text"]) {
    expect(failureOf(() => openStore({ path: folder.file(name) })).message).toContain(
      "is not a nodupe store",
    );
  }
  expect(readFileSync(folder.file("text"), "utf8")).toBe("a letter\n".repeat(100));
});

test("a file of any few bytes is not a store and stays as it is; an empty one becomes a store", () => {
  using folder = tempFolder();
  for (const text of ["x", "xy", "x".repeat(99), "x".repeat(511), "x".repeat(4_097)]) {
    const path = folder.file(`of-${text.length}`);
    writeFileSync(path, text, { mode: 0o640 });
    expect(failureOf(() => openStore({ path })).message).toContain("is not a nodupe store");
    expect([readFileSync(path, "utf8"), statSync(path).mode & 0o777]).toEqual([text, 0o640]);
  }
  writeFileSync(folder.file("empty"), "");
  openStore({ path: folder.file("empty") })[Symbol.dispose]();
});

test("others' permissions on a store and its side files are removed, and that is reported once", () => {
  using folder = tempFolder();
  const path = folder.file("store");
  const holder = openStore({ path });
  const names = ["store", "store-wal", "store-shm"];
  for (const name of names) chmodSync(folder.file(name), 0o644);
  const told: string[] = [];
  openStore({ path, onMended: (line) => told.push(line) })[Symbol.dispose]();
  openStore({ path, onMended: (line) => told.push(line) })[Symbol.dispose]();
  expect(told).toEqual([`the store ${path} could be read by other users; it is yours alone now (mode 0600)`]);
  expect(names.map((name) => statSync(folder.file(name)).mode & 0o777)).toEqual([0o600, 0o600, 0o600]);
  holder[Symbol.dispose]();
});

test("planted files are refused: under the store's own name, and under each that SQLite would open beside it", () => {
  using folder = tempFolder();
  const victim = folder.file("victim");
  writeFileSync(victim, "words", { mode: 0o644 });
  symlinkSync(victim, folder.file("a"));
  symlinkSync(folder.file("nothing"), folder.file("b"));
  linkSync(victim, folder.file("c"));
  for (const end of ["wal", "shm", "journal"]) symlinkSync(victim, folder.file(`d${end}-${end}`));
  const refusals = ["a", "b", "c", "dwal", "dshm", "djournal"].map((name) => {
    const failure = failureOf(() => openStore({ path: folder.file(name) }));
    return `${failure.kind}: ${failure.message.replaceAll(folder.path, "").split(";")[0]}`;
  });
  expect(refusals).toEqual([
    "not-permitted: the store /a is a symbolic link",
    "not-permitted: the store /b is a symbolic link",
    "not-permitted: the store /c has a second name (a hard link)",
    "not-permitted: the store's /dwal-wal is a symbolic link",
    "not-permitted: the store's /dshm-shm is a symbolic link",
    "not-permitted: the store's /djournal-journal is a symbolic link",
  ]);
  expect([readFileSync(victim, "utf8"), statSync(victim).mode & 0o777]).toEqual(["words", 0o644]);
});

test("a store that is open in this process stays locked while it is opened again", async () => {
  using folder = tempFolder();
  const path = folder.file("store");
  using first = openStore({ path });
  openStore({ path })[Symbol.dispose]();
  first.db.run("INSERT INTO satellite (name) VALUES ('kept')");
  // A process that believes to be the last one would remove the log, and with it what was not checkpointed.
  const script = `import { openStore } from "${import.meta.dir}/../../src/db/open.ts";
    openStore({ path: process.argv[1] })[Symbol.dispose]();`;
  const child = Bun.spawn([process.execPath, "-e", script, path], { stdout: "inherit", stderr: "inherit" });
  expect(await child.exited).toBe(0);
  expect(readdirSync(folder.path).toSorted()).toEqual(["store", "store-shm", "store-wal"]);
  first.db.run("INSERT INTO satellite (name) VALUES ('kept too')");
  using second = openStore({ path });
  expect(second.db.query("SELECT count(*) AS n FROM satellite").get()).toEqual({ n: 2 });
});

test("a truncated store is reported as damaged", () => {
  using folder = tempFolder();
  const path = folder.file("store");
  openStore({ path })[Symbol.dispose]();
  truncateSync(path, 4_096 + 100);
  expect(() => {
    using store = openStore({ path });
    store.db.query("SELECT * FROM node").all();
  }).toThrow(/malformed|disk image/);
});
