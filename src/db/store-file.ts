import { constants as sqlite, Database } from "bun:sqlite";
import { chmodSync, closeSync, constants, lstatSync, mkdirSync, openSync, readSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { codeOf, Failure, reasonOf } from "../lib/errors.ts";
import { OTHERS_ANY, refusePlanted, refuseSharedFolder } from "../lib/own-file.ts";
import { refuseForeign, saysOurs } from "./migrate.ts";

/** Files that SQLite keeps beside a database, found by these names alone. */
const SIDE_FILES = ["-wal", "-shm", "-journal"];

/** The length of the header, which holds application_id. */
const HEADER_BYTES = 100;
const MAGIC = "SQLite format 3\0";

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

function translate(path: string, error: unknown): unknown {
  const code = codeOf(error) ?? "";
  if (error instanceof Failure) return error;
  if (code === "EACCES" || code === "EPERM" || code === "EROFS") {
    return new Failure(
      "not-permitted",
      `cannot open the store ${path}: ${reasonOf(error)}; name a writable place with --db`,
    );
  }
  if (["ENOTDIR", "ENOENT", "EEXIST", "ENAMETOOLONG"].includes(code))
    return new Failure("usage", `cannot open the store ${path}: ${reasonOf(error)}`);
  return error;
}

/**
 * Removes other users' permissions on a store that was left open to them: paths contain people's names.
 *
 * @returns whether there were any.
 */
export function closeToOthers(path: string): boolean {
  const open = ["", ...SIDE_FILES]
    .map((end) => path + end)
    .filter((file) => ((lstatSync(file, { throwIfNoEntry: false })?.mode ?? 0) & OTHERS_ANY) !== 0);
  for (const file of open) chmodSync(file, 0o600);
  return open.length > 0;
}

/**
 * Creates the store's file and its folder if missing, private to its owner from the first moment; otherwise checks
 * that it and SQLite's files beside it are our own. An existing file is not opened here: closing it would release
 * locks that this process may hold on it (fcntl(2)).
 *
 * @throws Failure if it is a folder, a link, somebody else's, or cannot be created.
 */
export function prepareStoreFile(path: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    refuseSharedFolder(path, "the store");
    if (lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true)
      throw new Failure("usage", `the store ${path} is a folder; expected a file, such as ${path}/nodupe.db`);
    for (const end of SIDE_FILES) refusePlanted(path + end, "the store's");
    try {
      closeSync(openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, 0o600));
      return;
    } catch (error) {
      if (codeOf(error) !== "EEXIST") throw error;
    }
    refusePlanted(path, "the store");
    // SQLite takes a file of one byte for an empty one (its ticket 3260), and would write over it.
    if (sizeOf(path) === 1) throw notSqlite(path, null);
  } catch (error) {
    throw translate(path, error);
  }
}

/** Whether the header in the file marks it as something other than an SQLite database. */
function isHeaderForeign(path: string): boolean {
  const header = Buffer.alloc(HEADER_BYTES);
  const descriptor = openSync(path, "r");
  try {
    readSync(descriptor, header, 0, HEADER_BYTES, 0);
  } finally {
    closeSync(descriptor);
  }
  // All zeros is not foreign: the first page never reached the disk, and the journal restores an empty database.
  return header.some((byte) => byte !== 0) && header.toString("latin1", 0, MAGIC.length) !== MAGIC;
}

/**
 * Whether the header marks the file as ours, whatever its journal or log holds. An immutable connection takes no
 * lock and reads no log, which makes it four times as fast as a normal one; and unlike a descriptor of our own,
 * SQLite releases none of this process's locks when it closes the file.
 */
function isOursByHeader(path: string): boolean {
  try {
    using db = new Database(
      `${Bun.pathToFileURL(path).href}?immutable=1`,
      sqlite.SQLITE_OPEN_READONLY | sqlite.SQLITE_OPEN_URI,
    );
    return saysOurs(db);
  } catch {
    // Torn, or not a database: the closer look finds out.
    return false;
  }
}

/**
 * Checks over a read-only connection whether a database with a journal or log beside it is ours: a connection that
 * can write would apply another program's journal or log when it is opened or closed.
 *
 * Such a connection cannot read while there is a journal to roll back. That is the sign of a store whose creation
 * was interrupted; SQLite rolls it back before the first read over a writable connection.
 *
 * @throws Failure usage if it belongs to another program.
 */
export function refuseForeignFile(path: string, knownVersion: number): void {
  if (SIDE_FILES.every((end) => end === "-shm" || sizeOf(path + end) === 0)) return;
  if (isOursByHeader(path)) return;
  const db = new Database(path, { readonly: true });
  try {
    refuseForeign(db, path, knownVersion);
  } catch (error) {
    const code = String(codeOf(error));
    // Written by a newer SQLite, or in a read-only folder: opening it for writing will tell.
    if (!code.startsWith("SQLITE_READONLY") && !code.startsWith("SQLITE_CANTOPEN")) throw error;
    if (isHeaderForeign(path)) throw notSqlite(path, error);
  } finally {
    db.close();
  }
}

/** The message for a file that SQLite cannot read at all. */
export function notSqlite(path: string, cause: unknown): Failure {
  return new Failure(
    "usage",
    `${path} is not a nodupe store (it is not an SQLite file); name another file with --db`,
    { cause },
  );
}
