import { expect, test } from "bun:test";
import fc from "fast-check";
import { readTimestamp, TimestampReader } from "../../../src/nodes/log/timestamp.ts";

function read(text: string): { ms: number; end: number; coarse: boolean } | null {
  const into = { ms: 0, end: 0, coarse: false };
  return readTimestamp(new TextEncoder().encode(text), 0, into) ? into : null;
}

test("every form of the log's timestamps is read with its own offset", () => {
  const cases: [string, string, boolean][] = [
    ["2025-10-06T00:20:52-07:00\t", "2025-10-06T07:20:52Z", true],
    ["2021-03-14T01:59:59.009+0200\t", "2021-03-13T23:59:59.009Z", false],
    ["2026-02-28T23:59:59.000Z\t", "2026-02-28T23:59:59.000Z", false],
    ["2024-02-29T12:00:00Z\t", "2024-02-29T12:00:00Z", true],
    ["2026-01-01T00:00:00.123456789Z ", "2026-01-01T00:00:00.123Z", false],
    ["2026-01-01 00:00:00.5+05:30 ", "2025-12-31T18:30:00.500Z", false],
  ];
  for (const [text, utc, coarse] of cases) {
    expect(read(text)).toEqual({ ms: Date.parse(utc), end: text.length - 1, coarse });
  }
});

test("what is no timestamp is refused", () => {
  for (const text of [
    "",
    "2026-13-01T00:00:00Z",
    "2026-02-29T00:00:00Z",
    "2100-02-29T00:00:00Z",
    "2024-02-30T00:00:00Z",
    "2026-04-31T00:00:00Z",
    "2026-12-32T00:00:00Z",
    "2026-01-00T00:00:00Z",
    "2026-01-01T24:00:00Z",
    "2026-01-01T00:00:00",
    "2026/01/01T00:00:00Z",
    "x".repeat(40),
  ]) {
    expect(read(text)).toBeNull();
  }
});

test("the reader that remembers the minute reads the same as the one that does not", () => {
  const zones = ["Z", "+02:00", "-0700"];
  const line = fc.record({
    ms: fc.integer({ min: 0, max: 4e12 }),
    zone: fc.constantFrom(...zones),
    digits: fc.constantFrom(0, 3, 6),
  });
  fc.assert(
    fc.property(fc.array(line, { minLength: 1, maxLength: 20 }), (lines) => {
      const reader = new TimestampReader();
      for (const { ms, zone, digits } of lines.flatMap((one) => [one, { ...one, ms: one.ms + 1_001 }])) {
        const iso = new Date(ms).toISOString();
        const fraction = digits === 0 ? "" : `${iso.slice(19, 23)}${"7".repeat(digits - 3)}`;
        const bytes = new TextEncoder().encode(
          `${iso.slice(0, 19)}${fraction}${zone}\tINFO and more text behind it`,
        );
        const plain = { ms: 0, end: 0, coarse: false };
        expect(readTimestamp(bytes, 0, plain)).toBe(true);
        expect(reader.read(bytes, new DataView(bytes.buffer), 0)).toBe(true);
        expect({ ms: reader.ms, end: reader.end, coarse: reader.coarse }).toEqual(plain);
      }
    }),
  );
});

test("it remembers no leap second, and no resolution of a timestamp that was read in full in between", () => {
  const reader = new TimestampReader();
  const readBy = (text: string, how: "remembering" | "in full"): object => {
    const bytes = new TextEncoder().encode(`${text}\tINFO and more text behind it`);
    if (how === "remembering") reader.read(bytes, new DataView(bytes.buffer), 0);
    else readTimestamp(bytes, 0, reader);
    return { iso: new Date(reader.ms).toISOString(), coarse: reader.coarse };
  };
  readBy("2016-12-31T23:59:60Z", "remembering");
  expect(readBy("2016-12-31T23:59:05Z", "remembering")).toEqual({
    iso: "2016-12-31T23:59:05.000Z",
    coarse: true,
  });
  readBy("2016-12-31T23:59:06.250Z", "in full");
  expect(readBy("2016-12-31T23:59:07Z", "remembering")).toEqual({
    iso: "2016-12-31T23:59:07.000Z",
    coarse: true,
  });
});
