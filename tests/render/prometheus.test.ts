import { expect, test } from "bun:test";
import { METRICS, noMetrics } from "../../src/nodes/compare/registry.ts";
import type { Scrape } from "../../src/board/scrape.ts";
import { needs, promtoolSays } from "../support/programs.ts";
import { prometheusText } from "../../src/render/prometheus.ts";

/** A node with a value for every metric. */
const FULL = {
  name: "pi-1",
  newestMs: 1_759_780_423_000,
  metrics: { ...noMetrics(), ...Object.fromEntries(METRICS.map(({ name }, index) => [name, index + 0.5])) },
};

const SCRAPE: Scrape = {
  nodes: [FULL, { name: 'a\\"b\nc\ud800', newestMs: null, metrics: { ...noMetrics(), downloads: 3 } }],
  time: {
    last: {
      at: "2026-11-26T04:00:00.000Z",
      source: "ntp",
      server: "time.example",
      offset_s: -0.0012,
      error_bound_s: 0.02,
      drift_ppm: null,
      action: "none",
      authenticated: false,
    },
  },
  sync: {
    destinations: [
      {
        url: "https://api.example",
        pending: 1,
        sending: 0,
        done: 7,
        failed: 2,
        breaker: { state: "closed", since: null, open_s: null, reason: null, until: null },
      },
    ],
    failures: [],
    runs: [],
    watches: [],
    shares: [],
    last_success: null,
  },
  store: {
    path: "nodupe.db",
    size_bytes: 4_096,
    free_bytes: null,
    total_bytes: null,
    version: "1.2.3",
  },
  fleet: [
    {
      url: "https://attic.lan:8443",
      name: "attic",
      state: "unreachable",
      told: "2026-11-26T04:00:00.000Z",
      age_s: 60,
      unreachable_since: "2026-11-26T04:00:30.000Z",
      unreachable_s: 30,
      reason: "connection refused",
      version: "1.2.3",
      healthy: true,
      problems: [],
      clock: null,
      sync: null,
      nodes: [],
    },
  ],
};

needs("promtool")("promtool has no complaints", async () => {
  expect(await promtoolSays(`${prometheusText(SCRAPE)}\n`)).toEqual(["", 0]);
});

test("every metric of the registry has its family, in base units", () => {
  const lines = prometheusText(SCRAPE).split("\n");
  expect(lines.filter((line) => line.startsWith("nodupe_node_") && line.includes('"pi-1"'))).toHaveLength(
    METRICS.length + 1,
  );
  const indexOf = (name: string): number => METRICS.findIndex((told) => told.name === name) + 0.5;
  expect(lines).toContain(
    `nodupe_node_success_rate_download_ratio{node="pi-1"} ${indexOf("success_rate_download") / 100}`,
  );
  expect(lines).toContain(
    `nodupe_node_latency_resolution_seconds{node="pi-1"} ${indexOf("latency_resolution_ms") / 1_000}`,
  );
  expect(lines).toContain(`nodupe_node_download_bytes{node="pi-1"} ${indexOf("download_bytes")}`);
  expect(lines).toContain(`nodupe_node_held_usd{node="pi-1"} ${indexOf("held_usd")}`);
  expect(lines).toContain(`nodupe_node_total_earnings_usd{node="pi-1"} ${indexOf("total_earnings")}`);
});

test("labels are escaped, unknown values have no sample, and every name begins with nodupe_", () => {
  const lines = prometheusText(SCRAPE).split("\n");
  expect(lines).toContain('nodupe_node_downloads{node="a\\\\\\"b\\nc\ufffd"} 3');
  expect(lines.some((line) => /null|NaN|undefined|free_bytes|last_success/.test(line))).toBe(false);
  expect(lines.filter((line) => !/^(nodupe_|# (HELP|TYPE) nodupe_)/.test(line))).toEqual([]);
  expect(lines).toContain('nodupe_sync_contents{destination="https://api.example",state="failed"} 2');
  expect(lines).toContain('nodupe_time_offset_seconds{source="ntp"} -0.0012');
});

test("each family is declared once", () => {
  const types = prometheusText(SCRAPE)
    .split("\n")
    .filter((line) => line.startsWith("# TYPE"));
  expect(new Set(types).size).toBe(types.length);
});
