import { expect, test } from "bun:test";
import { ERRNO, errnoMessage } from "../../../src/lib/ffi/errno.ts";
import { errno, libcOf, libcOrNull } from "../../../src/lib/ffi/libc.ts";

test("a call of the C library, opened once, and why one failed", () => {
  const libc = libcOf({ getpid: { args: [], returns: "i32" }, close: { args: ["i32"], returns: "i32" } });
  expect(libc().getpid()).toBe(process.pid);
  expect(libc()).toBe(libc());
  expect(libc().close(-1)).toBe(-1);
  // EBADF, which nobody asks about here.
  expect(errno(libc())).toBe(9);
  expect([errnoMessage(9), errnoMessage(ERRNO.ECONNREFUSED)]).toEqual([
    "system error 9",
    "connection refused",
  ]);
});

test("a call that no C library has is an error at its first use, or null where there is another way", () => {
  const calls = { no_such_call: { args: [], returns: "i32" } } as const;
  const libc = libcOf(calls);
  expect(() => libc()).toThrow("the C library cannot be called (tried libc.so.6, ");
  expect(libcOrNull(calls)()).toBeNull();
});
