import type { ComparisonAnswer, MetricTold } from "../api.ts";
import { bytes, count, type Figure as FigureText, ms, percent, usd } from "../format.ts";
import { Figure } from "../parts/figures.tsx";

const FORMS: Readonly<Record<MetricTold["unit"], (value: number | null) => FigureText>> = {
  percent,
  count,
  bytes,
  ms,
  usd,
};

/** All figures of all nodes, on which the sentences are based. */
export function FiguresTable({
  answer,
  metrics,
}: {
  answer: ComparisonAnswer;
  metrics: readonly MetricTold[];
}) {
  return (
    <details>
      <summary>All figures</summary>
      <div class="scroll" tabIndex={0} role="region" aria-label="All figures">
        <table class="wide">
          <caption>All figures; bold where a node is really better</caption>
          <thead>
            <tr>
              <th scope="col">Metric</th>
              {answer.nodes.map(({ node_name: name }) => (
                <th key={name} scope="col" class="number">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {metrics.map(({ name: metric, label, unit }) => (
              <tr key={metric}>
                <th scope="row">{label}</th>
                {answer.nodes.map(({ node_name: name, metrics: values }) => {
                  const isBetter = answer.verdicts.some(
                    (verdict) => verdict.significant && verdict.metric === metric && verdict.better === name,
                  );
                  const figure = <Figure of={FORMS[unit](values[metric])} />;
                  return (
                    <td key={name} class="number">
                      {isBetter ? <strong>{figure}</strong> : figure}
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}
