import { useSignal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import uPlot from "uplot";
import { escapeText } from "../../../lib/format/escape.ts";
import { textOf } from "../format.ts";
import { theme } from "../theme.ts";
import { apart, type ChartData, withGaps } from "./chart-data.ts";

/** How a chart formats its values: in the unit that fits the largest of them. */
export type Format = (
  largest: number,
) => (value: number) => { readonly value: string; readonly unit: string };

function token(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/** Ticks divide the height of a chart into at most this many parts: five ticks. */
const MOST_PARTS = 4;
const FONT = "13px system-ui, sans-serif";
const LINE_PX = 15;
/** The height of the time axis below a chart, and of the margin above it. */
const [TIMES_PX, TOP_PX] = [32, 8];
const LABEL_PX = 8;
const LEAST_VALUES_PX = 84;
const DAY_S = 86_400;

const HOURS: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit" };
const DATE = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });

/** Labels of the time axis: times within a day, otherwise dates with times in between. */
function timeTicks(ticks: readonly number[]): string[] {
  const span = (ticks.at(-1) ?? 0) - (ticks[0] ?? 0);
  const time = new Intl.DateTimeFormat("en-GB", { ...HOURS, ...(span < 600 ? { second: "2-digit" } : {}) });
  return ticks.map((tick) => {
    const date = new Date(tick * 1_000);
    const isMidnight = date.getHours() === 0 && date.getMinutes() === 0;
    return (span > DAY_S && isMidnight ? DATE : time).format(date);
  });
}

/** The largest share of a chart's width that the labels of its lines may take. */
const LABELS_SHARE = 0.3;

/** A label as it is drawn: cut where it would be wider than this. */
function fitted(label: string, mostPx: number): string {
  const shown = escapeText(label);
  if (widthOf([shown]) <= mostPx) return shown;
  const fits = (length: number): boolean => widthOf([`${shown.slice(0, length)}…`]) <= mostPx;
  let length = shown.length - 1;
  while (length > 1 && !fits(length)) length -= 1;
  return `${shown.slice(0, length)}…`;
}

/** Labels each line at its end, so that no legend is needed. `labels` has one for each line. */
function drawLabels(plot: uPlot, { series }: ChartData, labels: readonly string[]): void {
  const { ctx, bbox } = plot;
  const ratio = devicePixelRatio;
  const ends = series.flatMap(({ color, values }, at) => {
    const last = values.findLast((value) => value !== null);
    return last === undefined || last === null
      ? []
      : [{ label: labels[at] ?? "", color, y: plot.valToPos(last, "y", true) / ratio }];
  });
  const heights = apart(
    ends.map(({ y }) => y),
    LINE_PX,
    (bbox.top + bbox.height) / ratio,
  );
  ctx.save();
  ctx.font = FONT.replace(/^\d+/, (size) => String(Number(size) * ratio));
  ctx.textBaseline = "middle";
  ctx.textAlign = "left";
  for (const [at, { label, color }] of ends.entries()) {
    ctx.fillStyle = token(`series-${color}`);
    ctx.fillText(label, bbox.left + bbox.width + LABEL_PX * ratio, (heights[at] ?? 0) * ratio);
  }
  ctx.restore();
}

/** The width needed for labels at a side of the chart. */
function widthOf(labels: readonly string[]): number {
  const context = document.createElement("canvas").getContext("2d");
  if (context === null) return 0;
  context.font = FONT;
  return 2 * LABEL_PX + Math.ceil(Math.max(0, ...labels.map((label) => context.measureText(label).width)));
}

function optionsOf(
  data: ChartData,
  size: { width: number; height: number },
  format: Format,
  onCursor: (at: number | null) => void,
): uPlot.Options {
  const axis = {
    stroke: token("muted"),
    font: FONT,
    grid: { stroke: token("line"), width: 1 },
    ticks: { show: false },
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
    points: { show: data.times.length < 40, size: 4 },
  }));
  const from = 1 + lines.length;
  const isLabelled = lines.length > 1;
  const labels = lines.map(({ label }) => fitted(label, size.width * LABELS_SHARE));
  const right = isLabelled ? widthOf(labels) : LABEL_PX;
  return {
    ...size,
    padding: [TOP_PX, right, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { setScale: false }, points: { size: 6 } },
    hooks: {
      setCursor: [(plot) => onCursor(plot.cursor.idx ?? null)],
      draw: isLabelled ? [(plot) => drawLabels(plot, data, labels)] : [],
    },
    axes: [
      { ...axis, size: TIMES_PX, values: (_, ticks) => timeTicks(ticks) },
      {
        ...axis,
        // A minimum width, so that the charts of a view begin at the same place unless one needs more.
        size: (_, values) => Math.max(LEAST_VALUES_PX, widthOf(values ?? [])),
        space: (size.height - TIMES_PX - TOP_PX) / MOST_PARTS,
        values: (_, ticks) => {
          const written = format(Math.max(...ticks.map(Math.abs)));
          return ticks.map((tick) => textOf(written(tick)));
        },
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

function DataTable({ label, data, told }: { label: string; data: ChartData; told: ToldData }) {
  return (
    <div class="scroll chart-table" tabIndex={0} role="region" aria-label={`${label}, as a table`}>
      <table>
        <caption>{label}</caption>
        <thead>
          <tr>
            <th scope="col">Time ({ZONE})</th>
            {data.series.map(({ label: name }) => (
              <th key={name} scope="col" class="number">
                {name}
              </th>
            ))}
            {data.band === null ? null : (
              <th scope="col" class="number">
                from, to
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {data.times.map((seconds, row) => (
            <tr key={seconds}>
              <td data-label="Time">{told.time(row)}</td>
              {data.series.map(({ label: name, values }) => (
                <td key={name} data-label={name} class="number">
                  {told.value(values[row])}
                </td>
              ))}
              {data.band === null ? null : (
                <td data-label="from, to" class="number">
                  {told.value(data.band.low[row])}, {told.value(data.band.high[row])}
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;
const TIME = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" });

/** A chart's formatted times and values. */
interface ToldData {
  readonly time: (row: number) => string;
  readonly value: (value: number | null | undefined) => string;
}

function toldOf({ times, series, band }: ChartData, format: Format): ToldData {
  const all = [...series.flatMap(({ values }) => values), ...(band?.low ?? []), ...(band?.high ?? [])];
  const written = format(all.reduce<number>((most, value) => Math.max(most, Math.abs(value ?? 0)), 0));
  return {
    time: (row) => TIME.format(new Date((times[row] ?? 0) * 1_000)),
    value: (value) => (value === null || value === undefined ? "–" : textOf(written(value))),
  };
}

/** A chart's values at one time, as a line of text. */
function readOut({ series, band }: ChartData, told: ToldData, at: number): string {
  const values = series.map(({ label, values }) => `${label} ${told.value(values[at])}`);
  const interval = band === null ? [] : [`from ${told.value(band.low[at])} to ${told.value(band.high[at])}`];
  return `${told.time(at)}: ${[...values, ...interval].join(", ")}`;
}

/** A line chart over time, with a line of text below it for the selected time, and the same data as a table. */
export function Chart({
  label,
  data: given,
  format,
  hint = `Times are in ${ZONE}. Hover or use the arrow keys to read values.`,
}: {
  label: string;
  data: ChartData;
  format: Format;
  /** Shown below the chart until a time is selected. One hint is enough for several charts. */
  hint?: string;
}) {
  const data = useMemo(() => withGaps(given), [given]);
  const told = useMemo(() => toldOf(data, format), [data, format]);
  const box = useRef<HTMLDivElement>(null);
  const drawn = useRef<uPlot | null>(null);
  const cursor = useSignal<number | null>(null);
  const showsTable = useSignal(false);
  // Other lines need a new chart; new values do not.
  const form = `${data.series.map(({ label: name, color }) => `${name} ${color}`).join("\n")} ${data.band === null}`;
  useEffect(() => {
    const element = box.current;
    if (element === null || showsTable.value) return undefined;
    const size = () => ({
      width: element.clientWidth,
      height: matchMedia("(max-width: 37.5rem)").matches ? 120 : 160,
    });
    const options = optionsOf(data, size(), format, (at) => {
      cursor.value = at;
    });
    const plot = new uPlot(options, columns(data), element);
    drawn.current = plot;
    const observer = new ResizeObserver(() => plot.setSize(size()));
    observer.observe(element);
    return () => {
      drawn.current = null;
      observer.disconnect();
      plot.destroy();
    };
  }, [form, format, theme.value, showsTable.value]);
  useEffect(() => {
    drawn.current?.setData(columns(data));
  }, [data]);
  const last = data.times.length - 1;
  const at = cursor.value === null ? null : Math.min(cursor.value, last);
  const onKey = (event: KeyboardEvent): void => {
    const from = at ?? last;
    const to = { ArrowRight: from + 1, ArrowLeft: from - 1, Home: 0, End: last }[event.key];
    const plot = drawn.current;
    if (to === undefined || plot === null) return;
    event.preventDefault();
    const left = plot.valToPos(data.times[Math.max(0, Math.min(last, to))] ?? 0, "x");
    plot.setCursor({ left, top: 0 });
  };
  const said = at === null ? null : readOut(data, told, at);
  return (
    <figure class="chart">
      <figcaption>
        <span>{label}</span>
        <button type="button" class="plain" onClick={() => (showsTable.value = !showsTable.value)}>
          {showsTable.value ? "Chart" : "Table"}
        </button>
      </figcaption>
      {showsTable.value ? (
        <DataTable label={label} data={data} told={told} />
      ) : (
        <>
          <div
            ref={box}
            class="plot"
            tabIndex={0}
            role="slider"
            aria-label={`${label}: moment`}
            aria-orientation="horizontal"
            aria-valuemin={0}
            aria-valuemax={last}
            aria-valuenow={at ?? last}
            aria-valuetext={said ?? readOut(data, told, last)}
            onKeyDown={onKey}
          />
          <p class="read-out">{said ?? hint}</p>
        </>
      )}
    </figure>
  );
}
