import { type HistogramFamily, histogramText } from "../render/histogram.ts";

/** Bucket bounds in seconds: from an answer out of memory to twenty nodes over a month on a small board. */
const BOUNDS_S = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10] as const;

interface Counts {
  readonly labels: Readonly<Record<string, string>>;
  readonly counts: number[];
  sumS: number;
}

/** A histogram of durations for each set of labels. Callers must keep the number of label sets small. */
class Durations {
  readonly #about: Pick<HistogramFamily, "name" | "help">;
  readonly #series = new Map<string, Counts>();

  constructor(about: Pick<HistogramFamily, "name" | "help">) {
    this.#about = about;
  }

  add(labels: Readonly<Record<string, string>>, seconds: number): void {
    const key = JSON.stringify(labels);
    let of = this.#series.get(key);
    if (of === undefined) {
      of = { labels, counts: Array.from({ length: BOUNDS_S.length + 1 }, () => 0), sumS: 0 };
      this.#series.set(key, of);
    }
    const found = BOUNDS_S.findIndex((bound) => seconds <= bound);
    const at = found < 0 ? BOUNDS_S.length : found;
    of.counts[at] = (of.counts[at] ?? 0) + 1;
    of.sumS += seconds;
  }

  text(): string | null {
    if (this.#series.size === 0) return null;
    const series = [...this.#series.values()].map((of) => ({ ...of, bounds: BOUNDS_S }));
    return histogramText({ ...this.#about, series });
  }
}

/** How long this server takes to answer requests and comparisons. */
export class ServeDurations {
  readonly #requests = new Durations({
    name: "nodupe_http_request_duration_seconds",
    help: "from a request to its answer, by path and status",
  });
  readonly #comparisons = new Durations({
    name: "nodupe_comparison_duration_seconds",
    help: "from a question to its answer; cached: out of memory; ahead: computed before it was asked",
  });

  /** `path` must be one of the server's own paths. */
  request(path: string, status: number, seconds: number): void {
    this.#requests.add({ path, status: `${status}` }, seconds);
  }

  comparison(how: "computed" | "cached" | "ahead", seconds: number): void {
    this.#comparisons.add({ how }, seconds);
  }

  /** Prometheus text; a family without samples is left out. */
  text(): string {
    return [this.#requests.text(), this.#comparisons.text()].filter((text) => text !== null).join("\n");
  }
}
