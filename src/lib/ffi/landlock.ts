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

/** Rights of files (landlock(7)), by the version of the kernel's interface that knows them. */
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
/** Rights of the network: TCP alone, from version 4 on. */
const BIND_TCP = 1;
const CONNECT_TCP = 1 << 1;
const NETWORK_SINCE = 4;
/** What a file that is no folder may be given. */
const OF_FILE = WRITE_FILE | TRUNCATE;

const libc = libcOrNull({
  // All arguments as numbers, pointers too: the three calls have them in different places.
  syscall: {
    args: [FFIType.i64_fast, FFIType.i64_fast, FFIType.i64_fast, FFIType.i64_fast, FFIType.i64_fast],
    returns: FFIType.i64_fast,
  },
  prctl: { args: ["i32", "u64", "u64", "u64", "u64"], returns: "i32" },
});

/** Where SQLite, and the runtime, keep what does not fit into memory. */
export const TEMPORARY_FOLDERS: readonly string[] = [tmpdir(), "/tmp", "/var/tmp"];

export interface Confinement {
  /** Folders below which files are written, made and removed. */
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
    // Nothing that is not there needs a right.
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
 * Gives up, for good, writing files anywhere but below some folders, starting programs, and TCP where it is not used
 * (Landlock, Linux 5.13). Reading stays as it is. It holds for this thread, on which all of our code runs but for workers,
 * and for all that is started from now on, workers among them. The runtime's threads of before keep their rights, those of
 * its pool too where something asynchronous has been done: to reach all of them takes version 8 of Landlock (TSYNC).
 *
 * @returns false where the kernel does not know or allow it: nothing is given up then.
 */
export function confine({ folders, network }: Confinement): boolean {
  const c = libc();
  if (c === null) return false;
  const version = Number(c.syscall(CREATE_RULESET, 0, 0, ASK_VERSION, 0));
  if (version < 1) return false;
  const truncate = version >= TRUNCATE_SINCE ? TRUNCATE : 0;
  const written = WRITE_FILE | REMOVE_DIR | REMOVE_FILE | MAKE | truncate;
  const tcp = !network && version >= NETWORK_SINCE ? BIND_TCP | CONNECT_TCP : 0;
  // struct landlock_ruleset_attr: u64 rights of files, u64 rights of the network, which older kernels do not know.
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
