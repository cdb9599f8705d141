import { metricNamed, type MetricName } from "../registry.ts";
import type { Interval } from "./statistics.ts";

export const FLEET_MEDIAN = "fleet median";

/**
 * What can be said: neither chance nor a trivial size explains the difference; a difference would have shown by now; a
 * difference could not have shown yet.
 */
type VerdictType = "real_difference" | "no_real_difference" | "too_early";

export interface Verdict {
  readonly type: VerdictType;
  readonly metric: MetricName;
  /** null if there is no real difference. */
  readonly better: string | null;
  readonly worse: string | null;
  /** The two compared nodes. */
  readonly nodes: readonly [string, string];
  /**
   * The worse node's value relative to the better one's: percentage points for shares, percent for latencies. If there
   * is no real difference, the first one's relative to the second's.
   */
  readonly difference: number;
  /**
   * The interval of the difference, at the level that keeps the whole family at 95%: it excludes 0 exactly if chance is
   * ruled out. null if there are too few hours.
   */
  readonly interval: Interval | null;
  readonly significant: boolean;
  /** Hours that both logs have. */
  readonly hours: number;
  /** About how many more hours are needed to decide; null if it can be decided. */
  readonly missing_hours: number | null;
  readonly text: string;
}

function signed(value: number, unit: string): string {
  const digits = Math.abs(value) < 10 && unit !== "%" ? 1 : 0;
  const text = value.toFixed(digits);
  return `${Number(text) > 0 ? "+" : ""}${text.replace("-", "−")}${unit}`;
}

/** The reverse difference: a node relative to the median instead of the median relative to a node. */
function inverse(value: number, isShare: boolean): number {
  return isShare ? -value : (1 / (1 + value / 100) - 1) * 100;
}

/** The verdict as a sentence without its full stop; names are used as given. */
export function verdictText(verdict: Omit<Verdict, "text">): string {
  const { label, question } = metricNamed(verdict.metric);
  const isShare = question?.type === "share";
  const figures = (difference: number, interval: Interval | null): string => {
    const change = `${question?.said.what ?? ""}${signed(difference, isShare ? " points" : "%")}`;
    if (interval === null) return change;
    const [low, high] = interval.map((end) => signed(end, isShare ? "" : "%"));
    return `${change}, 95% interval ${low} to ${high}`;
  };
  const { difference, interval } = verdict;
  const [first, second] = verdict.nodes;
  const fleet = second === FLEET_MEDIAN ? "the fleet's median" : second;
  switch (verdict.type) {
    case "too_early":
      return `${label}, ${first} against ${fleet}: too early to tell (needs about ${verdict.missing_hours} more hours)`;
    case "no_real_difference":
      return `${label}, ${first} against ${fleet}: no real difference (${figures(difference, interval)})`;
    case "real_difference":
      if (fleet === second)
        return `${verdict.worse} ${question?.said.worse} (${figures(difference, interval)})`;
      if (verdict.worse === first)
        return `${first} ${question?.said.worse} than ${fleet} (${figures(difference, interval)})`;
      return `${first} ${question?.said.better} than ${fleet} (${figures(
        inverse(difference, isShare),
        interval === null ? null : [inverse(interval[1], isShare), inverse(interval[0], isShare)],
      )})`;
  }
}
