import { dlopen, type FFIFunction, type Library, read } from "bun:ffi";
import { Failure } from "../errors.ts";

const MACHINE = process.arch === "arm64" ? "aarch64" : "x86_64";

/** glibc, then musl under both its names. */
const LIBRARIES = ["libc.so.6", `libc.musl-${MACHINE}.so.1`, "libc.so"];

/** Opened together with the calls that set errno: opening it later would overwrite errno. */
const ERRNO_LOCATION = { __errno_location: { args: [], returns: "ptr" } } as const;

type Calls = Readonly<Record<string, FFIFunction>>;

/** Functions of the C library, by name, and the location of errno. */
export type Libc<C extends Calls> = Library<C & typeof ERRNO_LOCATION>["symbols"];

function open<const C extends Calls>(calls: C): Libc<C> {
  const refusals: unknown[] = [];
  for (const library of LIBRARIES) {
    try {
      return dlopen(library, { ...calls, ...ERRNO_LOCATION }).symbols;
    } catch (error) {
      refusals.push(error);
    }
  }
  // Bun compiles each call, and goes without its compiler if it cannot reserve address space for the code.
  throw new Failure(
    "failed",
    `the C library cannot be called (tried ${LIBRARIES.join(", ")}); if the address space is limited, allow 3 GB or more: ulimit -v unlimited`,
    { cause: new AggregateError(refusals) },
  );
}

/**
 * Functions of the C library that Bun has no API for, opened at first use (some 0.2 ms for the first of a process,
 * 0.02 ms for each later one). A module names those it needs: `const libc = libcOf({ flock: … })`.
 *
 * @throws Failure, when called, if there is no C library.
 */
export function libcOf<const C extends Calls>(calls: C): () => Libc<C> {
  let opened: Libc<C> | null = null;
  return () => (opened ??= open(calls));
}

/** Like `libcOf`, for callers with a fallback: null if this is not 64-bit Linux or there is no C library. */
export function libcOrNull<const C extends Calls>(calls: C): () => Libc<C> | null {
  let opened: Libc<C> | null | undefined;
  return () => {
    if (opened !== undefined) return opened;
    opened = null;
    if (process.platform !== "linux" || (process.arch !== "x64" && process.arch !== "arm64")) return opened;
    try {
      opened = open(calls);
    } catch {
      // The caller falls back.
    }
    return opened;
  };
}

/** errno of the last call. */
export function errno(c: Libc<Calls>): number {
  const at = c.__errno_location();
  return at === null ? 0 : read.i32(at);
}
