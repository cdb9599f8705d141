import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { reasonOf } from "../../src/lib/errors.ts";

function thrownBy(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    return error;
  }
}

test("a reason is the system's text without code, call and path", () => {
  expect(reasonOf(thrownBy(() => readFileSync("/no/such, 'file'")))).toBe("no such file or directory");
  expect(reasonOf(thrownBy(() => readFileSync("/")))).toBe("illegal operation on a directory");
  expect(reasonOf(new Error("EACCES: permission denied, mkdir '/a'"))).toBe("permission denied");
  expect(reasonOf(new Error("ENOSPC: no space left on device, write"))).toBe("no space left on device");
});

test("any other message is kept as it is", () => {
  for (const message of ["unable to open database file", "E: odd, and more", "x EACCES: y, open '/a'"])
    expect(reasonOf(new Error(message))).toBe(message);
  expect(reasonOf("told")).toBe("told");
});
