import { dlopen, FFIType, read } from "bun:ffi";

const MACHINE = process.arch === "arm64" ? "aarch64" : "x86_64";

/** glibc, then musl under its two names. */
const LIBRARIES = ["libc.so.6", `libc.musl-${MACHINE}.so.1`, "libc.so"];

const SYMBOLS = {
  flock: { args: [FFIType.i32, FFIType.i32], returns: FFIType.i32 },
  // Of what a call does not take, zeros are passed and ignored.
  syscall: {
    args: [FFIType.i64_fast, FFIType.i32, FFIType.ptr, FFIType.i32, FFIType.i32, FFIType.ptr],
    returns: FFIType.i64_fast,
  },
  __errno_location: { args: [], returns: FFIType.ptr },
} as const;

function open() {
  const refusals: unknown[] = [];
  for (const library of LIBRARIES) {
    try {
      return dlopen(library, SYMBOLS).symbols;
    } catch (error) {
      refusals.push(error);
    }
  }
  throw new AggregateError(refusals, `Cannot open the C library: tried ${LIBRARIES.join(", ")}`);
}

let opened: ReturnType<typeof open> | null = null;

/** The calls of the C library that Bun has no API for; opened at the first use. */
export function libc(): ReturnType<typeof open> {
  opened ??= open();
  return opened;
}

/** errno of the call that failed just now. */
export function errno(): number {
  const at = libc().__errno_location();
  return at === null ? 0 : read.i32(at);
}
