import { expect, test } from "bun:test";
import { mayColor } from "../../../src/cli/terminal/color.ts";

const CASES: readonly (readonly [env: Record<string, string>, terminal: boolean, pipe: boolean])[] = [
  [{}, true, false],
  [{ TERM: "dumb" }, false, false],
  [{ NO_COLOR: "1" }, false, false],
  [{ NO_COLOR: "" }, true, false],
  [{ CLICOLOR: "0" }, false, false],
  [{ CLICOLOR: "1" }, true, false],
  [{ FORCE_COLOR: "1" }, true, true],
  [{ FORCE_COLOR: "0" }, false, false],
  [{ CLICOLOR_FORCE: "1" }, true, true],
  [{ CLICOLOR_FORCE: "0" }, true, false],
  [{ FORCE_COLOR: "1", NO_COLOR: "1" }, false, false],
  [{ CLICOLOR_FORCE: "1", NO_COLOR: "1" }, false, false],
];

test.each(CASES)("%j", (environment, terminal, pipe) => {
  const coloured = [true, false].map((isTerminal) => mayColor(isTerminal, { noColor: false, environment }));
  expect(coloured).toEqual([terminal, pipe]);
  expect([true, false].map((isTerminal) => mayColor(isTerminal, { noColor: true, environment }))).toEqual([
    false,
    false,
  ]);
});
