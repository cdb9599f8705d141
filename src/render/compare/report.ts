import type { Comparison } from "../../nodes/compare/compare.ts";
import type { CacheCounts } from "../../nodes/compare/compare-cache.ts";
import type { MetricName } from "../../nodes/compare/registry.ts";

/** Everything that `compare` returns. */
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

/** The nodes with a metric's best value; none if it is not ranked, or if all known values are equal. */
export function bestNodes(report: CompareReport, metric: MetricName): readonly string[] {
  const valueOf = (name: string): number | null =>
    report.nodes.find((node) => node.node_name === name)?.metrics[metric] ?? null;
  const [best] = report.rankings[metric] ?? [];
  const values = new Set(
    report.nodes.map(({ metrics }) => metrics[metric]).filter((value) => value !== null),
  );
  if (best === undefined || values.size < 2) return [];
  return report.nodes.map(({ node_name }) => node_name).filter((name) => valueOf(name) === valueOf(best));
}

/** Whether a verdict confirms it: a better value alone does not. */
export function isReallyBetter({ verdicts }: CompareReport, metric: MetricName, name: string): boolean {
  return verdicts.some(
    (verdict) => verdict.significant && verdict.metric === metric && verdict.better === name,
  );
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
