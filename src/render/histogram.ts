import { escapeLabel } from "./prometheus.ts";

/** Durations counted by length: the data of a Prometheus histogram. */
interface DurationCounts {
  readonly labels: Readonly<Record<string, string>>;
  /** Upper bounds in seconds, ascending; one more count follows for everything beyond the last one. */
  readonly bounds: readonly number[];
  /** How many durations are above the previous bound and at most this one. */
  readonly counts: readonly number[];
  readonly sumS: number;
}

export interface HistogramFamily {
  readonly name: string;
  readonly help: string;
  readonly series: readonly DurationCounts[];
}

function labelText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escapeLabel(text)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

/** Source: Prometheus, "Exposition formats", text format 0.0.4: buckets are cumulative, and `+Inf` is the count. */
export function histogramText({ name, help, series }: HistogramFamily): string {
  const lines = [`# HELP ${name} ${help}`, `# TYPE ${name} histogram`];
  for (const { labels, bounds, counts, sumS } of series) {
    let below = 0;
    for (const [at, count] of counts.entries()) {
      below += count;
      const le = at < bounds.length ? `${bounds[at]}` : "+Inf";
      lines.push(`${name}_bucket${labelText({ ...labels, le })} ${below}`);
    }
    lines.push(`${name}_sum${labelText(labels)} ${sumS}`, `${name}_count${labelText(labels)} ${below}`);
  }
  return lines.join("\n");
}
