import { expect, test } from "bun:test";
import { compareJson } from "../../../src/render/compare/report.ts";
import { TWO_NODES } from "../../support/nodes/comparison.ts";

test("JSON: the contract's keys, times in ISO 8601, unrounded figures", () => {
  const { nodes, rankings, verdicts, why, caveats } = TWO_NODES;
  expect(compareJson(TWO_NODES)).toEqual({
    comparison_type: "performance",
    time_range: "24h",
    since: "2026-11-25T04:00:00.000Z",
    until: "2026-11-26T04:00:00.000Z",
    nodes,
    rankings,
    verdicts,
    why,
    caveats,
    cached: false,
    cache_hits: null,
    cache_hit_percent: null,
    elapsed_s: 0.25,
  });
});

test("JSON: the cache's hits, if there is one; no share of zero", () => {
  expect(compareJson({ ...TWO_NODES, cached: true, cache: { hits: 3, misses: 1 } })).toMatchObject({
    cached: true,
    cache_hits: 3,
    cache_hit_percent: 75,
  });
  expect(compareJson({ ...TWO_NODES, cache: { hits: 0, misses: 0 } })).toMatchObject({
    cache_hits: 0,
    cache_hit_percent: null,
  });
});
