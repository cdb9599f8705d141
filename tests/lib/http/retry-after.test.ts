import { expect, test } from "bun:test";
import fc from "fast-check";
import { parseRetryAfterMs } from "../../../src/lib/http/retry-after.ts";

const NOW = Date.UTC(2026, 10, 20, 12, 0, 0);

test("seconds", () => {
  fc.assert(
    fc.property(fc.nat({ max: 999_999_999 }), (seconds) => {
      expect(parseRetryAfterMs(String(seconds), NOW)).toBe(seconds * 1_000);
    }),
  );
});

test("a date, however distant", () => {
  const year9999 = Date.UTC(9999, 11, 31) / 1_000;
  fc.assert(
    fc.property(fc.integer({ min: 0, max: year9999 }), (seconds) => {
      const waitMs = parseRetryAfterMs(new Date(seconds * 1_000).toUTCString(), NOW);
      expect(waitMs).toBe(Math.max(0, seconds * 1_000 - NOW));
    }),
  );
});

test("the obsolete forms of a date", () => {
  expect(parseRetryAfterMs("Friday, 20-Nov-26 12:00:30 GMT", NOW)).toBe(30_000);
  expect(parseRetryAfterMs("Fri Nov 20 12:00:30 2026", NOW)).toBe(30_000);
});

test("anything else is null, and nothing throws", () => {
  const junk = [
    undefined,
    "",
    " ",
    "-1",
    "1.5",
    "soon",
    "2026-11-20T12:00:30Z",
    "Fri, no day",
    "99999999999",
  ];
  expect(junk.map((text) => parseRetryAfterMs(text, NOW))).toEqual(junk.map(() => null));
  fc.assert(
    fc.property(fc.string(), (text) => {
      const waitMs = parseRetryAfterMs(text, NOW);
      return waitMs === null || waitMs >= 0;
    }),
  );
});
