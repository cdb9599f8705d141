import { Database } from "bun:sqlite";
import { closeSync, existsSync, fchmodSync, mkdirSync, openSync, readSync } from "node:fs";
import { dirname } from "node:path";
import { codeOf, Failure, reasonOf } from "../lib/errors.ts";
import { migrate } from "./migrate.ts";
import { MIGRATIONS } from "./migrations.ts";

/** An open store. Hot paths prepare their statements on `db`; queries are built by orm.ts, loaded where it is used. */
export interface Store extends Disposable {
  readonly path: string;
  readonly db: Database;
}

export interface OpenOptions {
  /** The file, or `:memory:`. */
  readonly path: string;
  /** For queries that must not hold up a writer; the store has to exist. */
  readonly readonly?: boolean;
  /** How long to wait for another process's write. */
  readonly busyTimeoutMs?: number;
}

const MEMORY = ":memory:";
const SQLITE_HEADER = "SQLite format 3\0";

/** Paths are names of people: the file is its owner's alone from its first moment, and so is a folder made for it. */
function prepareFile(path: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const isNew = !existsSync(path);
    const descriptor = openSync(path, "a+", 0o600);
    try {
      if (isNew) fchmodSync(descriptor, 0o600);
      const header = Buffer.alloc(SQLITE_HEADER.length);
      const length = readSync(descriptor, header, 0, header.length, 0);
      if (length > 0 && header.toString("latin1", 0, length) !== SQLITE_HEADER) {
        throw new Failure(
          "usage",
          `${path} is not a nodupe store (it is no SQLite file); name another file with --db`,
        );
      }
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    if (error instanceof Failure) throw error;
    const code = codeOf(error);
    if (code === "EISDIR")
      throw new Failure("usage", `the store ${path} is a folder; expected a file, such as ${path}/nodupe.db`);
    if (code === "EACCES" || code === "EPERM" || code === "EROFS") {
      throw new Failure(
        "not-permitted",
        `cannot open the store ${path}: ${reasonOf(error)}; name a writable place with --db`,
      );
    }
    if (["ENOTDIR", "ENOENT", "EEXIST", "ENAMETOOLONG"].includes(code ?? ""))
      throw new Failure("usage", `cannot open the store ${path}: ${reasonOf(error)}`);
    throw error;
  }
}

/** Full durability for each commit (49 µs), foreign keys, patience with other processes. */
function configure(db: Database, busyTimeoutMs: number): void {
  db.run(`PRAGMA busy_timeout = ${Math.round(busyTimeoutMs)}`);
  db.run("PRAGMA foreign_keys = ON");
  db.run("PRAGMA synchronous = FULL");
}

/**
 * Switches to WAL. SQLite does not call the busy handler for this when two processes open a new file at once, so it
 * is tried again for as long as the busy time-out says.
 */
function switchToWal(db: Database, busyTimeoutMs: number): void {
  const deadline = performance.now() + busyTimeoutMs;
  for (;;) {
    try {
      db.run("PRAGMA journal_mode = WAL");
      return;
    } catch (error) {
      if (!String(codeOf(error)).startsWith("SQLITE_BUSY") || performance.now() > deadline) throw error;
      Bun.sleepSync(5);
    }
  }
}

/**
 * Opens the store, making and migrating it where needed.
 *
 * @throws Failure where the file is no store, is newer than this program, is missing (read-only), or may not be opened.
 */
export function openStore(options: OpenOptions): Store {
  const { path, busyTimeoutMs = 5_000 } = options;
  if (options.readonly === true && path !== MEMORY && !existsSync(path)) {
    throw new Failure(
      "usage",
      `there is no store at ${path} yet; name another with --db, or fill it first (nodupe ingest, nodupe sync)`,
    );
  }
  if (path !== MEMORY) prepareFile(path);
  const db = new Database(path, { create: true, readwrite: true });
  try {
    configure(db, busyTimeoutMs);
    if (path !== MEMORY) switchToWal(db, busyTimeoutMs);
    migrate(db, path, MIGRATIONS);
    if (options.readonly === true) db.run("PRAGMA query_only = ON");
  } catch (error) {
    db.close();
    throw error;
  }
  return { path, db, [Symbol.dispose]: () => db.close() };
}
