import { expect, test } from "bun:test";
import type { Health } from "../../src/time/health.ts";
import { TimeMemory } from "../../src/time/memory.ts";
import { clockOverview } from "../../src/time/overview.ts";
import { timeTraces } from "../support/time/time-traces.ts";
import { memoryStore } from "../support/time/time-session.ts";

const KEPT = { runsKept: 100_000, samplesKept: 1 };
const NOW_MS = Date.UTC(2026, 10, 26, 12);

function history(
  measured: readonly {
    readonly atMs: number;
    readonly offsetS: number | null;
    readonly errorBoundS: number;
  }[],
  points: number,
) {
  using store = memoryStore();
  const memory = new TimeMemory(store);
  for (const { atMs, offsetS, errorBoundS } of measured)
    memory.record(
      timeTraces(offsetS === null ? null : atMs, {
        run: { startedAtMs: atMs, offsetS, errorBoundS, driftPpm: 10 },
      }),
      KEPT,
    );
  return clockOverview(store.db, { nowMs: NOW_MS, sinceMs: NOW_MS - 3_600_000, points }).history;
}

test("an hour of one measurement per second makes no more points than a chart shows, and an outlier widens its band", () => {
  const measured = Array.from({ length: 3_600 }, (_, second) => ({
    atMs: NOW_MS - 3_600_000 + second * 1_000,
    offsetS: second === 1_234 ? 5 : 0.001,
    errorBoundS: 0.002,
  }));
  const told = history(measured, 60);
  expect(told.length).toBe(60);
  expect(told.reduce((sum, { measurements }) => sum + measurements, 0)).toBe(3_600);
  expect(told.filter(({ offset_high_s: high }) => (high ?? 0) > 5)).toHaveLength(1);
  expect(told[0]).toMatchObject({ offset_s: 0.001, offset_low_s: -0.001, drift_ppm: 10 });
});

test("periods without measurements have no point, and failed ones no offset", () => {
  const told = history(
    [
      { atMs: NOW_MS - 3_500_000, offsetS: 0.5, errorBoundS: 0.25 },
      { atMs: NOW_MS - 60_000, offsetS: null, errorBoundS: 0 },
    ],
    60,
  );
  expect(told).toEqual([
    {
      at: new Date(NOW_MS - 3_500_000).toISOString(),
      measurements: 1,
      offset_s: 0.5,
      offset_low_s: 0.25,
      offset_high_s: 0.75,
      drift_ppm: 10,
    },
    {
      at: new Date(NOW_MS - 60_000).toISOString(),
      measurements: 1,
      offset_s: null,
      offset_low_s: null,
      offset_high_s: null,
      drift_ppm: 10,
    },
  ]);
});

test("what the machine guessed itself is no measurement: it neither hides an old one nor widens a chart", () => {
  using store = memoryStore();
  const memory = new TimeMemory(store);
  const measuredMs = NOW_MS - 3_000_000;
  memory.record(timeTraces(measuredMs, { run: { startedAtMs: measuredMs } }), KEPT);
  const guess = { source: "file", server: null, offsetS: 86_400, errorBoundS: 9e8 } as const;
  memory.record(timeTraces(null, { run: { startedAtMs: NOW_MS - 1_000, ...guess } }), KEPT);
  const {
    last,
    age_s: ageS,
    history: told,
  } = clockOverview(store.db, { nowMs: NOW_MS, sinceMs: 0, points: 1 });
  expect([last?.source, last?.offset_s, ageS]).toEqual(["ntp", 0.5, 3_000]);
  expect(told).toMatchObject([{ measurements: 2, offset_s: 0.5, offset_low_s: 0.49, offset_high_s: 0.51 }]);
});

test("of a pool's ever new addresses the store keeps the last ones, and the overview shows a few", () => {
  using store = memoryStore();
  const memory = new TimeMemory(store);
  const health = (index: number): Health => ({
    key: `192.0.2.${index}:123`,
    host: index % 2 === 0 ? "pool.example" : "ntp.example",
    queries: 1,
    answers: 1,
    failuresInRow: 0,
    delayMs: 10,
    lastSuccessMs: 1_000 + index,
    lastFailureMs: null,
    lastReason: null,
  });
  for (let index = 0; index < 2_000; index += 8) {
    const asked = Array.from({ length: 8 }, (_, at) => health(index + at));
    memory.record(timeTraces(1_000 + index, { health: asked }), KEPT);
  }
  const kept = [...memory.health().values()].map(({ lastSuccessMs }) => lastSuccessMs ?? 0);
  expect(kept.length).toBeWithin(256, 513);
  expect(Math.max(...kept)).toBe(2_999);
  const { servers } = clockOverview(store.db, { nowMs: NOW_MS, sinceMs: 0, points: 1 });
  expect(servers.map(({ host }) => host)).toEqual([
    ...Array.from({ length: 8 }, () => "ntp.example"),
    ...Array.from({ length: 8 }, () => "pool.example"),
  ]);
  expect(servers.every(({ last_success: success }) => Date.parse(success ?? "") >= 1_000 + 2_000 - 16)).toBe(
    true,
  );
});
