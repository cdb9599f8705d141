import { expect, test } from "bun:test";
import fc from "fast-check";
import { nsOfPrecision, nsOfShort, ntpOfUnixNs, unixNsOfNtp } from "../../../src/time/ntp/timestamp.ts";

const PIVOT_S = Date.UTC(2026, 10, 20) / 1_000;
const NS_PER_S = 1_000_000_000n;

test("the era's seconds are unfolded into the 136 years from the pivot on", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["2026-11-20T00:00:00Z", "the pivot itself"],
    ["2036-02-07T06:28:15Z", "the last second of era 0"],
    ["2036-02-07T06:28:16Z", "the first of era 1"],
    ["2074-11-20T12:00:00Z", "48 years on"],
    ["2162-12-27T06:28:15Z", "the last second of the 136 years"],
  ];
  for (const [iso, what] of cases) {
    const ns = BigInt(Date.parse(iso)) * 1_000_000n;
    expect([what, unixNsOfNtp(ntpOfUnixNs(ns), PIVOT_S)]).toEqual([what, ns]);
  }
  const before = BigInt(PIVOT_S - 1) * NS_PER_S;
  expect(unixNsOfNtp(ntpOfUnixNs(before), PIVOT_S)).toBe(before + (1n << 32n) * NS_PER_S);
});

test("any nanosecond of those years survives the way there and back", () => {
  fc.assert(
    fc.property(fc.bigInt(0n, (1n << 32n) * NS_PER_S - 1n), (sincePivot) => {
      const ns = BigInt(PIVOT_S) * NS_PER_S + sincePivot;
      return unixNsOfNtp(ntpOfUnixNs(ns), PIVOT_S) === ns;
    }),
  );
});

test("short format and precision are read in nanoseconds", () => {
  expect([nsOfShort(0), nsOfShort(0x1_0000), nsOfShort(0x8000), nsOfShort(1)]).toEqual([
    0n,
    1_000_000_000n,
    500_000_000n,
    15_259n,
  ]);
  expect([nsOfPrecision(-20), nsOfPrecision(0), nsOfPrecision(-128), nsOfPrecision(127)]).toEqual([
    954n,
    1_000_000_000n,
    1n,
    1_000_000_000n,
  ]);
});
