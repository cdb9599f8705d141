import { expect, test } from "bun:test";
import { showProgress } from "../../../src/cli/terminal/progress.ts";

test("of a few slow items the time left goes by all that were done, however long the newest takes", () => {
  let nowMs = 0;
  let done = 0;
  const lines: (string | null)[] = [];
  const terminal = {
    canRedraw: true,
    quiet: false,
    columns: 80,
    info: () => undefined,
    status: (line: string | null) => void lines.push(line),
  };
  const stand = () => ({ done, total: 4, noun: "cases", bytes: null, details: [], waiting: null });
  using progress = showProgress(terminal, stand, { pace: "whole", now: () => nowMs });
  progress.changed();
  expect(lines.at(-1)).not.toContain("ETA");
  for (const [atMs, count, eta] of [
    [10_000, 1, "ETA 30s"],
    [10_001, 1, "ETA 30s"],
    [20_000, 1, "ETA 1m00s"],
    [40_000, 2, "ETA 40s"],
    [45_000, 3, "ETA 15s"],
  ] as const) {
    nowMs = atMs;
    done = count;
    progress.changed();
    expect(lines.at(-1)).toEndWith(eta);
  }
});
