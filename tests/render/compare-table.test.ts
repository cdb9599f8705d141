import { expect, test } from "bun:test";
import { compareTable } from "../../src/render/compare-table.ts";
import { compareReport, nodeResult, TWO_NODES } from "../support/comparison.ts";

test("a table with the best marked, then what is real, why, and what is not fair to compare", () => {
  expect(compareTable(TWO_NODES, { columns: 80, color: false })).toMatchInlineSnapshot(`
    "performance, 24h: 2026-11-25 04:00 to 2026-11-26 04:00 UTC

                                         attic, left                      cellar|1
    download success                          98.77%*                       91.25%
    operations                                12,345*                          999
    latency p50                                46 ms                   < 1 s (log)
    window covered                           100.00%                        50.00%
    success over time                                                          ▁ █
    load over time                                                             ▁▅█

    * best; a difference counts as real only where it is said below
    • cellar|1 serves fewer of its downloads: 91.25% against 98.77%
      mostly action GET_REPAIR (−6.2 points)
    note: cellar|1 logs whole seconds: its latencies are not compared"
  `);
});

test("a narrow terminal has the nodes below each other, and no line is wider than it", () => {
  const text = compareTable(TWO_NODES, { columns: 40, color: false });
  expect(text).toMatchInlineSnapshot(`
    "performance, 24h: 2026-11-25 04:00 to
      2026-11-26 04:00 UTC

                                attic, left
    download success                 98.77%*
    operations                       12,345*
    latency p50                       46 ms
    window covered                  100.00%

                                   cellar|1
    download success                 91.25%
    operations                          999
    latency p50                 < 1 s (log)
    window covered                   50.00%
    success over time                   ▁ █
    load over time                      ▁▅█

    * best; a difference counts as real only
      where it is said below
    • cellar|1 serves fewer of its
      downloads: 91.25% against 98.77%
      mostly action GET_REPAIR (−6.2 points)
    note: cellar|1 logs whole seconds: its
      latencies are not compared"
  `);
  expect(text.split("\n").filter((line) => Bun.stringWidth(line) > 40)).toEqual([]);
});

test("colour marks the best alone", () => {
  const coloured = compareTable(TWO_NODES, { columns: 80, color: true });
  expect(Bun.stripANSI(coloured)).toBe(compareTable(TWO_NODES, { columns: 80, color: false }));
  expect(coloured.split("\u001B[1;32m").length - 1).toBe(2);
});

test("a node without figures says why, one without lines in the window when it last had some", () => {
  const report = compareReport({
    nodes: [
      nodeResult("attic", {}, { error: "the store is damaged" }),
      nodeResult("cellar", { total_operations: 0, coverage_percent: 0 }),
    ],
  });
  expect(compareTable(report, { columns: 80, color: false })).toMatchInlineSnapshot(`
    "performance, 24h: 2026-11-25 04:00 to 2026-11-26 04:00 UTC

                                               attic                        cellar
    window covered                                 —                         0.00%

    * best; a difference counts as real only where it is said below
    ! attic: the store is damaged
    ! cellar: nothing in the window; its newest line is of 2026-11-26T04:00:00.000Z"
  `);
});
