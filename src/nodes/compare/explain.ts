import { type Contribution, type WhyInput, whyDifferent } from "./decomposition.ts";
import { FLEET_MEDIAN, type Verdict } from "./judge/verdict.ts";
import { metricNamed, type MetricName } from "./registry.ts";

/** Where a real difference comes from. */
export interface Why {
  readonly metric: MetricName;
  readonly worse: string;
  readonly better: string;
  /** What makes the worse one worse, the largest part first, of each dimension. */
  readonly contributions: readonly Contribution[];
  /** The part that stands out; null where the difference is spread evenly over all groups. */
  readonly mostly: Contribution | null;
}

/** A group stands out that makes at least half of the difference … */
const LEAST_PART = 0.5;
/** … and so much more of it than of the operations. */
const LEAST_EXCESS = 0.25;

/**
 * Explains the real differences, one of each metric and pair; of the latencies the mean stands for all. Against a
 * fleet's median a node is compared with all the others together.
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
    // Only what makes it worse explains why it is worse.
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
