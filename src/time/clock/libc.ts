import { dlopen, type Library, read } from "bun:ffi";

const SYMBOLS = {
  clock_gettime: { args: ["i32", "ptr"], returns: "i32" },
  clock_adjtime: { args: ["i32", "ptr"], returns: "i32" },
  socket: { args: ["i32", "i32", "i32"], returns: "i32" },
  setsockopt: { args: ["i32", "i32", "i32", "ptr", "u32"], returns: "i32" },
  ppoll: { args: ["ptr", "u64", "ptr", "ptr"], returns: "i32" },
  sendto: { args: ["i32", "ptr", "u64", "i32", "ptr", "u32"], returns: "i64" },
  recvmsg: { args: ["i32", "ptr", "i32"], returns: "i64" },
  open: { args: ["ptr", "i32"], returns: "i32" },
  ioctl: { args: ["i32", "u64", "ptr"], returns: "i32" },
  close: { args: ["i32"], returns: "i32" },
  __errno_location: { args: [], returns: "ptr" },
} as const;

export type Libc = Library<typeof SYMBOLS>["symbols"];

/** glibc's name, then musl's, by architecture. */
const NAMES: readonly string[] = [
  "libc.so.6",
  process.arch === "arm64" ? "libc.musl-aarch64.so.1" : "libc.musl-x86_64.so.1",
];

let loaded: Libc | null | undefined;

/** The C library, or null where there is none to be had this way (not Linux, or a 32-bit one). */
export function libc(): Libc | null {
  if (loaded !== undefined) return loaded;
  loaded = null;
  if (process.platform !== "linux" || (process.arch !== "x64" && process.arch !== "arm64")) return loaded;
  for (const name of NAMES) {
    try {
      loaded = dlopen(name, SYMBOLS).symbols;
      return loaded;
    } catch {
      // The other C library, then; with neither the portable way is taken.
    }
  }
  return loaded;
}

/** errno of the call just made. */
export function errno(c: Libc): number {
  const at = c.__errno_location();
  return at === null ? 0 : read.i32(at, 0);
}

/** errno numbers of Linux, x64 and arm64 alike, that are told apart here. */
export const ERRNO = { EPERM: 1, EAGAIN: 11, EACCES: 13, ECONNREFUSED: 111 } as const;

const MESSAGES: Readonly<Record<number, string>> = {
  1: "operation not permitted",
  2: "no such file",
  25: "it is no clock",
  13: "permission denied",
  22: "invalid argument",
  97: "address family not supported",
  99: "cannot assign the address",
  100: "network is down",
  101: "network is unreachable",
  105: "no buffer space",
  111: "connection refused",
  112: "host is down",
  113: "no route to host",
};

export function errnoMessage(number: number): string {
  return MESSAGES[number] ?? `system error ${number}`;
}
