import type { Scrape } from "../../src/board/scrape.ts";
import { METRICS, type MetricName, type Metrics } from "../../src/nodes/compare/registry.ts";
import { familiesOf } from "../../src/render/prometheus.ts";
import { ServeDurations } from "../../src/serve/durations.ts";

/** A store of which everything is known, so that no metric is left out. */
const WHOLE: Scrape = {
  time: {
    last: {
      at: "2026-01-01T00:00:00.000Z",
      source: "ntp",
      authenticated: false,
      server: "ntp.example",
      offset_s: 1,
      error_bound_s: 1,
      drift_ppm: 1,
      action: "none",
    },
  },
  sync: {
    destinations: [{ url: "https://tanova.ai", pending: 1, sending: 1, done: 1, failed: 1 }],
    failures: [],
    runs: [],
    watches: [],
    shares: [],
    last_success: "2026-01-01T00:00:00.000Z",
  },
  nodes: [
    {
      name: "pi-1",
      newestMs: 1,
      metrics: Object.fromEntries(METRICS.map(({ name }): [MetricName, number] => [name, 1])) as Metrics,
    },
  ],
  store: { path: "", size_bytes: 1, free_bytes: 1, total_bytes: 1, version: "1" },
  fleet: [
    {
      url: "https://attic.lan:8443",
      name: "attic",
      state: "reachable",
      told: "2026-01-01T00:00:00.000Z",
      age_s: 1,
      unreachable_since: null,
      unreachable_s: null,
      reason: null,
      version: "1",
      healthy: true,
      problems: [],
      clock: null,
      sync: null,
      nodes: [],
    },
  ],
};

export interface FamilyNote {
  readonly name: string;
  readonly type: string;
  readonly labels: readonly string[];
  readonly help: string;
}

/** Of `nodupe serve` alone: how long it took, from a server that was asked once for each. */
function servedFamilies(): readonly FamilyNote[] {
  const durations = new ServeDurations();
  durations.request("/health", 200, 0);
  durations.comparison("computed", 0);
  const text = durations.text();
  return [...text.matchAll(/^# HELP (\S+) (.*)\n# TYPE \S+ (\w+)$/gm)].map(
    ([, name = "", help = "", type = ""]) => {
      const labels = new RegExp(`^${name}_count\\{(.*)\\}`, "m").exec(text)?.[1] ?? "";
      const names = [...labels.matchAll(/(\w+)="/g)].map((match) => match[1] ?? "");
      return { name, type, labels: names, help: `${help} (nodupe serve)` };
    },
  );
}

/** Every metric of the Prometheus text, with the labels of its samples. */
export function metricFamilies(): readonly FamilyNote[] {
  const stored = familiesOf(WHOLE).map(({ name, help, samples }) => ({
    name,
    type: "gauge",
    labels: [...new Set(samples.flatMap(({ labels }) => Object.keys(labels)))],
    help,
  }));
  return [...stored, ...servedFamilies()];
}
