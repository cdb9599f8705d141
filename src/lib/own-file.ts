import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  lstatSync,
  openSync,
  type Stats,
  statSync,
} from "node:fs";
import { dirname } from "node:path";
import { codeOf, Failure } from "./errors.ts";

const OTHERS_WRITE = 0o002;
const GROUP_WRITES = 0o020;
const STICKY = 0o1000;
/** Any permission for group or others. */
export const OTHERS_ANY = 0o077;

const NOT_REGULAR = "is not a regular file";

/** The effective user id. */
function ourUser(): number {
  return process.geteuid?.() ?? 0;
}

/** Why a file is not safely our own; null if it is. */
function faultOf(status: Stats): string | null {
  if (status.isSymbolicLink()) return "is a symbolic link";
  if (!status.isFile()) return NOT_REGULAR;
  if (status.uid !== ourUser())
    return `belongs to another user (user id ${status.uid}; this is user id ${ourUser()})`;
  if (status.nlink > 1) return "has a second name (a hard link)";
  return null;
}

function refuse(what: string, path: string, fault: string): never {
  // Do not advise removing a device.
  const advice = fault === NOT_REGULAR ? "name another place" : "remove this one, or name another place";
  throw new Failure(
    "not-permitted",
    `${what} ${path} ${fault}; it was not touched. Expected a regular file of your own: ${advice}`,
  );
}

/**
 * Group write permission on a folder is harmless if the group is the user's private one, as Debian sets them up:
 * the same id as the user.
 */
function isGroupOurs(gid: number): boolean {
  return gid === ourUser() && gid === process.getegid?.();
}

/**
 * Why others could put files next to ours; null if they cannot. In a sticky folder such as /tmp they can add files
 * but neither rename nor remove ours: it is accepted, and files already there are checked one by one.
 */
function folderFault(folder: string): string | null {
  const { uid, gid, mode } = statSync(folder);
  if ((mode & STICKY) !== 0 && uid === 0) return null;
  if (uid !== ourUser() && uid !== 0) return `belongs to another user (user id ${uid})`;
  if ((mode & OTHERS_WRITE) !== 0) return "can be written by every user";
  if ((mode & GROUP_WRITES) !== 0 && !isGroupOurs(gid)) return "can be written by its group";
  return null;
}

/** @throws Failure not-permitted if somebody else could plant files beside this one. */
export function refuseSharedFolder(path: string, what: string): void {
  const folder = dirname(path);
  const fault = folderFault(folder);
  if (fault === null) return;
  throw new Failure(
    "not-permitted",
    `${what} ${path} lies in a folder that ${fault}, so that others could plant files there; name another place, or remove that permission (chmod go-w ${folder})`,
  );
}

/**
 * Call before writing a file, or letting a library write it.
 *
 * @throws Failure not-permitted if anything other than a regular file of our own, with a single link, is there:
 * somebody may have planted it.
 */
export function refusePlanted(path: string, what: string): void {
  const status = lstatSync(path, { throwIfNoEntry: false });
  const fault = status === undefined ? null : faultOf(status);
  if (fault !== null) refuse(what, path, fault);
}

/**
 * Opens a file that this program keeps for itself (a lock, a sandbox's memory) to read and append; creates it with mode
 * 0600 if missing. Links are not followed, so that nobody can make us write to another file by planting a link. It must
 * be a regular file of our own, with a single link, in a folder that nobody else can write to.
 *
 * @param what its name in messages: `the lock`.
 * @returns its descriptor.
 * @throws Failure not-permitted if it is anything else; the system's error (EACCES, EROFS, ENOENT of the folder, …).
 */
export function openOwnFile(path: string, what: string): number {
  refuseSharedFolder(path, what);
  const { O_RDWR, O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = constants;
  let descriptor: number;
  try {
    // O_NONBLOCK: opening a FIFO must not wait for its other end.
    descriptor = openSync(path, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o600);
  } catch (error) {
    // A link (ELOOP); a socket or a device without a driver (ENXIO).
    if (codeOf(error) === "ELOOP" || codeOf(error) === "ENXIO") refusePlanted(path, what);
    throw error;
  }
  try {
    const status = fstatSync(descriptor);
    const fault = faultOf(status);
    if (fault !== null) refuse(what, path, fault);
    if ((status.mode & OTHERS_ANY) !== 0) fchmodSync(descriptor, 0o600);
    return descriptor;
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}
