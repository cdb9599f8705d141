import { expect, test } from "bun:test";
import { extensionOf } from "../../../src/upload/tanova/cv-types.ts";
import { fileRule, folderRule, type SkipReason } from "../../../src/upload/scan/rules.ts";

test("the truth table of file names", () => {
  const table: readonly (readonly [name: string, rule: SkipReason | null])[] = [
    ["cv.pdf", null],
    ["cv.PDF", null],
    ["cv.docx", null],
    ["cv.doc", null],
    ["cv.txt", null],
    ["cv.Md", null],
    ["Lebenslauf Jürgen.final.v2.pdf", null],
    ["佐藤花子.md", null],
    ["~$cv.docx", "office-lock"],
    ["._cv.pdf", "hidden"],
    [".cv.pdf", "hidden"],
    [".pdf", "hidden"],
    [".nodupeignore", "hidden"],
    ["cv.pdf.part", "temporary"],
    ["cv.pdf.crdownload", "temporary"],
    ["cv.TMP", "temporary"],
    ["cv.png", "not-a-cv"],
    ["cv", "not-a-cv"],
    ["pdf", "not-a-cv"],
    ["cv.pdf.zip", "not-a-cv"],
    ["cv.constructor", "not-a-cv"],
    ["cv.", "not-a-cv"],
  ];
  expect(table.map(([name]) => [name, fileRule(name)])).toEqual(table.map(([name, rule]) => [name, rule]));
});

test("hidden folders are not descended", () => {
  expect([folderRule(".git"), folderRule("CVs"), folderRule("a.b")]).toEqual(["hidden", null, null]);
});

test("an extension is what follows the last dot, but not a leading one", () => {
  expect(["a.b.PDF", ".pdf", "a", "a."].map(extensionOf)).toEqual([".pdf", "", "", "."]);
});
