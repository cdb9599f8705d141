import type { Measured } from "./measure.ts";
import type { ComparisonType } from "./options.ts";

/** What a value is counted in: `percent` is 0 to 100, `ms` milliseconds, `usd` US dollars. */
export type Unit = "percent" | "count" | "bytes" | "ms" | "usd";

/**
 * What time a value is of: the window; the last word of the node's API or log, whenever that was; this month by its API;
 * this month by its API where that tells it, else the window by the rates.
 */
export type Span = "window" | "latest" | "month" | "month-or-window";

/**
 * What logs must have in common before the metric may be compared: lines at DEBUG, started lines to time by, times
 * finer than a second, as large a part of the window, what is stored.
 */
export type Need = "debug-lines" | "durations" | "milliseconds" | "coverage" | "storage";

/** How a difference in a metric is judged: a share of a kind's operations, a quantile of the latencies, their mean. */
export type Question =
  | {
      readonly type: "share";
      /** Index into KINDS, and the outcome that is counted. */
      readonly kind: number;
      readonly outcome: number;
      readonly said: Said;
    }
  | { readonly type: "quantile"; readonly share: number; readonly said: Said }
  | { readonly type: "mean"; readonly said: Said };

/** What a node does that is worse, or better, than another: "serves fewer of its downloads". */
interface Said {
  readonly worse: string;
  readonly better: string;
  /** What stands before the difference: "p95 ", or nothing. */
  readonly what: string;
}

/** A metric, told once: ranking, verdicts, formats, caveats and Prometheus text derive from it. */
export interface Metric<N extends string = string> {
  /** The name that JSON and CSV give it. */
  readonly name: N;
  /** The name that people read, at most 18 columns wide. */
  readonly label: string;
  readonly unit: Unit;
  readonly span: Span;
  readonly lowerIsBetter: boolean;
  /** The name in Prometheus text, without its unit, where that wants another; null: the same. */
  readonly prometheusStem: string | null;
  /** The comparisons that tell it. JSON and CSV have all metrics. */
  readonly types: readonly ComparisonType[];
  /** false where more is neither better nor worse. */
  readonly ranked: boolean;
  readonly needs: readonly Need[];
  /** null: it is ranked, but no verdict is given. */
  readonly question: Question | null;
  /** Its value for one node in the window; null where it is not known. */
  of(measured: Measured): number | null;
}

type Told<N extends string> = Pick<Metric<N>, "name" | "label" | "unit" | "types" | "of"> &
  Partial<Pick<Metric, "lowerIsBetter" | "span" | "prometheusStem" | "ranked" | "needs" | "question">>;

/** A metric of the window that is ranked, higher being better, that needs nothing and is not judged, unless it says so. */
export function metric<const N extends string>(told: Told<N>): Metric<N> {
  return {
    span: "window",
    lowerIsBetter: false,
    prometheusStem: null,
    ranked: true,
    needs: [],
    question: null,
    ...told,
  };
}
