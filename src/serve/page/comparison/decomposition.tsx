import type { Why } from "../../../nodes/compare/explain.ts";
import type { MetricTold } from "../api.ts";
import { signed } from "../format.ts";

const WIDTH = 120;
const HEIGHT = 12;
/** The most parts shown for each difference. */
const PARTS_SHOWN = 6;
/** Parts that explain less of the difference than this are not shown. */
const LEAST_SHARE = 0.05;

function Part({
  of: { dimension, group, contribution },
  most,
  unit,
}: {
  of: Why["contributions"][number];
  most: number;
  unit: string;
}) {
  return (
    <tr>
      <th scope="row">
        {dimension} {group}
      </th>
      <td class="drawn">
        <svg class="part" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
          <rect x="0" y="0" width={(Math.abs(contribution) / most) * WIDTH} height={HEIGHT} />
        </svg>
      </td>
      <td class="number">
        {signed(contribution)} {unit}
      </td>
    </tr>
  );
}

/**
 * Where each real difference comes from: the parts that explain most of it, out of all dimensions of the operations.
 */
export function Decomposition({
  why,
  metrics,
}: {
  why: readonly Why[];
  metrics: ReadonlyMap<string, MetricTold>;
}) {
  const told = why.flatMap((one) => {
    const sizes = one.contributions.map(({ contribution }) => Math.abs(contribution));
    const most = Math.max(0, ...sizes);
    const parts = one.contributions
      .filter(({ contribution }) => Math.abs(contribution) >= most * LEAST_SHARE)
      .toSorted((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution))
      .slice(0, PARTS_SHOWN);
    return parts.length === 0 ? [] : [{ ...one, most, parts }];
  });
  if (told.length === 0) return null;
  return (
    <details class="decomposition">
      <summary>Where the differences come from</summary>
      <p class="muted">
        Each difference is divided four times: by satellite, by action, by size and by hour of the day (UTC).
        The parts of one division add up to the whole.
      </p>
      <div class="grid">
        {told.map(({ metric, worse, better, most, parts }) => (
          <table key={`${metric}\n${worse}\n${better}`} class="parts span-6">
            <caption>
              {metrics.get(metric)?.label ?? metric}: {worse} against {better}
            </caption>
            <tbody>
              {parts.map((part) => (
                <Part
                  key={`${part.dimension} ${part.group}`}
                  of={part}
                  most={most}
                  unit={metrics.get(metric)?.unit === "ms" ? "ms" : "points"}
                />
              ))}
            </tbody>
          </table>
        ))}
      </div>
    </details>
  );
}
