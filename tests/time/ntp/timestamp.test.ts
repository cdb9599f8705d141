import { expect, test } from "bun:test";
import fc from "fast-check";
import { nsOfPrecision, nsOfShort, ntpOfUnixNs, unixNsOfNtp } from "../../../src/time/ntp/timestamp.ts";

const BUILD_TIME_S = Date.UTC(2026, 10, 20) / 1_000;
const NS_PER_S = 1_000_000_000n;
/** 50 years of 365.25 days before the build. */
const FIRST_NS = BigInt(BUILD_TIME_S - 50 * 365.25 * 86_400) * NS_PER_S;

test("seconds are mapped to the 136 years that begin 50 years before the build", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["1976-11-20T00:00:00Z", "the first second of the 136 years"],
    ["2020-06-01T00:00:00Z", "before the build: what the server says, not 2156"],
    ["2026-11-20T00:00:00Z", "the build itself"],
    ["2036-02-07T06:28:15Z", "the last second of era 0"],
    ["2036-02-07T06:28:16Z", "the first of era 1"],
    ["2074-11-20T12:00:00Z", "48 years on"],
    ["2112-12-26T06:28:15Z", "the last second of the 136 years"],
  ];
  for (const [iso, what] of cases) {
    const ns = BigInt(Date.parse(iso)) * 1_000_000n;
    expect([what, unixNsOfNtp(ntpOfUnixNs(ns), BUILD_TIME_S)]).toEqual([what, ns]);
  }
  const before = FIRST_NS - NS_PER_S;
  expect(unixNsOfNtp(ntpOfUnixNs(before), BUILD_TIME_S)).toBe(before + (1n << 32n) * NS_PER_S);
});

test("every nanosecond of those years survives a round trip", () => {
  fc.assert(
    fc.property(fc.bigInt(0n, (1n << 32n) * NS_PER_S - 1n), (sinceFirst) => {
      const ns = FIRST_NS + sinceFirst;
      return unixNsOfNtp(ntpOfUnixNs(ns), BUILD_TIME_S) === ns;
    }),
  );
});

test("short format and precision are converted to nanoseconds", () => {
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
