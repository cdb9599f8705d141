import { expect, test } from "bun:test";
import { windowOf } from "../../../src/nodes/compare/window.ts";

const DAY = 86_400_000;
const NOW = Date.UTC(2026, 2, 1, 12, 34, 56);
const week = { lastMs: 7 * DAY, since: null, until: null };

test("--last counts whole hours, the present one included", () => {
  expect(windowOf(week, NOW)).toEqual({
    window: { sinceMs: Date.UTC(2026, 1, 22, 12), untilMs: Date.UTC(2026, 2, 1, 13) },
    name: "7d",
  });
  expect(windowOf({ ...week, lastMs: DAY }, NOW).name).toBe("24h");
});

test("at the hour itself the window still ends after now", () => {
  const now = Date.UTC(2026, 2, 1, 12);
  expect(windowOf(week, now).window.untilMs).toBe(now + 3_600_000);
});

test("--since and --until are exact, with a zone or as a UTC date", () => {
  const asked = { ...week, since: "2026-02-01T01:30:00+02:00", until: "2026-02-02" };
  expect(windowOf(asked, NOW)).toEqual({
    window: { sinceMs: Date.UTC(2026, 0, 31, 23, 30), untilMs: Date.UTC(2026, 1, 2) },
    name: "custom",
  });
});

test("--since alone runs to now; --until alone goes back by --last", () => {
  expect(windowOf({ ...week, since: "2026-02-01" }, NOW).window).toEqual({
    sinceMs: Date.UTC(2026, 1, 1),
    untilMs: NOW,
  });
  expect(windowOf({ ...week, until: "2026-02-08" }, NOW).window).toEqual({
    sinceMs: Date.UTC(2026, 1, 1),
    untilMs: Date.UTC(2026, 1, 8),
  });
});

test("an empty window and a time without a zone are refused, saying what was expected", () => {
  expect(() => windowOf({ ...week, since: "2026-02-02", until: "2026-02-02" }, NOW)).toThrow(
    "the window is empty",
  );
  expect(() => windowOf({ ...week, since: "2026-02-02T10:00:00" }, NOW)).toThrow("ISO 8601 time with a zone");
  expect(() => windowOf({ ...week, until: "2026-02-32" }, NOW)).toThrow("--until 2026-02-32");
});
