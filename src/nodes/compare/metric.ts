import type { Measured } from "./measure.ts";
import type { ComparisonType } from "./options.ts";

/** The unit of a value: `percent` is 0 to 100, `ms` milliseconds, `usd` US dollars. */
export type Unit = "percent" | "count" | "bytes" | "ms" | "usd";

/**
 * The time that a value covers: the window; the latest report of the node's API or log, whenever that was; this month
 * according to its API; this month according to its API if it reports that, else the window at the given rates.
 */
export type Span = "window" | "latest" | "month" | "month-or-window";

/**
 * What all compared logs need before the metric may be compared: lines at DEBUG, started lines to compute durations,
 * times finer than a second, similar coverage of the window, known storage.
 */
export type Need = "debug-lines" | "durations" | "milliseconds" | "coverage" | "storage";

/**
 * How a difference in a metric is judged: as a share of a kind's operations, a quantile of the latencies, or their
 * mean.
 */
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

/** What a node does worse, or better, than another: "serves fewer of its downloads". */
interface Said {
  readonly worse: string;
  readonly better: string;
  /** The text before the difference: "p95 ", or nothing. */
  readonly what: string;
}

/** A metric, defined once: ranking, verdicts, formats, caveats and Prometheus text derive from it. */
export interface Metric<N extends string = string> {
  /** The name in JSON and CSV. */
  readonly name: N;
  /** The name shown to people, at most 18 columns wide. */
  readonly label: string;
  readonly unit: Unit;
  readonly span: Span;
  readonly lowerIsBetter: boolean;
  /** The name in Prometheus text, without its unit, if it has to differ; null: the same name. */
  readonly prometheusStem: string | null;
  /** The comparisons that show it. JSON and CSV have all metrics. */
  readonly types: readonly ComparisonType[];
  /** false if more is neither better nor worse. */
  readonly ranked: boolean;
  readonly needs: readonly Need[];
  /** null: the metric is ranked, but no verdict is given. */
  readonly question: Question | null;
  /** Its value for one node in the window; null if unknown. */
  of(measured: Measured): number | null;
}

type Told<N extends string> = Pick<Metric<N>, "name" | "label" | "unit" | "types" | "of"> &
  Partial<Pick<Metric, "lowerIsBetter" | "span" | "prometheusStem" | "ranked" | "needs" | "question">>;

/**
 * Makes a metric. By default it covers the window, is ranked with higher being better, needs nothing and is not judged.
 */
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
