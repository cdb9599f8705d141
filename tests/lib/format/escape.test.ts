import { expect, test } from "bun:test";
import fc from "fast-check";
import { escapeLines, escapeText } from "../../../src/lib/format/escape.ts";

/** Ranges of code points that terminals act on, that reorder text, or that are invisible. */
const HOSTILE: readonly (readonly [from: number, to: number])[] = [
  [0x00, 0x1f],
  [0x7f, 0x9f],
  [0xad, 0xad],
  [0x34f, 0x34f],
  [0x61c, 0x61c],
  [0x115f, 0x1160],
  [0x180b, 0x180f],
  [0x200b, 0x200f],
  [0x2028, 0x202e],
  [0x2060, 0x206f],
  [0x3164, 0x3164],
  [0xd800, 0xdfff],
  [0xfe00, 0xfe0f],
  [0xfeff, 0xfeff],
  [0xfff9, 0xfffb],
  [0xe0001, 0xe007f],
];

function isHostile(character: string): boolean {
  const code = character.codePointAt(0) ?? 0;
  return HOSTILE.some(([from, to]) => code >= from && code <= to);
}

const hostile = fc
  .constantFrom(...HOSTILE)
  .chain(([from, to]) => fc.integer({ min: from, max: to }))
  .map((code) => String.fromCodePoint(code));
const text = fc
  .array(fc.oneof(hostile, fc.string({ unit: "binary" })), { maxLength: 12 })
  .map((of) => of.join(""));

test("no hostile character remains, whatever the text", () => {
  fc.assert(
    fc.property(text, (given) => {
      expect(Array.from(escapeText(given)).filter(isHostile)).toEqual([]);
    }),
    { numRuns: 2_000 },
  );
});

test("escapes are readable", () => {
  const names = [
    ["a\u001B[31mred.pdf", "a\\x1b[31mred.pdf"],
    ["not utf-8 \udcff.pdf", "not utf-8 \\xff.pdf"],
    ["two\nlines\tand\rmore", "two\\nlines\\tand\\rmore"],
    ["cv\u202Efdp.exe", "cv\\u202efdp.exe"],
    ["zero\u200Bwidth\uFEFF", "zero\\u200bwidth\\ufeff"],
    ["tag\u{E0041}", "tag\\u{e0041}"],
    ["half \uD83D", "half \\ud83d"],
    ["csi \u009B2J", "csi \\x9b2J"],
  ] as const;
  expect(names.map(([name]) => escapeText(name))).toEqual(names.map(([, shown]) => shown));
});

test("ordinary names in all scripts are unchanged", () => {
  const names = ["Ünïcödé.pdf", "履歴書.docx", "السيرة.pdf", "😀 cv.txt", "back\\slash", "a b"];
  expect(names.map(escapeText)).toEqual(names);
});

test("an output keeps its lines, and its colours only if colours are allowed", () => {
  const output = "\u001B[1;32mbest\u001B[22;39m\tcell\nnext \u001B]0;title\u0007";
  expect(escapeLines(output, true)).toBe("\u001B[1;32mbest\u001B[22;39m\tcell\nnext \\x1b]0;title\\x07");
  expect(escapeLines(output, false)).toBe("\\x1b[1;32mbest\\x1b[22;39m\tcell\nnext \\x1b]0;title\\x07");
});
