import { expect, test } from "bun:test";
import { endingOf } from "../../../src/cli/command-line/exit-code.ts";
import { Failure, type FailureKind } from "../../../src/lib/errors.ts";

function withCode(code: string, cause = false): Error {
  const error = Object.assign(new Error("what the system said"), { code });
  return cause ? new Error("what we said", { cause: error }) : error;
}

test("each kind of failure has its code and keeps its line", () => {
  const kinds: FailureKind[] = ["failed", "usage", "check", "unreachable", "not-permitted"];
  expect(kinds.map((kind) => endingOf(new Failure(kind, `a ${kind} line`)))).toEqual([
    { code: 1, kind: "failed", lines: ["a failed line"] },
    { code: 2, kind: "usage", lines: ["a usage line"] },
    { code: 3, kind: "check", lines: ["a check line"] },
    { code: 4, kind: "unreachable", lines: ["a unreachable line"] },
    { code: 5, kind: "not_permitted", lines: ["a not-permitted line"] },
  ]);
});

test("what the system and SQLite report says what to do, also as a cause", () => {
  const errors = [
    "ENOSPC",
    "SQLITE_FULL",
    "SQLITE_BUSY_SNAPSHOT",
    "SQLITE_IOERR_WRITE",
    "SQLITE_NOTADB",
    "SQLITE_READONLY_DBMOVED",
    "EACCES",
    "EMFILE",
  ];
  expect(errors.map((code) => endingOf(withCode(code)).code)).toEqual([1, 1, 1, 1, 2, 5, 5, 1]);
  expect(endingOf(withCode("ENOSPC", true)).lines[0]).toContain("the disk is full");
});

test("of two errors, the one that was thrown first is reported", () => {
  const first = withCode("ENOSPC");
  expect(endingOf(new SuppressedError(withCode("SQLITE_BUSY"), first))).toEqual(endingOf(first));
});

test("anything else is called a defect, in one line", () => {
  expect(endingOf(new TypeError("x is not a function"))).toEqual({
    code: 1,
    kind: "unexpected",
    lines: [expect.stringMatching(/^unexpected error in nodupe \S+, please report it: x is not a function$/)],
  });
  expect(endingOf("thrown text").lines[0]).toEndWith("thrown text");
});
