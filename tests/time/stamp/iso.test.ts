import { expect, test } from "bun:test";
import fc from "fast-check";
import { isoOfNs, readIso } from "../../../src/time/stamp/iso.ts";

test("zones, decimals and letters of either case are parsed", () => {
  const at = 1_672_531_200_000_000_000n;
  const cases: readonly (readonly [string, bigint])[] = [
    ["2023-01-01T00:00:00Z", at],
    ["2023-01-01t00:00:00z", at],
    ["2023-01-01T01:00:00+01:00", at],
    ["2022-12-31T18:30:00-0530", at],
    ["2023-01-01T00:00:00.5Z", at + 500_000_000n],
    ["2023-01-01T00:00:00.000000001Z", at + 1n],
    ["1969-12-31T23:59:59.999999999Z", -1n],
  ];
  expect(cases.map(([text]) => readIso(text))).toEqual(cases.map(([, ns]) => ({ ok: true, ns })));
});

test("invalid times are refused with the reason", () => {
  const reasons = [
    ["2023-01-01T00:00:00", /no zone/],
    ["2023-02-30T00:00:00Z", /no such date/],
    ["2023-01-01T24:00:01Z", /no such date/],
    ["2023-01-01T00:00:00+25:00", /no such date/],
    ["2023-01-01T00:00:00.0000000001Z", /nine decimals/],
    ["yesterday", /ISO 8601/],
    ["", /ISO 8601/],
  ] as const;
  for (const [text, reason] of reasons) {
    const read = readIso(text);
    expect(read.ok ? "read" : read.reason).toMatch(reason);
  }
});

test("a formatted time parses back, to the nanosecond", () => {
  fc.assert(
    fc.property(fc.bigInt(-62_000_000_000n * 10n ** 9n, 250_000_000_000n * 10n ** 9n), (ns) => {
      const read = readIso(isoOfNs(ns));
      return read.ok && read.ns === ns;
    }),
  );
});

test("decimals are trimmed", () => {
  expect([isoOfNs(0n), isoOfNs(500_000_000n), isoOfNs(1n)]).toEqual([
    "1970-01-01T00:00:00Z",
    "1970-01-01T00:00:00.5Z",
    "1970-01-01T00:00:00.000000001Z",
  ]);
});
