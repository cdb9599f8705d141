import { Database } from "bun:sqlite";
import { existsSync } from "node:fs";
import { codeOf, Failure } from "../lib/errors.ts";
import { isBusy } from "./busy.ts";
import { migrate, refuseForeign } from "./migrate.ts";
import { MIGRATIONS } from "./migrations.ts";
import { closeToOthers, notSqlite, prepareStoreFile, refuseForeignFile } from "./store-file.ts";

/**
 * An open store. Hot paths prepare their statements on `db`; queries are built with orm.ts, which is loaded on demand.
 */
export interface Store extends Disposable {
  readonly path: string;
  readonly db: Database;
}

export interface OpenOptions {
  /** The file, or `:memory:`. */
  readonly path: string;
  /** For queries that must not block a writer; the store must exist. */
  readonly readonly?: boolean;
  /** How long to wait while another process writes. */
  readonly busyTimeoutMs?: number;
  /** Called if others could read the store until now. */
  readonly onMended?: (line: string) => void;
}

const MEMORY = ":memory:";

/** Full durability for each commit (49 µs), foreign keys, and a wait for other processes. */
function configure(db: Database, busyTimeoutMs: number): void {
  db.run(`PRAGMA busy_timeout = ${Math.round(busyTimeoutMs)}`);
  db.run("PRAGMA foreign_keys = ON");
  db.run("PRAGMA synchronous = FULL");
}

/**
 * Retries within the busy timeout: SQLite does not call its busy handler if two processes open a new file at once
 * and one of them switches it to WAL.
 */
function patiently(busyTimeoutMs: number, action: () => void): void {
  const deadline = performance.now() + busyTimeoutMs;
  for (;;) {
    try {
      action();
      return;
    } catch (error) {
      if (!isBusy(error) || performance.now() > deadline) throw error;
      Bun.sleepSync(5);
    }
  }
}

/** Opens the file; a database of another program is refused before anything in it changes. */
function openFile({ path, onMended }: OpenOptions, busyTimeoutMs: number): Database {
  prepareStoreFile(path);
  let db: Database | null = null;
  try {
    patiently(busyTimeoutMs, () => refuseForeignFile(path, MIGRATIONS.length));
    const opened = new Database(path, { create: true, readwrite: true });
    db = opened;
    configure(opened, busyTimeoutMs);
    patiently(busyTimeoutMs, () => {
      refuseForeign(opened, path, MIGRATIONS.length);
      opened.run("PRAGMA journal_mode = WAL");
    });
    if (closeToOthers(path))
      onMended?.(`the store ${path} could be read by other users; it is yours alone now (mode 0600)`);
    return opened;
  } catch (error) {
    db?.close();
    throw codeOf(error) === "SQLITE_NOTADB" ? notSqlite(path, error) : error;
  }
}

function openMemory(busyTimeoutMs: number): Database {
  const db = new Database(MEMORY);
  configure(db, busyTimeoutMs);
  return db;
}

/**
 * Opens the store, creating and migrating it if needed.
 *
 * @throws Failure if the file is not a store, is newer than this program, is missing (read-only), or cannot be opened.
 */
export function openStore(options: OpenOptions): Store {
  const { path, busyTimeoutMs = 5_000 } = options;
  if (options.readonly === true && path !== MEMORY && !existsSync(path)) {
    throw new Failure(
      "usage",
      `there is no store at ${path} yet; name another with --db, or fill it first (nodupe ingest, nodupe sync)`,
    );
  }
  const db = path === MEMORY ? openMemory(busyTimeoutMs) : openFile(options, busyTimeoutMs);
  try {
    migrate(db, path, MIGRATIONS);
    if (options.readonly === true) db.run("PRAGMA query_only = ON");
  } catch (error) {
    db.close();
    throw error;
  }
  return { path, db, [Symbol.dispose]: () => db.close() };
}
