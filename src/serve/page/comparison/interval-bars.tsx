import { useSignal } from "@preact/signals";
import type { ComparisonAnswer, MetricTold } from "../api.ts";
import { type Seen, seenFrom, seenText, subjectOf } from "./seen.ts";

const WIDTH = 300;
const HEIGHT = 20;
const EDGE = 6;

interface Row {
  readonly verdict: ComparisonAnswer["verdicts"][number];
  readonly metric: MetricTold;
  readonly seen: Seen;
}

/** One interval on the common zero line, with better to the right; muted if the difference is not real. */
function Bar({ row: { verdict, metric, seen }, reach }: { row: Row; reach: number }) {
  if (seen.interval === null) return null;
  const sign = metric.lower_is_better ? -1 : 1;
  const x = (of: number): number => WIDTH / 2 + ((sign * of) / reach) * (WIDTH / 2 - EDGE);
  const [low, high] = seen.interval;
  return (
    <svg
      class={verdict.significant ? "interval-bar real" : "interval-bar"}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label={verdict.text}
    >
      <line class="zero" x1={WIDTH / 2} x2={WIDTH / 2} y1="0" y2={HEIGHT} />
      <line class="interval" x1={x(low)} x2={x(high)} y1={HEIGHT / 2} y2={HEIGHT / 2} />
      <circle cx={x(seen.value)} cy={HEIGHT / 2} r="4" />
    </svg>
  );
}

/** The farthest reach of any bar, by unit: shares differ in points, latencies in percent. */
function reachesOf(rows: readonly Row[]): ReadonlyMap<string, number> {
  const byUnit = Map.groupBy(rows, ({ metric }) => metric.unit);
  return new Map(
    [...byUnit].map(([unit, of]) => [
      unit,
      Math.max(1e-9, ...of.flatMap(({ seen }) => seen.interval ?? []).map(Math.abs)),
    ]),
  );
}

/** Further rows are shown on request. */
const ROWS_SHOWN = 12;

/** Every verdict as an interval, real differences first. */
export function IntervalBars({
  answer,
  metrics,
}: {
  answer: ComparisonAnswer;
  metrics: ReadonlyMap<string, MetricTold>;
}) {
  const showsAll = useSignal(false);
  const isPair = answer.nodes.length === 2;
  const subject = subjectOf(answer);
  const rows = answer.verdicts
    .toSorted((a, b) => Number(b.significant) - Number(a.significant))
    .flatMap((verdict): Row[] => {
      const metric = metrics.get(verdict.metric);
      if (metric === undefined) return [];
      return [{ verdict, metric, seen: seenFrom(verdict, isPair ? subject : verdict.nodes[0], metric) }];
    });
  if (rows.length === 0) return null;
  const reaches = reachesOf(rows);
  const shown = showsAll.value ? rows : rows.slice(0, ROWS_SHOWN);
  const other = answer.nodes.find(({ node_name: name }) => name !== subject)?.node_name;
  return (
    <>
      <table class="intervals">
        <caption>
          {isPair ? `${subject} against ${other}` : "Each node against the fleet's median"}: differences with
          their 95% intervals, shares in points, latencies in percent, each on its own scale
        </caption>
        <thead>
          <tr>
            <th scope="col">Metric</th>
            {isPair ? null : <th scope="col">Node</th>}
            <th scope="col" class="sides">
              <span>worse ←</span> <span>→ better</span>
            </th>
            <th scope="col">Difference</th>
          </tr>
        </thead>
        <tbody>
          {shown.map((row) => (
            <tr
              key={`${row.verdict.metric}\n${row.verdict.nodes.join("\n")}`}
              class={row.verdict.significant ? "" : "muted"}
            >
              <th scope="row">{row.metric.label}</th>
              {isPair ? null : <td>{row.verdict.nodes[0]}</td>}
              <td class="drawn">
                <Bar row={row} reach={reaches.get(row.metric.unit) ?? 1} />
              </td>
              <td>{seenText(row.seen, row.verdict, row.metric)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {shown.length === rows.length ? null : (
        <p>
          <button type="button" onClick={() => (showsAll.value = true)}>
            Show {rows.length - shown.length} more
          </button>
        </p>
      )}
    </>
  );
}
