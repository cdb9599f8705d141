import { expect, test } from "bun:test";
import { compareCsv, compareMarkdown } from "../../../src/render/compare/text.ts";
import { compareReport, nodeResult, TWO_NODES } from "../../support/nodes/comparison.ts";

/** The first line, and the lines of these metrics. */
function excerpt(text: string, starts: readonly string[]): string[] {
  return text.split("\n").filter((line) => starts.some((start) => line.startsWith(start)));
}

test("CSV: unrounded, a field with a comma quoted, empty if a value is unknown", () => {
  const shown = ["metric,", "success_rate_download,", "avg_latency_p50,", "total_earnings,"];
  expect(excerpt(compareCsv(TWO_NODES), shown)).toEqual([
    'metric,"attic, left",cellar|1,best,"attic, left low","attic, left high",cellar|1 low,cellar|1 high',
    'success_rate_download,98.765,91.25,"attic, left",98.5,99,,',
    "avg_latency_p50,45.6,,,,,,",
    "total_earnings,1.5,,,,,,",
  ]);
});

test("Markdown: real differences in bold, bars within names escaped, notes as a list", () => {
  const text = compareMarkdown(TWO_NODES);
  expect(excerpt(text, ["**", "| metric", "| ---", "| download success", "| operations", "- "]))
    .toMatchInlineSnapshot(`
    [
      "**performance**, 24h: 2026-11-25T04:00:00.000Z to 2026-11-26T04:00:00.000Z",
      "- cellar\\|1 serves fewer of its downloads: 91.25% against 98.77%: mostly action GET\\_REPAIR (−6.2 points)",
      "| metric | attic, left | cellar\\|1 |",
      "| --- | ---: | ---: |",
      "| download success | **98.77%** | 91.25% |",
      "| operations | 12,345 | 999 |",
      "- note: cellar\\|1 logs whole seconds: its latencies are not compared",
    ]
  `);
});

test("if all are equal nobody is the best; if two share the best value, the first is named; only verdicts are bold", () => {
  const nodes = ["a", "b", "c"].map((name, index) =>
    nodeResult(name, { downloads: 5, uploads: index === 0 ? 1 : 2 }),
  );
  const rankings = { downloads: ["a", "b", "c"], uploads: ["b", "c", "a"] };
  const report = compareReport({ nodes, rankings });
  expect(excerpt(compareCsv(report), ["downloads,", "uploads,"])).toEqual([
    "downloads,5,5,5,,,,,,,",
    "uploads,1,2,2,b,,,,,,",
  ]);
  expect(excerpt(compareMarkdown(report), ["| downloads |", "| uploads |"])).toEqual([
    "| downloads | 5 | 5 | 5 |",
    "| uploads | 1 | 2 | 2 |",
  ]);
});

test("Markdown: findings first, a failed node with its reason, names as plain text", () => {
  const verdict = TWO_NODES.verdicts[0];
  if (verdict === undefined) throw new Error("Cannot test without a verdict");
  const alike = compareReport({ verdicts: [{ ...verdict, type: "no_real_difference", significant: false }] });
  expect(compareMarkdown(alike).split("\n")[2]).toBe("- no real difference");
  const failed = compareReport({ nodes: [nodeResult("attic", {}, { error: "no such file" })] });
  expect(compareMarkdown(failed).split("\n")[2]).toBe("- attic: no such file");
  const hostile = compareReport({ nodes: [nodeResult("a|b\u202e<img>\n# c", {})] });
  expect(compareMarkdown(hostile)).toContain("| metric | a\\|b\\\\u202e\\<img\\>\\\\n# c |");
});
