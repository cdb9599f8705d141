import type { Verdict } from "../../../nodes/compare/judge/verdict.ts";
import { counted } from "../format.ts";
import type { ComparisonAnswer } from "../api.ts";

/** A sentence of the answer: a real difference, that there is none, or that it is too early to tell. */
export interface Sentence {
  readonly type: "real" | "alike" | "early";
  readonly text: string;
}

/**
 * Splits a verdict's text into its statement and the figures in brackets at the end. The last bracket is used, since
 * node names may contain brackets too.
 */
function split({ text }: Verdict): { readonly statement: string; readonly figures: string } {
  const at = text.lastIndexOf(" (");
  return at < 0
    ? { statement: text, figures: "" }
    : { statement: text.slice(0, at), figures: text.slice(at + 2, -1) };
}

/** What mostly explains a difference, as a sentence. */
function whyOf({ why }: ComparisonAnswer, verdicts: readonly Verdict[]): string {
  const found = why.find(({ metric, worse, better }) =>
    verdicts.some(
      (verdict) =>
        verdict.worse === worse &&
        verdict.better === better &&
        (verdict.metric === metric ||
          (metric === "avg_latency_mean" && verdict.metric.startsWith("avg_latency"))),
    ),
  );
  if (found === undefined) return "";
  return found.mostly === null
    ? " Evenly spread."
    : ` Mostly ${found.mostly.dimension} ${found.mostly.group}.`;
}

/**
 * The figures of several verdicts with the same statement, to go into one pair of brackets. If there is more than one,
 * their intervals are left out.
 */
function joined(verdicts: readonly Verdict[]): string {
  const [only] = verdicts;
  if (verdicts.length === 1 && only !== undefined)
    return split(only).figures.replace(", 95% interval ", ", ");
  return verdicts.map((verdict) => split(verdict).figures.replace(/, 95% interval .*$/, "")).join(", ");
}

/**
 * The answer in sentences: each real difference once, however many figures show it; then what is too early to tell, and
 * that nothing else differs.
 */
export function sentencesOf(answer: ComparisonAnswer, labelOf: (metric: string) => string): Sentence[] {
  const { verdicts } = answer;
  const real = Map.groupBy(
    verdicts.filter(({ significant }) => significant),
    (verdict) => split(verdict).statement,
  );
  const sentences: Sentence[] = [...real].map(([statement, same]) => ({
    type: "real",
    text: `${statement} (${joined(same)}).${whyOf(answer, same)}`,
  }));
  const early = verdicts.filter(({ type }) => type === "too_early");
  const alike = verdicts.filter(({ type }) => type === "no_real_difference").length;
  if (alike > 0)
    sentences.push({
      type: "alike",
      text:
        sentences.length + early.length > 0 ? "No real difference in anything else." : "No real difference.",
    });
  if (early.length > 0) {
    const labels = [...new Set(early.map(({ metric }) => labelOf(metric)))];
    const hours = Math.max(...early.map(({ missing_hours: missing }) => missing ?? 0));
    sentences.push({
      type: "early",
      text: `Too early to tell (needs about ${counted(hours, "more hour")}): ${labels.join(", ")}.`,
    });
  }
  return sentences;
}
