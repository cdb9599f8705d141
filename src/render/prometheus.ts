import type { Scrape } from "../board/scrape.ts";
import type { Metric, Span, Unit } from "../nodes/compare/metric.ts";
import { METRICS, type MetricName } from "../nodes/compare/registry.ts";

type Labels = Readonly<Record<string, string>>;

interface Sample {
  readonly labels: Labels;
  readonly value: number;
}

/** One metric with all its samples. Source: Prometheus, "Exposition formats", text format 0.0.4. */
interface Family {
  readonly name: string;
  readonly help: string;
  readonly samples: readonly Sample[];
}

/** Base units, as Prometheus recommends: the suffix of a name, and the divisor of its value. */
const UNITS: Readonly<Record<Unit, { readonly suffix: string; readonly divisor: number }>> = {
  percent: { suffix: "_ratio", divisor: 100 },
  ms: { suffix: "_seconds", divisor: 1_000 },
  bytes: { suffix: "_bytes", divisor: 1 },
  usd: { suffix: "_usd", divisor: 1 },
  count: { suffix: "", divisor: 1 },
};

/** The period of a metric, shown after its name in the help. */
const SPANS: Readonly<Record<Span, string>> = {
  window: "over the last 24 hours",
  latest: "as last reported by the node",
  month: "of this month, as last reported by its API",
  "month-or-window": "of this month by its API, else of the last 24 hours by the rates",
};

export function escapeLabel(text: string): string {
  return text.toWellFormed().replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
}

function sampleLine(name: string, { labels, value }: Sample): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escapeLabel(text)}"`);
  return `${name}${pairs.length === 0 ? "" : `{${pairs.join(",")}}`} ${value}`;
}

/** A metric of the registry in its base unit: the name ends in that unit and no other. */
function nodeFamily(
  { name, label, unit, span, prometheusStem }: Metric<MetricName>,
  nodes: Scrape["nodes"],
): Family {
  const { suffix, divisor } = UNITS[unit];
  const stem = prometheusStem ?? name.replace(new RegExp(`_${unit}$`), "");
  return {
    name: `nodupe_node_${stem}${suffix}`,
    help: `${label}, ${SPANS[span]}`,
    samples: nodes.flatMap(({ name: node, metrics }) => {
      const value = metrics[name];
      return value === null ? [] : [{ labels: { node }, value: value / divisor }];
    }),
  };
}

function known(labels: Labels, value: number | null): Sample[] {
  return value === null ? [] : [{ labels, value }];
}

function seconds(iso: string | null): number | null {
  return iso === null ? null : Date.parse(iso) / 1_000;
}

function timeFamilies({ last }: Scrape["time"]): Family[] {
  const labels = { source: last?.source ?? "" };
  return [
    {
      name: "nodupe_time_offset_seconds",
      help: "what was to be added to this clock when it was last measured",
      samples: known(labels, last?.offset_s ?? null),
    },
    {
      name: "nodupe_time_error_bound_seconds",
      help: "how far off that may be at most",
      samples: known(labels, last?.error_bound_s ?? null),
    },
    {
      name: "nodupe_time_measured_timestamp_seconds",
      help: "when the clock was last measured",
      samples: known({}, seconds(last?.at ?? null)),
    },
  ];
}

function syncFamilies({ destinations, last_success }: Scrape["sync"]): Family[] {
  return [
    {
      name: "nodupe_sync_contents",
      help: "contents by what became of them",
      samples: destinations.flatMap(({ url, pending, sending, done, failed }) =>
        Object.entries({ pending, sending, done, failed }).map(([state, value]) => ({
          labels: { destination: url, state },
          value,
        })),
      ),
    },
    {
      name: "nodupe_sync_server_up",
      help: "1 where a server accepted uploads when it was last needed, 0 where it did not",
      samples: destinations.map(({ url, breaker }) => ({
        labels: { destination: url },
        value: breaker.state === "closed" ? 1 : 0,
      })),
    },
    {
      name: "nodupe_sync_last_success_timestamp_seconds",
      help: "end of the last run that uploaded something",
      samples: known({}, seconds(last_success)),
    },
  ];
}

function fleetFamilies(fleet: Scrape["fleet"]): Family[] {
  return [
    {
      name: "nodupe_fleet_board_up",
      help: "1 where a board of the fleet answered last, 0 where it does not",
      samples: fleet.flatMap(({ url, state }) =>
        state === "unknown" ? [] : [{ labels: { board: url }, value: state === "reachable" ? 1 : 0 }],
      ),
    },
    {
      name: "nodupe_fleet_board_told_timestamp_seconds",
      help: "when a board of the fleet answered last",
      samples: fleet.flatMap(({ url, told }) => known({ board: url }, seconds(told))),
    },
  ];
}

/** What is in the store, as metric families; those without samples are omitted. */
export function familiesOf({ nodes, time, sync, store, fleet }: Scrape): readonly Family[] {
  const families: Family[] = [
    {
      name: "nodupe_build_info",
      help: "1, by the version that writes this",
      samples: [{ labels: { version: store.version }, value: 1 }],
    },
    {
      name: "nodupe_node_newest_line_timestamp_seconds",
      help: "the newest line that was ingested",
      samples: nodes.flatMap(({ name, newestMs }) =>
        known({ node: name }, newestMs === null ? null : newestMs / 1_000),
      ),
    },
    ...METRICS.map((metric) => nodeFamily(metric, nodes)),
    ...timeFamilies(time),
    ...syncFamilies(sync),
    ...fleetFamilies(fleet),
    {
      name: "nodupe_store_size_bytes",
      help: "the store with its write-ahead log",
      samples: [{ labels: {}, value: store.size_bytes }],
    },
    {
      name: "nodupe_store_free_bytes",
      help: "free on the file system of the store",
      samples: known({}, store.free_bytes),
    },
  ];
  return families.filter(({ samples }) => samples.length > 0);
}

export function prometheusText(scrape: Scrape): string {
  return familiesOf(scrape)
    .flatMap(({ name, help, samples }) => [
      `# HELP ${name} ${help}`,
      `# TYPE ${name} gauge`,
      ...samples.map((sample) => sampleLine(name, sample)),
    ])
    .join("\n");
}
