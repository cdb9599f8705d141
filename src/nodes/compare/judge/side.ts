import type { Measured } from "../measure.ts";
import { METRICS, type MetricName } from "../registry.ts";
import { cosinesOf, hoursOf, restrict } from "./contrast.ts";
import { type HourGrid, hourlySeries, type HourlySeries } from "./hourly-series.ts";
import { meanFrequencies, meanSpread } from "./persistence.ts";
import { type Interval, wilson } from "./statistics.ts";

/** One node, with a series for each metric that its log can answer. */
export interface Side {
  readonly name: string;
  readonly series: ReadonlyMap<MetricName, HourlySeries>;
}

export function sideOf(name: string, measured: Measured, grid: HourGrid): Side {
  const judged = METRICS.flatMap((told) =>
    told.question === null || told.of(measured) === null
      ? []
      : [{ metric: told.name, question: told.question }],
  );
  const series = hourlySeries(
    judged.map(({ question }) => question),
    measured,
    grid,
  );
  return {
    name,
    series: new Map(
      judged.flatMap(({ metric }, index) => {
        const found = series[index];
        return found == null ? [] : [[metric, found] as const];
      }),
    ),
  };
}

const LEVEL = 0.05;
const Z_95 = 1.959963984540054;

/**
 * 95% intervals of a node's own values, by metric, based on the same spread over hours as the verdicts; null if there
 * is none.
 */
export function intervalsOf({ series }: Side): Partial<Record<MetricName, Interval | null>> {
  const intervals: Partial<Record<MetricName, Interval | null>> = {};
  for (const { name, question } of METRICS) {
    if (question === null) continue;
    const found = series.get(name);
    intervals[name] = found === undefined ? null : intervalOf(found, question.type === "share");
  }
  return intervals;
}

function intervalOf(series: HourlySeries, isShare: boolean): Interval | null {
  const { value, weight, covered, leastVariance } = series;
  const hours = hoursOf(covered);
  const length = hours.places.length;
  const restricted = restrict(series, hours);
  const cosines = restricted === null ? null : cosinesOf(restricted, length, meanFrequencies(length));
  if (cosines === null) return null;
  const reach = meanSpread(cosines, length, leastVariance).distance(LEVEL);
  if (!isShare) return [Math.exp(value - reach), Math.exp(value + reach)];
  // The number of independent operations that would make the share this uncertain.
  const trials = weight.reduce((sum, count) => sum + count, 0);
  const share = (value * trials + 1) / (trials + 2);
  const effective = Math.min(trials, (share * (1 - share) * Z_95 ** 2) / reach ** 2);
  const [low, high] = wilson(value, effective, Z_95);
  return [low * 100, high * 100];
}
