import type { Comparison } from "../nodes/compare/compare.ts";
import type { CacheCounts } from "../nodes/compare/compare-cache.ts";

/** All that `compare` answers. */
export interface CompareReport extends Comparison {
  readonly type: string;
  readonly timeRange: string;
  readonly sinceMs: number;
  readonly untilMs: number;
  readonly rankings: Readonly<Record<string, readonly string[]>>;
  readonly cached: boolean;
  readonly cache: CacheCounts | null;
  readonly elapsedS: number;
}

export function compareJson(report: CompareReport): object {
  const { hits, misses } = report.cache ?? { hits: 0, misses: 0 };
  return {
    comparison_type: report.type,
    time_range: report.timeRange,
    since: new Date(report.sinceMs).toISOString(),
    until: new Date(report.untilMs).toISOString(),
    nodes: report.nodes,
    rankings: report.rankings,
    verdicts: report.verdicts,
    why: report.why,
    caveats: report.caveats,
    cached: report.cached,
    cache_hits: report.cache === null ? null : hits,
    cache_hit_percent: hits + misses === 0 ? null : (hits / (hits + misses)) * 100,
    elapsed_s: report.elapsedS,
  };
}
