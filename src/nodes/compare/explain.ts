import { type Contribution, type WhyInput, whyDifferent } from "./decomposition.ts";
import { FLEET_MEDIAN, type Verdict } from "./judge/verdict.ts";
import { metricNamed, type MetricName } from "./registry.ts";

/** Where a real difference comes from. */
export interface Why {
  readonly metric: MetricName;
  readonly worse: string;
  readonly better: string;
  /** What makes the worse node worse, by dimension, the largest part first. */
  readonly contributions: readonly Contribution[];
  /** The part that stands out; null if the difference is spread evenly over all groups. */
  readonly mostly: Contribution | null;
}

/** A group stands out if it makes up at least half of the difference … */
const LEAST_PART = 0.5;
/** … and its share of the difference exceeds its share of the operations by at least this much. */
const LEAST_EXCESS = 0.25;

/**
 * Explains the real differences, one for each metric and pair; all latencies are explained by the mean. In a fleet, a
 * node is compared with all the others together rather than with their median.
 */
export function explain(verdicts: readonly Verdict[], inputs: ReadonlyMap<string, WhyInput>): Why[] {
  const told = new Set<string>();
  const why: Why[] = [];
  for (const { metric, worse, better, significant } of verdicts) {
    if (!significant || worse === null || better === null) continue;
    const { question, lowerIsBetter } = metricNamed(metric);
    const part = question?.type === "share" ? question : null;
    const about: MetricName = part === null ? "avg_latency_mean" : metric;
    const mark = `${about}\n${worse}\n${better}`;
    if (told.has(mark)) continue;
    told.add(mark);
    const sideOf = (name: string, other: string): readonly WhyInput[] => {
      if (name === FLEET_MEDIAN)
        return [...inputs].filter(([own]) => own !== other).map(([, input]) => input);
      const input = inputs.get(name);
      return input === undefined ? [] : [input];
    };
    const { parts, difference } = whyDifferent(sideOf(worse, better), sideOf(better, worse), part);
    // Only parts that make the node worse explain why it is worse.
    const contributions = parts.filter(({ contribution }) => contribution > 0 === lowerIsBetter);
    const mostly = contributions.find(
      ({ contribution, share_percent }) =>
        contribution / difference >= LEAST_PART &&
        contribution / difference >= share_percent / 100 + LEAST_EXCESS,
    );
    why.push({ metric: about, worse, better, contributions, mostly: mostly ?? null });
  }
  return why;
}
