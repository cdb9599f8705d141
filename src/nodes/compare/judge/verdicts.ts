import { metricNamed, METRICS, type MetricName } from "../registry.ts";
import { ALPHA } from "../../store/sketch.ts";
import { type Contrast, contrastFleet, contrastPair } from "./contrast.ts";
import { missingHours } from "./hours-needed.ts";
import { meanFrequencies, type MeanSpread, meanSpread } from "./persistence.ts";
import type { Side } from "./side.ts";
import { holmLevels } from "./statistics.ts";
import { FLEET_MEDIAN, type Verdict, verdictText } from "./verdict.ts";

/** The level of the family of all questions in a comparison. */
const LEVEL = 0.05;

interface VerdictOptions {
  readonly pairs: boolean;
  /** Percentage points. */
  readonly minGap: number;
  /** Percent. */
  readonly minLatencyGap: number;
  readonly unfair: ReadonlySet<MetricName>;
}

interface Test {
  readonly contrast: Contrast;
  readonly metric: MetricName;
  readonly a: string;
  readonly b: string;
  /** null if there are too few hours. */
  readonly spread: MeanSpread | null;
}

/** Which nodes are compared in a metric: the pair, all pairs, or each node with the fleet's median. */
function contrasts(
  sides: readonly Side[],
  metric: MetricName,
  pairs: boolean,
): { a: string; b: string; contrast: Contrast | null }[] {
  const known = sides.flatMap(({ name, series }) => {
    const found = series.get(metric);
    return found === undefined ? [] : [{ name, series: found }];
  });
  if (sides.length === 2 || pairs) {
    return known.flatMap((a, index) =>
      known
        .slice(index + 1)
        .map((b) => ({ a: a.name, b: b.name, contrast: contrastPair(a.series, b.series) })),
    );
  }
  return contrastFleet(known.map(({ series }) => series)).map((contrast, index) => ({
    a: known[index]?.name ?? "",
    b: FLEET_MEDIAN,
    contrast,
  }));
}

/** Judges every metric for every pair of opponents. */
export function verdictsOf(sides: readonly Side[], options: VerdictOptions): Verdict[] {
  const tests: Test[] = [];
  for (const { name: metric, question } of METRICS) {
    if (question === null || options.unfair.has(metric)) continue;
    for (const { a, b, contrast } of contrasts(sides, metric, options.pairs)) {
      if (contrast === null) continue;
      const { hours, leastVariance } = contrast;
      const cosines = contrast.cosinesOver(hours, meanFrequencies(hours));
      const spread = cosines === null ? null : meanSpread(cosines, hours, leastVariance);
      tests.push({ contrast, metric, a, b, spread });
    }
  }
  const levels = holmLevels(
    tests.map(({ spread, contrast }) => spread?.tail(Math.abs(contrast.difference)) ?? 1),
    LEVEL,
  );
  return tests.map((test, index) => judged(test, levels[index] ?? LEVEL, options));
}

function judged(test: Test, level: number, options: VerdictOptions): Verdict {
  const { metric, contrast, spread } = test;
  const { difference, hours } = contrast;
  const { question, lowerIsBetter } = metricNamed(metric);
  const isShare = question?.type === "share";
  const told = (value: number): number => (isShare ? value * 100 : Math.expm1(value) * 100);
  const reach = spread?.distance(level) ?? Infinity;
  const minGap = isShare ? options.minGap : Math.max(2 * ALPHA * 100, options.minLatencyGap);
  const significant = Math.abs(difference) > reach && told(Math.abs(difference)) >= minGap;
  // The worse one first, if there is one.
  const turn = significant && difference > 0 !== lowerIsBetter ? -1 : 1;
  const [worse, better] = turn === 1 ? [test.a, test.b] : [test.b, test.a];
  const least = isShare ? minGap / 100 : Math.log1p(minGap / 100);
  const missing = significant ? 0 : missingHours(contrast, spread, { level, least });
  const type = significant ? "real_difference" : missing > 0 ? "too_early" : "no_real_difference";
  const verdict: Omit<Verdict, "text"> = {
    type,
    metric,
    better: significant ? better : null,
    worse: significant ? worse : null,
    nodes: [test.a, test.b],
    difference: told(difference * turn),
    interval: spread === null ? null : [told(difference * turn - reach), told(difference * turn + reach)],
    significant,
    hours,
    missing_hours: missing > 0 ? missing : null,
  };
  return { ...verdict, text: verdictText(verdict) };
}
