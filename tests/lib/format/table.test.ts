import { expect, test } from "bun:test";
import { textTable } from "../../../src/lib/format/table.ts";

test("columns are as wide as their widest cell, as counted by a terminal", () => {
  expect(
    textTable(
      ["name", "ms"],
      [
        ["履歴", "1"],
        ["history", "1,000"],
      ],
      ["left", "right"],
    ),
  ).toBe("name        ms\n履歴         1\nhistory  1,000");
});

test("a row of one cell spans the columns", () => {
  const rows = [["a heading that is long"], ["  a", "1"]];
  expect(textTable(["name", "ms"], rows, ["left", "right"])).toBe(
    "name  ms\na heading that is long\n  a    1",
  );
});
