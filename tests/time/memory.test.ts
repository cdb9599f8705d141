import { expect, test } from "bun:test";
import type { Health } from "../../src/time/health.ts";
import type { RunTraces } from "../../src/time/run-traces.ts";
import { TimeMemory } from "../../src/time/memory.ts";
import { memoryStore } from "../support/time/time-session.ts";
import { timeTraces } from "../support/time/time-traces.ts";

const KEPT = { runsKept: 3, samplesKept: 4 };

const HEALTH: Health = {
  key: "192.0.2.1:123",
  host: "ntp.example",
  queries: 3,
  answers: 2,
  failuresInRow: 1,
  delayMs: 12.5,
  lastSuccessMs: 1_000,
  lastFailureMs: null,
  lastReason: null,
};

test("recorded data is read back", () => {
  using store = memoryStore();
  const memory = new TimeMemory(store);
  expect([memory.lastGoodNs(), memory.savedMs(), memory.names(), memory.health().size]).toEqual([
    null,
    null,
    [],
    0,
  ]);
  const name = { host: "a", addresses: ["192.0.2.1", "::1"], ttlMs: 60_000, resolvedAtMs: 5 };
  memory.record(timeTraces(7_000, { health: [HEALTH], names: [name], savedMs: 8_000.4 }), KEPT);
  expect(memory.health()).toEqual(new Map([[HEALTH.key, HEALTH]]));
  expect(memory.names()).toEqual([name]);
  expect([memory.lastGoodNs(), memory.savedMs()]).toEqual([7_000_000_000n, 8_000]);
  memory.save(9_000);
  expect(memory.savedMs()).toBe(9_000);
});

test("the last good time is that of the newest run that had one", () => {
  using store = memoryStore();
  const memory = new TimeMemory(store);
  memory.record(timeTraces(9_000), KEPT);
  memory.record(timeTraces(5_000), KEPT);
  memory.record(timeTraces(null), KEPT);
  expect(memory.lastGoodNs()).toBe(5_000_000_000n);
});

test("samples are of one raw clock, exact to the nanosecond, oldest first; excess ones are deleted", () => {
  using store = memoryStore();
  const memory = new TimeMemory(store);
  const sample = (epoch: string, at: bigint): RunTraces["sample"] => {
    return { epoch, rawNs: at, offsetRawNs: 1_790_000_000_123_456_789n + at, errorNs: 7n };
  };
  for (const at of [1n, 2n, 3n]) memory.record(timeTraces(1, { sample: sample("boot", at) }), KEPT);
  memory.record(timeTraces(1, { sample: sample("other", 9n) }), KEPT);
  const told = (limit: number): bigint[] => memory.samples("boot", limit).map(({ rawNs }) => rawNs);
  expect([told(10), told(2)]).toEqual([
    [1n, 2n, 3n],
    [2n, 3n],
  ]);
  expect(memory.samples("boot", 1)).toEqual([
    { rawNs: 3n, offsetRawNs: 1_790_000_000_123_456_792n, errorNs: 7n },
  ]);
  memory.record(timeTraces(1, { sample: sample("boot", 4n) }), KEPT);
  expect(told(10)).toEqual([2n, 3n, 4n]);
  expect(store.db.query("SELECT count(*) AS n FROM time_runs").get()).toEqual({ n: 3 });
});
