import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { theme } from "../theme.ts";

interface Series {
  readonly label: string;
  readonly values: readonly (number | null)[];
  /** The number of its colour, 1 to 6. */
  readonly color: number;
}

export interface ChartData {
  /** Unix seconds, ascending. */
  readonly times: readonly number[];
  readonly series: readonly Series[];
  /** An interval around the first series: its lower and its upper edge. */
  readonly band: {
    readonly low: readonly (number | null)[];
    readonly high: readonly (number | null)[];
  } | null;
}

function token(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

const MOST_TICKS = 5;
/** What the times below and the room above take of a chart's height. */
const TIME_AXIS = 60;
const DAY_S = 86_400;

/** Moments on the axis: times within a day, dates beyond it. */
function timeTicks(ticks: readonly number[]): string[] {
  const span = (ticks.at(-1) ?? 0) - (ticks[0] ?? 0);
  const form: Intl.DateTimeFormatOptions =
    span > DAY_S
      ? { day: "numeric", month: "short" }
      : { hour: "2-digit", minute: "2-digit", ...(span < 600 ? { second: "2-digit" } : {}) };
  const text = new Intl.DateTimeFormat("en-GB", form);
  return ticks.map((tick) => text.format(new Date(tick * 1_000)));
}

function optionsOf(
  data: ChartData,
  size: { width: number; height: number },
  formatted: (value: number) => string,
  onCursor: (at: number | null) => void,
): uPlot.Options {
  const axis = {
    stroke: token("muted"),
    grid: { stroke: token("line"), width: 1 },
    ticks: { stroke: token("line"), width: 1 },
  };
  const bandSeries =
    data.band === null
      ? []
      : [
          { label: "low", stroke: "transparent" },
          { label: "high", stroke: "transparent" },
        ];
  const lines = data.series.map(({ label, color }) => ({
    label,
    stroke: token(`series-${color}`),
    width: 1.5,
    spanGaps: false,
    points: { show: data.times.length < 40 },
  }));
  const from = 1 + lines.length;
  return {
    ...size,
    legend: { show: false },
    cursor: { y: false, drag: { setScale: false } },
    hooks: { setCursor: [(plot) => onCursor(plot.cursor.idx ?? null)] },
    axes: [
      { ...axis, values: (_, ticks) => timeTicks(ticks) },
      {
        ...axis,
        size: 70,
        space: (size.height - TIME_AXIS) / MOST_TICKS,
        values: (_, ticks) => ticks.map(formatted),
      },
    ],
    series: [{}, ...lines, ...bandSeries],
    ...(data.band === null
      ? {}
      : { bands: [{ series: [from + 1, from] as [number, number], fill: token("band") }] }),
  };
}

function columns({ times, series, band }: ChartData): uPlot.AlignedData {
  const rest = [...series.map(({ values }) => values), ...(band === null ? [] : [band.low, band.high])];
  return [[...times], ...rest.map((values) => [...values])];
}

/** A line over time, what hovering over it reads in a line below, and the same data as a table. */
export function Chart({
  label,
  data,
  formatted,
}: {
  label: string;
  data: ChartData;
  formatted: (value: number) => string;
}) {
  const box = useRef<HTMLDivElement>(null);
  const cursor = useSignal<number | null>(null);
  const showsTable = useSignal(false);
  useEffect(() => {
    const element = box.current;
    if (element === null || showsTable.value) return undefined;
    const size = () => ({
      width: element.clientWidth,
      height: matchMedia("(max-width: 37.5rem)").matches ? 120 : 160,
    });
    const plot = new uPlot(
      optionsOf(data, size(), formatted, (at) => {
        cursor.value = at;
      }),
      columns(data),
      element,
    );
    const observer = new ResizeObserver(() => plot.setSize(size()));
    observer.observe(element);
    return () => {
      observer.disconnect();
      plot.destroy();
    };
  }, [data, theme.value, showsTable.value]);
  const move = (event: KeyboardEvent): void => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (step === 0) return;
    const last = data.times.length - 1;
    cursor.value = Math.max(0, Math.min(last, (cursor.value ?? last) + step));
  };
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const at = cursor.value;
  const time = (seconds: number): string => new Date(seconds * 1_000).toLocaleString("en-GB");
  const readOut =
    at === null
      ? `Times are ${zone}. Hover or use the arrow keys to read values.`
      : `${time(data.times[at] ?? 0)}: ${data.series
          .map(({ label: name, values }) => `${name} ${values[at] == null ? "–" : formatted(values[at])}`)
          .join(", ")}`;
  return (
    <figure class="chart">
      <figcaption>
        {label}
        <button type="button" class="plain" onClick={() => (showsTable.value = !showsTable.value)}>
          {showsTable.value ? "Chart" : "Table"}
        </button>
      </figcaption>
      {showsTable.value ? (
        <div class="scroll" tabIndex={0} role="region" aria-label={`${label}, as a table`}>
          <table>
            <caption>{label}</caption>
            <thead>
              <tr>
                <th scope="col">Time ({zone})</th>
                {data.series.map(({ label: name }) => (
                  <th key={name} scope="col" class="number">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {data.times.map((seconds, row) => (
                <tr key={seconds}>
                  <td data-label="Time">{time(seconds)}</td>
                  {data.series.map(({ label: name, values }) => (
                    <td key={name} data-label={name} class="number">
                      {values[row] == null ? "–" : formatted(values[row])}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      ) : (
        <>
          <div ref={box} class="plot" tabIndex={0} role="img" aria-label={label} onKeyDown={move} />
          <p class="read-out">{readOut}</p>
        </>
      )}
    </figure>
  );
}
