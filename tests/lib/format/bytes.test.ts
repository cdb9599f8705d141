import { expect, test } from "bun:test";
import fc from "fast-check";
import { formatByteSize, humanBytes, parseByteSize } from "../../../src/lib/format/bytes.ts";

test("sizes use units of 1024", () => {
  expect(["512K", "2M", "1.5G", "4096", "2m"].map(parseByteSize)).toEqual([
    524_288, 2_097_152, 1_610_612_736, 4_096, 2_097_152,
  ]);
});

test("an invalid size is null", () => {
  const texts = ["", "K", "-1", "1KB", "1 K", "1T", "0x10"];
  expect(texts.map(parseByteSize)).toEqual(texts.map(() => null));
});

test("a formatted size parses back", () => {
  fc.assert(
    fc.property(fc.nat(), (bytes) => {
      expect(parseByteSize(formatByteSize(bytes))).toBe(bytes);
    }),
  );
});

test("sizes for people have binary units", () => {
  expect([0, 1_023, 1_536, 212 * 1024 ** 2].map(humanBytes)).toEqual([
    "0 B",
    "1023 B",
    "1.5 KiB",
    "212.0 MiB",
  ]);
});
