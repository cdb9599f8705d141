import { metricNamed } from "../registry.ts";
import type { Interval } from "./statistics.ts";
import type { Verdict } from "./verdicts.ts";

function signed(value: number, unit: string): string {
  const digits = Math.abs(value) < 10 && unit !== "%" ? 1 : 0;
  const text = value.toFixed(digits);
  return `${Number(text) > 0 ? "+" : ""}${text.replace("-", "−")}${unit}`;
}

/** The difference the other way round: a node against the median instead of the median against a node. */
function inverse(value: number, isShare: boolean): number {
  return isShare ? -value : (1 / (1 + value / 100) - 1) * 100;
}

/** What a verdict says, in a sentence without its full stop; names stand as they were given. */
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
  const fleet = second === "fleet median" ? "the fleet's median" : second;
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
