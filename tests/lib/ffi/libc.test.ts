import { expect, test } from "bun:test";
import { ERRNO, errnoMessage } from "../../../src/lib/ffi/errno.ts";
import { errno, libcOf, libcOrNull } from "../../../src/lib/ffi/libc.ts";

test("a call of the C library is opened once, and errno says why it failed", () => {
  const libc = libcOf({ getpid: { args: [], returns: "i32" }, close: { args: ["i32"], returns: "i32" } });
  expect(libc().getpid()).toBe(process.pid);
  expect(libc()).toBe(libc());
  expect(libc().close(-1)).toBe(-1);
  // EBADF, which has no message here.
  expect(errno(libc())).toBe(9);
  expect([errnoMessage(9), errnoMessage(ERRNO.ECONNREFUSED)]).toEqual([
    "system error 9",
    "connection refused",
  ]);
});

test("a call missing from the C library throws at its first use, or is null for callers with a fallback", () => {
  const calls = { no_such_call: { args: [], returns: "i32" } } as const;
  const libc = libcOf(calls);
  expect(() => libc()).toThrow("the C library cannot be called (tried libc.so.6, ");
  expect(libcOrNull(calls)()).toBeNull();
});
