import { expect, test } from "bun:test";
import { compareTable } from "../../../src/render/compare/table.ts";
import { compareReport, nodeResult, TWO_NODES } from "../../support/nodes/comparison.ts";

test("the verdict and its cause, the table with real differences marked, then unfair comparisons", () => {
  expect(compareTable(TWO_NODES, { columns: 80, color: false })).toMatchInlineSnapshot(`
    "performance, 24h: 2026-11-25 04:00 to 2026-11-26 04:00 UTC

    • cellar|1 serves fewer of its downloads: 91.25% against 98.77%
      mostly action GET_REPAIR (−6.2 points)

                                         attic, left                      cellar|1
    download success                          98.77%*                       91.25%
    operations                                12,345                           999
    sent                                     3.0 GiB                             —
    latency p50                                46 ms                   < 1 s (log)
    latency p95                                    —                   < 1 s (log)
    latency p99                                    —                   < 1 s (log)
    window covered                           100.00%                        50.00%
    success over time                                                          ▁ █
    load over time                                                             ▁▅█

    * really better
    note: cellar|1 logs whole seconds: its latencies are not compared"
  `);
});

test("on a narrow terminal nodes are rows, and no line is too wide", () => {
  const text = compareTable(TWO_NODES, { columns: 40, color: false });
  expect(text).toMatchInlineSnapshot(`
    "performance, 24h: 2026-11-25 04:00 to
      2026-11-26 04:00 UTC

    • cellar|1 serves fewer of its
      downloads: 91.25% against 98.77%
      mostly action GET_REPAIR (−6.2 points)

                 download
                  success   operations
    attic, left    98.77%*      12,345
    cellar|1       91.25%          999

                               latency
                    sent           p50
    attic, left  3.0 GiB         46 ms
    cellar|1           —   < 1 s (log)

                     latency       latency
                         p95           p99
    attic, left            —             —
    cellar|1     < 1 s (log)   < 1 s (log)

                  window   success over
                 covered           time
    attic, left  100.00%
    cellar|1      50.00%            ▁ █

                 load over
                      time
    attic, left
    cellar|1           ▁▅█

    * really better
    note: cellar|1 logs whole seconds: its
      latencies are not compared"
  `);
  expect(text.split("\n").filter((line) => Bun.stringWidth(line) > 40)).toEqual([]);
});

test("only real differences are coloured", () => {
  const coloured = compareTable(TWO_NODES, { columns: 80, color: true });
  expect(Bun.stripANSI(coloured)).toBe(compareTable(TWO_NODES, { columns: 80, color: false }));
  expect(coloured.split("\u001B[1;32m").length - 1).toBe(1);
});

test("a node without figures says why; one without lines in the window says when it last had some", () => {
  const report = compareReport({
    nodes: [
      nodeResult("attic", {}, { error: "the store is damaged" }),
      nodeResult("cellar", { total_operations: 0, coverage_percent: 0 }),
    ],
  });
  expect(compareTable(report, { columns: 80, color: false })).toMatchInlineSnapshot(`
    "performance, 24h: 2026-11-25 04:00 to 2026-11-26 04:00 UTC

    ! attic: the store is damaged
    ! cellar: no operations in this window; newest line 2026-11-26T04:00:00.000Z

                                               attic                        cellar
    operations                                     —                             0
    window covered                                 —                         0.00%"
  `);
});

test("twenty nodes are rows, marked if better or worse than the fleet, every line as wide as the terminal", () => {
  const [verdict] = TWO_NODES.verdicts;
  if (verdict === undefined) throw new Error("Cannot test without a verdict");
  const nodes = Array.from({ length: 20 }, (_, index) =>
    nodeResult(`pi-${index + 1}`, {
      success_rate_download: 95 + index / 10,
      success_rate_upload: 90,
      total_operations: 1_000 * index + 1,
      avg_latency_p95: 300,
      coverage_percent: 100,
    }),
  );
  const report = compareReport({
    nodes,
    verdicts: [
      { ...verdict, worse: "pi-1", better: "fleet median", text: "pi-1 serves fewer of its downloads" },
      { ...verdict, worse: "fleet median", better: "pi-20", text: "pi-20 serves more of its downloads" },
    ],
  });
  const text = compareTable(report, { columns: 80, color: false });
  const lines = text.split("\n");
  expect(lines.filter((line) => Bun.stringWidth(line) > 80)).toEqual([]);
  expect(lines.filter((line) => line.startsWith("pi-1 "))).toHaveLength(1);
  expect(lines).toContain("pi-1     95.00%!   90.00%            1    300 ms   100.00%");
  expect(lines).toContain("pi-20    96.90%*   90.00%       19,001    300 ms   100.00%");
  expect(lines).toContain("* really better, ! really worse");
});

test("an undecided difference is one sentence with the missing hours", () => {
  const [verdict] = TWO_NODES.verdicts;
  if (verdict === undefined) throw new Error("Cannot test without a verdict");
  const early = { ...verdict, type: "too_early", significant: false, better: null, worse: null } as const;
  const report = compareReport({
    nodes: [nodeResult("a", {}), nodeResult("b", {})],
    verdicts: [
      { ...early, missing_hours: 12 },
      { ...early, metric: "avg_latency_p95", missing_hours: 30 },
    ],
  });
  expect(compareTable(report, { columns: 80, color: false })).toContain(
    "• too early to tell (needs about 30 more hours): download success, latency p95\n",
  );
});

test("a difference that comes from no particular group is evenly spread", () => {
  const even = compareReport({ ...TWO_NODES, why: TWO_NODES.why.map((why) => ({ ...why, mostly: null })) });
  expect(compareTable(even, { columns: 80, color: false })).toContain(
    "\n  evenly spread over satellites, actions, sizes and hours\n",
  );
});

test("scores are listed by satellite, an API's earnings with their date, and a hostile name escaped", () => {
  const name = "pi\u001B[31m\u202E1";
  const scores = [{ satellite: "us1", audit_percent: 100, suspension_percent: 99.95, online_percent: null }];
  const earned = {
    earnings_source: "api",
    earnings_api_usd: 1.5,
    earnings_api_at: "2026-11-26T03:00:00.000Z",
    earnings_model_usd: 1,
  } as const;
  const report = compareReport({
    type: "overall",
    nodes: [nodeResult(name, { total_earnings: 1.5 }, { scores, ...earned }), nodeResult("pi-2", {})],
    rankings: { avg_audit_score: [name, "pi-2"], total_earnings: [name, "pi-2"] },
  });
  const text = compareTable(report, { columns: 100, color: false });
  expect(text).toMatch(/^us1 +100\/100\/— +—$/m);
  expect(text).toContain("$1.50 this month according to its API, as of 2026-11-26 03:00 UTC");
  expect(text).toContain("pi\\x1b[31m\\u202e1");
  expect(text.includes("\u001B") || text.includes("\u202E")).toBe(false);
});
