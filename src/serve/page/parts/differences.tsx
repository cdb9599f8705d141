import type { Answers, ComparisonAnswer } from "../api.ts";
import { digits } from "../format.ts";
import { answerOf } from "../state.ts";
import { Mark } from "./figures.tsx";

type Metric = Answers["/api/metrics"]["metrics"][number];
type Verdict = ComparisonAnswer["verdicts"][number];

const WIDTH = 300;
const HEIGHT = 20;

/** The largest distance from zero that any interval reaches: bars of one unit share a scale. */
function reachOf(verdicts: readonly Verdict[]): number {
  const edges = verdicts.flatMap(({ interval }) => (interval === null ? [] : interval.map(Math.abs)));
  return Math.max(1e-9, ...edges);
}

/** One interval on a zero line, worse to the left; muted where the difference is not real. */
function Bar({ verdict, reach, isFlipped }: { verdict: Verdict; reach: number; isFlipped: boolean }) {
  const { interval, significant, text } = verdict;
  if (interval === null) return null;
  const sign = isFlipped ? -1 : 1;
  const x = (value: number): number => WIDTH / 2 + ((sign * value) / reach) * (WIDTH / 2 - 4);
  const [low, high] = interval;
  return (
    <svg
      class={significant ? "bar real" : "bar"}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label={text}
    >
      <line x1={WIDTH / 2} x2={WIDTH / 2} y1="0" y2={HEIGHT} stroke="var(--muted)" />
      <line x1={x(low)} x2={x(high)} y1={HEIGHT / 2} y2={HEIGHT / 2} stroke="currentColor" stroke-width="3" />
      <circle cx={x(verdict.difference ?? (low + high) / 2)} cy={HEIGHT / 2} r="4" fill="currentColor" />
    </svg>
  );
}

/** A real difference in figures, behind the sentence above: shares differ by points, all else by percent. */
function figuresOf({ difference, interval, text }: Verdict, unit: string): string {
  if (difference === null || interval === null) return text;
  const signed = (value: number): string => `${value > 0 ? "+" : ""}${digits(Number(value.toFixed(1)))}`;
  const [low, high] = interval;
  return `${signed(difference)}${unit === "percent" ? " points" : "%"}, ${signed(low)} to ${signed(high)}`;
}

function csvOf({ nodes }: ComparisonAnswer): string {
  const metrics = Object.keys(nodes[0]?.metrics ?? {});
  const cell = (text: string): string => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const rows = metrics.map((metric) => [metric, ...nodes.map((node) => String(node.metrics[metric] ?? ""))]);
  return [["metric", ...nodes.map(({ node_name: name }) => name)], ...rows]
    .map((row) => row.map(cell).join(","))
    .join("\n");
}

function download(text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = "comparison.csv";
  link.click();
  URL.revokeObjectURL(url);
}

/** Sentences first, then the intervals they rest on, then where the difference comes from. */
export function Differences({ answer, range }: { answer: ComparisonAnswer; range: string }) {
  const real = answer.verdicts.filter(({ significant }) => significant);
  const others = answer.verdicts.filter(({ significant }) => !significant);
  const metrics = answerOf("/api/metrics").value?.metrics ?? [];
  const told = (name: string): Metric | undefined => metrics.find((metric) => metric.name === name);
  const labelOf = (name: string): string => told(name)?.label ?? name;
  const unitOf = (name: string): string => told(name)?.unit ?? "";
  const reaches = new Map(
    [...Map.groupBy(answer.verdicts, ({ metric }) => unitOf(metric))].map(([unit, of]) => [
      unit,
      reachOf(of),
    ]),
  );
  const whyOf = ({ metric, worse }: Verdict): string => {
    const why = answer.why.find((known) => known.metric === metric && known.worse === worse);
    if (why === undefined) return "";
    const { mostly } = why;
    return mostly === null ? "Evenly spread." : `Mostly ${mostly.dimension} ${mostly.group}.`;
  };
  const missing = answer.nodes.filter(({ error }) => error !== null);
  return (
    <>
      <ul class="verdicts">
        {real.length === 0 ? (
          <li>
            <Mark state="ok">No real difference over {range}.</Mark>
          </li>
        ) : (
          real.map((verdict) => (
            <li key={`${verdict.metric} ${verdict.worse}`}>
              <Mark state="warn">{verdict.text}.</Mark> {whyOf(verdict)}
            </li>
          ))
        )}
        {missing.map(({ node_name: name, error }) => (
          <li key={name}>
            <Mark state="bad">
              {name}: {error}
            </Mark>
          </li>
        ))}
      </ul>
      <table class="intervals">
        <caption>
          Differences with their 95% intervals, points and percent each to their own scale:{" "}
          <span aria-hidden="true">worse ← → better</span>
        </caption>
        <tbody>
          {[...real, ...others].map((verdict) => (
            <tr
              key={`${verdict.metric} ${verdict.worse} ${verdict.better}`}
              class={verdict.significant ? "" : "muted"}
            >
              <th scope="row">{labelOf(verdict.metric)}</th>
              <td>
                <Bar
                  verdict={verdict}
                  reach={reaches.get(unitOf(verdict.metric)) ?? 1}
                  isFlipped={told(verdict.metric)?.lower_is_better === true}
                />
              </td>
              <td>{verdict.significant ? figuresOf(verdict, unitOf(verdict.metric)) : verdict.text}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <button type="button" onClick={() => download(csvOf(answer))}>
        Download as CSV
      </button>
    </>
  );
}
