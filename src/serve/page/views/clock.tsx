import { useMemo } from "preact/hooks";
import type { ClockOverview, ServerOverview } from "../../../time/overview.ts";
import { count, digits, ms, scaleOfSeconds, seconds } from "../format.ts";
import { Chart, type Format } from "../parts/chart.tsx";
import type { ChartData } from "../parts/chart-data.ts";
import { Choices } from "../parts/choices.tsx";
import { Empty, Failed } from "../parts/empty.tsx";
import { Ago, Figure, Mark } from "../parts/figures.tsx";
import { type Column, Table } from "../parts/table.tsx";
import { answerOf, go, place } from "../state.ts";
import { clockVerdict } from "./clock-verdict.ts";

const RANGES = [
  ["24", "24 h"],
  ["168", "7 d"],
  ["720", "30 d"],
] as const;

type Stretch = ClockOverview["history"][number];

function chartOf(
  history: readonly Stretch[],
  label: string,
  of: (stretch: Stretch) => number | null,
): ChartData {
  return {
    times: history.map(({ at }) => Date.parse(at) / 1_000),
    series: [{ label, values: history.map(of), color: 1 }],
    band: null,
  };
}

function offsetsOf({ history }: ClockOverview): ChartData {
  return {
    ...chartOf(history, "offset", ({ offset_s: offsetS }) => offsetS),
    band: {
      low: history.map(({ offset_low_s: lowS }) => lowS),
      high: history.map(({ offset_high_s: highS }) => highS),
    },
  };
}

const inSeconds: Format = (largest) => {
  const { unit, size } = scaleOfSeconds(largest);
  return (value) => ({ value: digits(value / size), unit });
};
const inPpm: Format = () => (value) => ({ value: digits(value), unit: "ppm" });

/** The reason if a server gives no usable answer; otherwise a word. */
function State({ of: { reason, last_success: success } }: { of: ServerOverview }) {
  if (reason === null)
    return success === null ? <Mark state="warn">not asked yet</Mark> : <Mark state="ok">ok</Mark>;
  const isThere = success !== null;
  return (
    <>
      <Mark state="bad">{isThere ? "refused" : "no answer"}</Mark> <span class="reason">{reason}</span>
    </>
  );
}

const SERVER_COLUMNS: readonly Column<ServerOverview>[] = [
  { name: "Server", cell: ({ host }) => host, sortBy: ({ host }) => host },
  { name: "State", cell: (server) => <State of={server} />, sortBy: ({ reason }) => reason },
  {
    name: "Delay",
    isNumber: true,
    cell: ({ delay_ms: delay }) => <Figure of={ms(delay)} />,
    sortBy: ({ delay_ms: delay }) => delay,
  },
  {
    name: "Answered",
    isNumber: true,
    cell: ({ answers, queries }) => (
      <>
        <Figure of={count(answers)} /> of <Figure of={count(queries)} />
      </>
    ),
    sortBy: ({ answers, queries }) => (queries === 0 ? null : answers / queries),
  },
  { name: "Last answer", cell: ({ last_success: success }) => <Ago at={success} /> },
  { name: "Address", cell: ({ address }) => <code>{address}</code> },
];

const VERDICTS = {
  right: ["ok", "The clock is right:"],
  off: ["warn", "The clock is off:"],
  unsure: ["warn", "The clock may be off:"],
} as const;
const SET: Readonly<Record<string, string>> = { step: " It was set.", slew: " It is being slewed." };

function Verdict({ last }: Pick<ClockOverview, "last">) {
  if (last === null) return null;
  const offsetS = last.offset_s ?? 0;
  const [state, words] = VERDICTS[clockVerdict(last)];
  return (
    <>
      <p class="verdict">
        <Mark state={state}>{words}</Mark> <Figure of={seconds(Math.abs(offsetS))} />{" "}
        {offsetS > 0 ? "slow" : "fast"}, ±
        <Figure of={seconds(last.error_bound_s)} />.{SET[last.action] ?? ""}
      </p>
      <p class="muted">
        Measured <Ago at={last.at} /> by {(last.source ?? "an unknown source").toUpperCase()}
        {last.server === null ? "" : ` from ${last.server}`},{" "}
        {last.authenticated ? "authenticated" : "not authenticated"}.
        {last.drift_ppm === null ? null : (
          <>
            {" "}
            By itself it {last.drift_ppm < 0 ? "gains" : "loses"}{" "}
            <Figure of={{ value: digits(Math.abs(last.drift_ppm)), unit: "ppm" }} />,{" "}
            <Figure of={seconds(Math.abs(last.drift_ppm) * 0.0864)} /> a day.
          </>
        )}
      </p>
    </>
  );
}

function Charts({ clock }: { clock: ClockOverview }) {
  const offsets = useMemo(() => offsetsOf(clock), [clock]);
  const drifts = useMemo(
    () => chartOf(clock.history, "drift", ({ drift_ppm: driftPpm }) => driftPpm),
    [clock],
  );
  const hasDrift = clock.history.filter(({ drift_ppm: driftPpm }) => driftPpm !== null).length >= 2;
  if (clock.history.length < 2)
    return <p class="muted">A chart needs two measurements or more in this range.</p>;
  return (
    <>
      <Chart label="Offset, with its bound" data={offsets} format={inSeconds} />
      {hasDrift ? <Chart label="Drift" data={drifts} format={inPpm} hint="" /> : null}
    </>
  );
}

/** The offset with its error bound, the drift, and the servers with the reason why each rejected one is. */
export function Clock() {
  const asked = place.value.query.get("hours");
  const hours = RANGES.find(([value]) => value === asked)?.[0] ?? "24";
  const { value: clock, error } = answerOf("/api/time", `?hours=${hours}`);
  if (clock === null) return error === null ? <p class="muted">Loading…</p> : <Failed error={error} />;
  if (clock.last === null)
    return (
      <Empty
        what="How far the clock is off, how certain that is, and what each time server says."
        command="nodupe time --watch --interval 64s"
      />
    );
  return (
    <>
      {error === null ? null : <Failed error={error} />}
      <Verdict last={clock.last} />
      <Choices
        label="How far back"
        options={RANGES}
        chosen={hours}
        onChoose={(value) => go("clock", { hours: value })}
      />
      <Charts clock={clock} />
      <Table
        caption="Time servers"
        columns={SERVER_COLUMNS}
        rows={clock.servers}
        keyOf={({ address }) => address}
      />
    </>
  );
}
