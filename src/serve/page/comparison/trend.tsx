import { useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import type { ComparisonAnswer } from "../api.ts";
import { count, ms, percent, scaleOfSeconds } from "../format.ts";
import { Chart, type Format } from "../parts/chart.tsx";
import type { ChartData } from "../parts/chart-data.ts";
import { Choices } from "../parts/choices.tsx";

type Trend = keyof ComparisonAnswer["nodes"][number]["trend"];

const TRENDS = [
  ["success_rate_download", "Downloads served"],
  ["avg_latency_mean", "Mean latency"],
  ["total_operations", "Operations"],
] as const satisfies readonly (readonly [Trend, string])[];

const inMs: Format = (largest) => {
  const { unit, size } = scaleOfSeconds(largest / 1_000);
  return (value) => ({
    value: ms(value).unit === unit ? ms(value).value : String(value / 1_000 / size),
    unit,
  });
};

const FORMATS: Readonly<Record<Trend, Format>> = {
  success_rate_download: () => percent,
  avg_latency_mean: inMs,
  total_operations: () => count,
};

/** The most lines: one for each colour. */
const MOST_LINES = 6;

function chartOf(answer: ComparisonAnswer, trend: Trend, colorOf: (name: string) => number): ChartData {
  const series = answer.nodes
    .filter(({ error }) => error === null)
    .map(({ node_name: name, trend: trends }) => ({
      label: name,
      values: trends[trend],
      color: colorOf(name),
    }));
  const points = Math.max(0, ...series.map(({ values }) => values.length));
  const [fromS, untilS] = [Date.parse(answer.since) / 1_000, Date.parse(answer.until) / 1_000];
  const times = Array.from({ length: points }, (_, at) => fromS + ((at + 0.5) / points) * (untilS - fromS));
  return { times, series, band: null };
}

/** Charts of the picked nodes over the range. */
export function Trends({ answer, colorOf }: { answer: ComparisonAnswer; colorOf: (name: string) => number }) {
  const trend = useSignal<Trend>("success_rate_download");
  const data = useMemo(() => chartOf(answer, trend.value, colorOf), [answer, trend.value]);
  if (answer.nodes.length > MOST_LINES || data.times.length < 2) return null;
  const label = TRENDS.find(([name]) => name === trend.value)?.[1] ?? "";
  return (
    <>
      <Choices
        label="What to draw"
        options={TRENDS}
        chosen={trend.value}
        onChoose={(of) => (trend.value = of)}
      />
      <Chart
        key={trend.value}
        label={`${label}, over the range in twelve parts`}
        data={data}
        format={FORMATS[trend.value]}
      />
    </>
  );
}
