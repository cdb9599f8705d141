import { expect, test } from "bun:test";
import fc from "fast-check";
import { HistoryFault, HistoryReader, historyPieces } from "../../../src/upload/history/earlier-history.ts";

const hex = fc.array(fc.integer({ min: 0, max: 15 }), { minLength: 64, maxLength: 64 });
const checksum = hex.map((digits) => digits.map((digit) => digit.toString(16)).join(""));
const checksums = fc.array(checksum, { maxLength: 20 });
const A = "a".repeat(64);

/** Reads a text that comes in pieces of the lengths told, the last one over and over. */
function read(text: string, lengths: readonly number[] = [text.length]): string[] | HistoryFault {
  const reader = new HistoryReader();
  const found: string[] = [];
  try {
    for (let at = 0, piece = 0; at < text.length; piece += 1) {
      const length = Math.max(1, lengths[Math.min(piece, lengths.length - 1)] ?? 1);
      found.push(...reader.push(text.slice(at, at + length)));
      at += length;
    }
    reader.end();
    return found;
  } catch (error) {
    if (error instanceof HistoryFault) return error;
    throw error;
  }
}

const pieces = fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 8 });

test("a history reads back as it was written, in whatever pieces it comes", () => {
  fc.assert(
    fc.property(checksums, pieces, (written, lengths) => {
      expect(read([...historyPieces(written)].join(""), lengths)).toEqual(written);
      expect(read(JSON.stringify(written, null, 2), lengths)).toEqual(written);
    }),
  );
});

test("it takes what JSON.parse takes, and in capitals too", () => {
  expect(read(` \n[ "${A.toUpperCase()}" ,\t"${A}"\r\n] `)).toEqual([A, A]);
  expect([read("[]"), read("[ ]")]).toEqual([[], []]);
});

test("a history that was cut off anywhere is refused", () => {
  fc.assert(
    fc.property(checksums, fc.nat(), pieces, (written, at, lengths) => {
      const text = [...historyPieces(written)].join("");
      expect(read(text.slice(0, at % text.length), lengths)).toBeInstanceOf(HistoryFault);
    }),
  );
});

test("whatever is no array of checksums is refused as JSON.parse would see it, in whatever pieces", () => {
  const isHistory = (text: string): boolean => {
    try {
      const value: unknown = JSON.parse(text);
      return (
        Array.isArray(value) &&
        value.every((entry) => typeof entry === "string" && /^[0-9a-f]{64}$/i.test(entry))
      );
    } catch {
      return false;
    }
  };
  const text = fc.oneof(
    fc.string(),
    fc.json(),
    fc
      .array(fc.oneof(fc.constantFrom("[", "]", ",", '"', " ", `"${A}"`, "null", "{", "1")), { maxLength: 8 })
      .map((parts) => parts.join("")),
  );
  fc.assert(
    fc.property(text, pieces, (any, lengths) => {
      expect([any, Array.isArray(read(any, lengths))]).toEqual([any, isHistory(any)]);
    }),
    { numRuns: 2_000 },
  );
});

test("the fault says what was found", () => {
  const faults = [
    "",
    "letter",
    "{}",
    `["${A}"`,
    `["${A}", "abc"]`,
    `["${A}", 42]`,
    `["${A}" "${A}"]`,
    `["${A}"] x`,
    `[${"[".repeat(200_000)}`,
    `["${A}`,
  ].map((text) => String(read(text)).replaceAll(A, "A"));
  expect(faults).toEqual([
    "Error: it is empty, expected a JSON array",
    "Error: it is no JSON",
    "Error: expected a JSON array of SHA-256 checksums",
    "Error: it is no JSON: it ends in the middle",
    'Error: entry 2 is "abc", expected a SHA-256 of 64 hex digits',
    "Error: entry 2 is 42, expected a SHA-256 of 64 hex digits",
    "Error: it is no JSON: a comma is missing behind entry 1",
    "Error: it is no JSON: something follows the array",
    `Error: entry 1 is ${"[".repeat(80)}, expected a SHA-256 of 64 hex digits`,
    "Error: it is no JSON: it ends in the middle",
  ]);
});
