import type { NodeResult } from "../../../nodes/compare/node-result.ts";
import { ms, textOf } from "../format.ts";

const WIDTH = 300;
const HEIGHT = 32;

interface Spread {
  readonly node: NodeResult;
  readonly classes: NonNullable<NodeResult["latency_distribution"]>;
}

/** The position of a number of milliseconds on the common axis, 0 to 1. */
type Place = (valueMs: number) => number;

/** The outline of a node's durations: the height is the share of operations, the horizontal position their duration. */
function outline({ classes }: Spread, place: Place, most: number): string {
  const height = (share: number): number => HEIGHT - (share / most) * (HEIGHT - 4);
  const points = classes.map(({ below_ms: belowMs, share_percent: share }, at) => {
    const before = classes[at - 1]?.below_ms ?? belowMs / 10 ** (1 / 8);
    return `${(place(Math.sqrt(belowMs * before)) * WIDTH).toFixed(1)} ${height(share).toFixed(1)}`;
  });
  const start = (place((classes[0]?.below_ms ?? 1) / 10 ** (1 / 8)) * WIDTH).toFixed(1);
  const end = (place(classes.at(-1)?.below_ms ?? 1) * WIDTH).toFixed(1);
  return `M${start} ${HEIGHT}L${points.join("L")}L${end} ${HEIGHT}Z`;
}

function Row({
  of,
  color,
  place,
  most,
  decades,
}: {
  of: Spread;
  color: number;
  place: Place;
  most: number;
  decades: readonly number[];
}) {
  const { node_name: name, metrics } = of.node;
  const [half, nearlyAll] = [metrics.avg_latency_p50, metrics.avg_latency_p95].map((value) =>
    textOf(ms(value)),
  );
  const median = metrics.avg_latency_p50;
  return (
    <tr class={`series-${color}`}>
      <th scope="row">{name}</th>
      <td class="drawn">
        <svg
          class="spread"
          viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
          preserveAspectRatio="none"
          role="img"
          aria-label={`${name}: half of its operations took less than ${half}, 95% less than ${nearlyAll}`}
        >
          {decades.map((decade) => (
            <line
              key={decade}
              class="decade"
              x1={place(decade) * WIDTH}
              x2={place(decade) * WIDTH}
              y1="0"
              y2={HEIGHT}
            />
          ))}
          <path d={outline(of, place, most)} />
          {median === null ? null : (
            <line class="median" x1={place(median) * WIDTH} x2={place(median) * WIDTH} y1="0" y2={HEIGHT} />
          )}
        </svg>
      </td>
      <td class="number">{half}</td>
      <td class="number">{nearlyAll}</td>
    </tr>
  );
}

/** The distribution of each node's durations, on one axis. Shows shapes that quantiles hide, such as a second peak. */
export function Distribution({
  nodes,
  colorOf,
}: {
  nodes: readonly NodeResult[];
  colorOf: (name: string) => number;
}) {
  const spreads = nodes.flatMap((node) =>
    node.latency_distribution === null ? [] : [{ node, classes: node.latency_distribution }],
  );
  if (spreads.length === 0) return null;
  const belows = spreads.flatMap(({ classes }) => classes.map(({ below_ms: belowMs }) => belowMs));
  const [least, longest] = [Math.min(...belows) / 10 ** (1 / 8), Math.max(...belows)];
  const place: Place = (valueMs) => Math.log(Math.max(least, valueMs) / least) / Math.log(longest / least);
  const most = Math.max(
    ...spreads.flatMap(({ classes }) => classes.map(({ share_percent: share }) => share)),
  );
  const decades = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000].filter(
    (decade) => decade > least && decade < longest,
  );
  return (
    <table class="spreads">
      <caption>How long operations took, on a scale of tenfold steps; the line is the median</caption>
      <thead>
        <tr>
          <th scope="col">Node</th>
          <th scope="col" class="axis">
            <span class="hidden">Distribution</span>
            {decades.map((decade) => (
              <span key={decade} class="tick" style={{ left: `${place(decade) * 100}%` }}>
                {textOf(ms(decade))}
              </span>
            ))}
          </th>
          <th scope="col" class="number">
            p50
          </th>
          <th scope="col" class="number">
            p95
          </th>
        </tr>
      </thead>
      <tbody>
        {spreads.map((of) => (
          <Row
            key={of.node.node_name}
            of={of}
            color={colorOf(of.node.node_name)}
            place={place}
            most={most}
            decades={decades}
          />
        ))}
      </tbody>
    </table>
  );
}
