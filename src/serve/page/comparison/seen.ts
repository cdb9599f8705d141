import type { Verdict } from "../../../nodes/compare/judge/verdict.ts";
import type { ComparisonAnswer, MetricTold } from "../api.ts";
import { counted, signed } from "../format.ts";

/** A difference as drawn and written: from the same node's side, whether it is better or worse. */
export interface Seen {
  readonly value: number;
  /** null if there are too few hours for an interval. */
  readonly interval: readonly [low: number, high: number] | null;
}

/** Converts the second node's change against the first into the first node's change against the second. */
function inverse(value: number, isShare: boolean): number {
  return isShare ? -value : (1 / (1 + value / 100) - 1) * 100;
}

/** A verdict from the side of one of its two nodes: in points for shares, in percent for latencies. */
export function seenFrom(verdict: Verdict, subject: string, { unit }: Pick<MetricTold, "unit">): Seen {
  const { difference, interval, worse, nodes } = verdict;
  // A real difference is the worse node's against the better one's; any other is the first node's against the second's.
  const isOwn = (worse ?? nodes[0]) === subject;
  const own = (value: number): number => (isOwn ? value : inverse(value, unit === "percent"));
  if (interval === null) return { value: own(difference), interval: null };
  const ends = interval.map(own);
  return { value: own(difference), interval: [Math.min(...ends), Math.max(...ends)] };
}

/** The node from whose side a pair's differences are shown: the one that is worse in most of them. */
export function subjectOf({ nodes, verdicts }: Pick<ComparisonAnswer, "nodes" | "verdicts">): string {
  const worse = (name: string): number =>
    verdicts.filter((verdict) => verdict.significant && verdict.worse === name).length;
  return nodes.map(({ node_name: name }) => name).toSorted((a, b) => worse(b) - worse(a))[0] ?? "";
}

/** `−3.4 points (−3.9 to −2.8)`, and whether the difference is real. */
export function seenText(
  { value, interval }: Seen,
  { type, missing_hours: missing }: Pick<Verdict, "type" | "missing_hours">,
  { unit }: Pick<MetricTold, "unit">,
): string {
  const sign = unit === "percent" ? "" : "%";
  const ends = interval === null ? "" : ` (${interval.map((end) => `${signed(end)}${sign}`).join(" to ")})`;
  const figures = `${signed(value)}${unit === "percent" ? " points" : "%"}${ends}`;
  switch (type) {
    case "real_difference":
      return figures;
    case "no_real_difference":
      return `no real difference: ${figures}`;
    case "too_early":
      return `too early to tell: needs about ${counted(missing ?? 0, "more hour")}`;
  }
}
