import { expect, test } from "bun:test";
import { homedir } from "node:os";
import {
  byteSize,
  choice,
  duration,
  integer,
  integerOr,
  list,
  number,
  path,
  text,
  timer,
  toggle,
} from "../../src/settings/kind.ts";

test("each kind parses its texts and TOML's own types, and returns null for anything else", () => {
  expect({
    duration: ["5s", 5, "x", "0s", "36500d", "36501d"].map((value) => duration.parse(value)),
    timer: ["5s", "0s", "1ms", "24d", "25d"].map((value) => timer.parse(value)),
    byteSize: ["2M", 4096, "0", -1].map((value) => byteSize.parse(value)),
    integer: ["3", 3, "3.5", "21", "", "x"].map((value) => integer(1, 20).parse(value)),
    number: ["0.5", 1e-1, "1.1"].map((value) => number({ min: 0, max: 1 }).parse(value)),
    workers: ["auto", "7", 7, "many", "0"].map((value) => integerOr("auto", 1, 20).parse(value)),
    choice: ["json", "xml", 1].map((value) => choice(["json", "csv"]).parse(value)),
    text: ["a", "", true].map((value) => text("NAME").parse(value)),
    toggle: [true, "yes", "0", "maybe", 1].map((value) => toggle.parse(value)),
    list: [["1", 2], "3", ["1", "x"]].map((value) => list(integer(1, 9)).parse(value)),
  }).toEqual({
    duration: [5_000, null, null, 0, 3_153_600_000_000, null],
    timer: [5_000, null, 1, 2_073_600_000, null],
    byteSize: [2_097_152, 4_096, null, null],
    integer: [3, 3, null, null, null, null],
    number: [0.5, 0.1, null],
    workers: ["auto", 7, 7, null, null],
    choice: ["json", null, null],
    text: ["a", null, null],
    toggle: [true, true, false, null, null],
    list: [[1, 2], [3], null],
  });
});

test("a path may begin with ~, and is made absolute", () => {
  expect([path.parse("~/cvs"), path.parse("/srv/cvs"), path.parse("cvs"), path.parse("")]).toEqual([
    `${homedir()}/cvs`,
    "/srv/cvs",
    `${process.cwd()}/cvs`,
    null,
  ]);
});
