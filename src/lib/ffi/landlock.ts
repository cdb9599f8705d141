import { FFIType, ptr } from "bun:ffi";
import { closeSync, openSync } from "node:fs";
import { tmpdir } from "node:os";
import { libcOrNull } from "./libc.ts";

/** landlock_create_ruleset, landlock_add_rule, landlock_restrict_self: the same numbers on every 64-bit architecture. */
const CREATE_RULESET = 444;
const ADD_RULE = 445;
const RESTRICT_SELF = 446;
const ASK_VERSION = 1;
const PATH_BENEATH = 1;
const PR_SET_NO_NEW_PRIVS = 38;
/** O_PATH | O_CLOEXEC. */
const O_PATH = 0x28_0000;

/** File access rights (landlock(7)), by the ABI version that introduced them. */
const EXECUTE = 1;
const WRITE_FILE = 1 << 1;
const REMOVE_DIR = 1 << 4;
const REMOVE_FILE = 1 << 5;
const MAKE_CHAR = 1 << 6;
const MAKE_DIR = 1 << 7;
const MAKE_REG = 1 << 8;
const MAKE_SOCK = 1 << 9;
const MAKE_FIFO = 1 << 10;
const MAKE_BLOCK = 1 << 11;
const MAKE_SYM = 1 << 12;
const TRUNCATE = 1 << 14;
const TRUNCATE_SINCE = 3;
const MAKE = MAKE_CHAR | MAKE_DIR | MAKE_REG | MAKE_SOCK | MAKE_FIFO | MAKE_BLOCK | MAKE_SYM;
/** Network access rights: only TCP, since version 4. */
const BIND_TCP = 1;
const CONNECT_TCP = 1 << 1;
const NETWORK_SINCE = 4;
/** The rights that a file other than a folder can be given. */
const OF_FILE = WRITE_FILE | TRUNCATE;

const libc = libcOrNull({
  // All arguments are numbers, pointers too: the three calls take pointers in different places.
  syscall: {
    args: [FFIType.i64_fast, FFIType.i64_fast, FFIType.i64_fast, FFIType.i64_fast, FFIType.i64_fast],
    returns: FFIType.i64_fast,
  },
  prctl: { args: ["i32", "u64", "u64", "u64", "u64"], returns: "i32" },
});

/** Where SQLite and the runtime put temporary files. */
export const TEMPORARY_FOLDERS: readonly string[] = [tmpdir(), "/tmp", "/var/tmp"];

export interface Confinement {
  /** Folders below which files may be written, created and removed. */
  readonly folders: readonly string[];
  /** Whether TCP is used at all. */
  readonly network: boolean;
}

type Calls = NonNullable<ReturnType<typeof libc>>;

function allow(c: Calls, ruleset: number, path: string, rights: number): void {
  let parent: number;
  try {
    parent = openSync(path, O_PATH);
  } catch {
    // A folder that does not exist needs no rights.
    return;
  }
  try {
    // struct landlock_path_beneath_attr: u64 rights, s32 descriptor; packed.
    const attributes = new DataView(new ArrayBuffer(12));
    attributes.setBigUint64(0, BigInt(rights), true);
    attributes.setInt32(8, parent, true);
    c.syscall(ADD_RULE, ruleset, PATH_BENEATH, ptr(attributes.buffer), 0);
  } finally {
    closeSync(parent);
  }
}

/**
 * Gives up, for good, writing files outside some folders, starting programs, and TCP if it is not used (Landlock, Linux
 * 5.13). Reading is not restricted. It holds for this thread, which runs all of our code except workers, and for
 * everything started from now on, workers included. Threads that the runtime has already started keep their rights,
 * among them its thread pool if anything asynchronous has run; covering them takes version 8 of Landlock (TSYNC).
 *
 * @returns false if the kernel does not know or allow Landlock: nothing is given up then.
 */
export function confine({ folders, network }: Confinement): boolean {
  const c = libc();
  if (c === null) return false;
  const version = Number(c.syscall(CREATE_RULESET, 0, 0, ASK_VERSION, 0));
  if (version < 1) return false;
  const truncate = version >= TRUNCATE_SINCE ? TRUNCATE : 0;
  const written = WRITE_FILE | REMOVE_DIR | REMOVE_FILE | MAKE | truncate;
  const tcp = !network && version >= NETWORK_SINCE ? BIND_TCP | CONNECT_TCP : 0;
  // struct landlock_ruleset_attr: u64 file rights, u64 network rights; older kernels know only the first.
  const attributes = new BigUint64Array(new ArrayBuffer(16));
  attributes.set([BigInt(EXECUTE | written), BigInt(tcp)]);
  const bytes = version >= NETWORK_SINCE ? 16 : 8;
  const ruleset = Number(c.syscall(CREATE_RULESET, ptr(attributes.buffer), bytes, 0, 0));
  if (ruleset < 0) return false;
  try {
    for (const folder of folders) allow(c, ruleset, folder, written);
    allow(c, ruleset, "/dev/null", written & OF_FILE);
    if (c.prctl(PR_SET_NO_NEW_PRIVS, 1n, 0n, 0n, 0n) !== 0) return false;
    return Number(c.syscall(RESTRICT_SELF, ruleset, 0, 0, 0)) === 0;
  } finally {
    closeSync(ruleset);
  }
}
