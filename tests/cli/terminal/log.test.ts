import { expect, test } from "bun:test";
import { createLog, type LogFields } from "../../../src/cli/terminal/log.ts";

const lines: string[] = [];
const log = createLog({ level: 4, color: false, format: "json" }, (line) => lines.push(line));

test("in JSON a line's own keys come first, and no field replaces them", () => {
  log.warn("the disk is full", { path: "/cvs", bytes: 7 });
  const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  const told: object = JSON.parse(lines.at(-1) ?? "");
  expect(Object.entries(told)).toEqual([
    ["time", time],
    ["level", "warn"],
    ["message", "the disk is full"],
    ["path", "/cvs"],
    ["bytes", 7],
  ]);
  // The types refuse such fields; a cast stands for what they cannot see.
  const fields: object = { time: "never", level: 1, message: null, path: "/" };
  log.error("gone", fields as LogFields);
  expect(JSON.parse(lines.at(-1) ?? "")).toEqual({ time, level: "error", message: "gone", path: "/" });
});
