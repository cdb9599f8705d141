import { constants as sqlite, Database } from "bun:sqlite";
import { chmodSync, closeSync, constants, lstatSync, mkdirSync, openSync, readSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { pathToFileURL } from "node:url";
import { codeOf, Failure, reasonOf } from "../lib/errors.ts";
import { OTHERS_ANY, refusePlanted, refuseSharedFolder } from "../lib/own-file.ts";
import { refuseForeign, saysOurs } from "./migrate.ts";

/** What SQLite keeps beside a database, and opens by these names alone. */
const SIDE_FILES = ["-wal", "-shm", "-journal"];

/** Where a header holds what PRAGMA application_id tells. */
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
 * Takes away what others may do with a store that was left open to them: paths are names of people.
 *
 * @returns whether there was something to take away.
 */
export function closeToOthers(path: string): boolean {
  const open = ["", ...SIDE_FILES]
    .map((end) => path + end)
    .filter((file) => ((lstatSync(file, { throwIfNoEntry: false })?.mode ?? 0) & OTHERS_ANY) !== 0);
  for (const file of open) chmodSync(file, 0o600);
  return open.length > 0;
}

/**
 * Makes the store's file where it is missing, its owner's alone from its first moment, and a folder for it; else sees to
 * it that it and what SQLite keeps beside it are files of our own. An existing one is not opened here: closing it
 * again would undo the locks that this process may hold on it (fcntl(2)).
 *
 * @throws Failure where it is a folder, a link, somebody else's, or may not be made.
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
  } catch (error) {
    throw translate(path, error);
  }
}

/** Whether a header, as it stands in the file, is one of a database that says it is another program's. */
function isHeaderForeign(path: string): boolean {
  const header = Buffer.alloc(HEADER_BYTES);
  const descriptor = openSync(path, "r");
  try {
    readSync(descriptor, header, 0, HEADER_BYTES, 0);
  } finally {
    closeSync(descriptor);
  }
  // All zeros: a first page that never reached the disk, whose journal puts back what was before: nothing.
  return header.some((byte) => byte !== 0) && header.toString("latin1", 0, MAGIC.length) !== MAGIC;
}

/**
 * Whether the file says that it is ours, whatever stands beside it. An immutable connection takes no lock and reads no
 * log, which makes it four times as quick as one that does; and SQLite, unlike a descriptor of our own, undoes no lock
 * of this process when it closes the file.
 */
function isOursByHeader(path: string): boolean {
  try {
    using db = new Database(
      `${pathToFileURL(path).href}?immutable=1`,
      sqlite.SQLITE_OPEN_READONLY | sqlite.SQLITE_OPEN_URI,
    );
    return saysOurs(db);
  } catch {
    // Torn, or no database: the closer look says which.
    return false;
  }
}

/**
 * Sees whether a database with a journal or a log beside it is ours, over a connection that cannot write: one that
 * can takes over, when it is opened or closed, what another program has left there.
 *
 * A journal that is still to be rolled back keeps such a connection from reading. It is the mark of a store whose
 * creation was cut off, and SQLite rolls it back before the first look at the database.
 *
 * @throws Failure usage where it is another program's.
 */
export function refuseForeignFile(path: string, knownVersion: number): void {
  if (SIDE_FILES.every((end) => end === "-shm" || sizeOf(path + end) === 0)) return;
  if (isOursByHeader(path)) return;
  const db = new Database(path, { readonly: true });
  try {
    refuseForeign(db, path, knownVersion);
  } catch (error) {
    const code = String(codeOf(error));
    // A newer SQLite's, or one in a folder that is read-only: whoever opens it to write finds out.
    if (!code.startsWith("SQLITE_READONLY") && !code.startsWith("SQLITE_CANTOPEN")) throw error;
    if (isHeaderForeign(path)) throw notSqlite(path, error);
  } finally {
    db.close();
  }
}

/** What SQLite cannot read at all is told like this. */
export function notSqlite(path: string, cause: unknown): Failure {
  return new Failure(
    "usage",
    `${path} is not a nodupe store (it is no SQLite file); name another file with --db`,
    { cause },
  );
}
