import { expect, test } from "bun:test";
import fc from "fast-check";
import { decodeFastDate64, encodeFastDate64, encodeSeconds } from "../../../src/time/stamp/fastdate64.ts";

const END_NS = (1n << 34n) * 1_000_000_000n;
const RANGE = /1970-01-01T00:00:00Z to 2514-05-30T01:53:03\.999999999Z/;

test("known encodings, rounded to nearest", () => {
  const cases: readonly (readonly [bigint, bigint])[] = [
    [0n, 0x0n],
    [500_000_000n, 0x20000000n],
    [1_000_000_000_000_000_000n, 0x0ee6b28000000000n],
    [1_700_000_000_000_000_000n, 0x1954fc4000000000n],
    [1_672_531_200_123_456_000n, 0x18ec334007e6b3ffn],
    [1_672_531_200_000_000_001n, 0x18ec334000000001n],
    [1_672_531_200_999_999_999n, 0x18ec33403fffffffn],
    [17_179_869_183_000_000_000n, 0xffffffffc0000000n],
  ];
  expect(cases.map(([ns]) => encodeFastDate64(ns))).toEqual(cases.map(([, code]) => code));
});

test("it equals the integer formula, and every nanosecond survives a round trip", () => {
  fc.assert(
    fc.property(fc.bigInt(0n, END_NS - 1n), (ns) => {
      const code = encodeFastDate64(ns);
      return code === ((ns << 30n) + 500_000_000n) / 1_000_000_000n && decodeFastDate64(code) === ns;
    }),
    { numRuns: 5_000 },
  );
});

test("seconds around a whole one, at both ends of the range", () => {
  for (const second of [0n, 1n, 4_294_967_295n, 4_294_967_296n, 8_589_934_592n, 17_179_869_183n]) {
    for (const ns of [second * 1_000_000_000n, second * 1_000_000_000n + 999_999_999n]) {
      expect(decodeFastDate64(encodeFastDate64(ns))).toBe(ns);
    }
  }
});

test("values out of range are refused, and the range is named", () => {
  for (const ns of [-1n, END_NS, END_NS * 2n]) expect(() => encodeFastDate64(ns)).toThrow(RANGE);
  for (const seconds of [Number.NaN, Infinity, -Infinity, -1e-9, 2 ** 34]) {
    expect(() => encodeSeconds(seconds)).toThrow(RANGE);
  }
  for (const code of [-1n, 1n << 64n])
    expect(() => decodeFastDate64(code)).toThrow(/0 to 18446744073709551615/);
});

test("a double is taken at its exact value", () => {
  expect(encodeSeconds(1_672_531_200.123456)).toBe(0x18ec334007e6b400n);
  expect(encodeSeconds(0.5)).toBe(0x20000000n);
});
