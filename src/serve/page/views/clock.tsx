import { useMemo } from "preact/hooks";
import type { ClockOverview, ServerOverview } from "../../../time/overview.ts";
import { count, digits, ms, seconds } from "../format.ts";
import { Chart, type ChartData } from "../parts/chart.tsx";
import { Empty, Failed } from "../parts/empty.tsx";
import { Ago, Figure, Mark } from "../parts/figures.tsx";
import { type Column, Table } from "../parts/table.tsx";
import { answerOf, go, place } from "../state.ts";

const RANGES: Readonly<Record<string, string>> = { "24": "24 h", "168": "7 d", "720": "30 d" };

function chartOf({ history }: ClockOverview): ChartData {
  const known = history.filter(({ offset_s: offsetS }) => offsetS !== null);
  return {
    times: known.map(({ at }) => Date.parse(at) / 1_000),
    series: [{ label: "offset", values: known.map(({ offset_s: offsetS }) => offsetS), color: 1 }],
    band: {
      low: known.map(({ offset_low_s: lowS }) => lowS),
      high: known.map(({ offset_high_s: highS }) => highS),
    },
  };
}

const SERVER_COLUMNS: readonly Column<ServerOverview>[] = [
  { name: "Server", cell: ({ host }) => host, sortBy: ({ host }) => host },
  { name: "Address", cell: ({ address }) => <code>{address}</code> },
  {
    name: "State",
    cell: ({ reason, last_success: success }) => {
      if (reason !== null) return <Mark state="bad">{reason}</Mark>;
      return success === null ? <Mark state="warn">no answer yet</Mark> : <Mark state="ok">answers</Mark>;
    },
    sortBy: ({ reason }) => reason,
  },
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
  { name: "Last", cell: ({ last_success: success }) => <Ago at={success} /> },
];

function Verdict({ clock }: { clock: ClockOverview }) {
  const { last } = clock;
  if (last === null) return null;
  const offsetS = Math.abs(last.offset_s ?? 0);
  const isRight = last.error_bound_s !== null && offsetS - last.error_bound_s <= 0.1;
  return (
    <p class="verdict">
      <Mark state={isRight ? "ok" : "warn"}>{isRight ? "The clock is right:" : "The clock is off:"}</Mark>{" "}
      <Figure of={seconds(offsetS)} /> {(last.offset_s ?? 0) > 0 ? "slow" : "fast"}, ±{" "}
      <Figure of={seconds(last.error_bound_s)} />
      {last.drift_ppm === null ? null : (
        <>
          ; it drifts by <Figure of={{ value: digits(last.drift_ppm), unit: "ppm" }} />
        </>
      )}
      .{" "}
      <span class="muted">
        By {last.source}
        {last.source === "nts" ? ", authenticated" : ", not authenticated"}, <Ago at={last.at} />.
      </span>
    </p>
  );
}

/** Offset with its bound, drift, and the servers with the reason for each that is refused. */
export function Clock() {
  const hours = place.value.query.get("hours") ?? "24";
  const { value: clock, error } = answerOf("/api/time", `?hours=${encodeURIComponent(hours)}`);
  const data = useMemo(() => (clock === null ? null : chartOf(clock)), [clock]);
  if (clock === null || data === null)
    return error === null ? <p class="muted">Loading…</p> : <Failed error={error} />;
  if (clock.last === null)
    return (
      <Empty
        what="How far the clock is off, how certain that is, and what each time server reports."
        command="nodupe time --watch --interval 64s"
      />
    );
  return (
    <>
      {error === null ? null : <Failed error={error} />}
      <Verdict clock={clock} />
      <div class="choices" role="group" aria-label="How far back">
        {Object.entries(RANGES).map(([value, text]) => (
          <button
            key={value}
            type="button"
            aria-pressed={value === hours}
            onClick={() => go("clock", { hours: value })}
          >
            {text}
          </button>
        ))}
      </div>
      {data.times.length < 2 ? (
        <p class="muted">A chart needs at least two measurements.</p>
      ) : (
        <Chart
          label="Offset of the clock, with its bound"
          data={data}
          formatted={(value) => Object.values(seconds(value)).join(" ")}
        />
      )}
      <Table
        caption="Time servers"
        columns={SERVER_COLUMNS}
        rows={clock.servers}
        keyOf={({ address }) => address}
      />
    </>
  );
}
