import { expect, test } from "bun:test";
import type { Store } from "../../src/db/open.ts";
import { CLOCK_UNTOUCHED, type TimeResult } from "../../src/time/result.ts";
import { patient } from "../support/emulation.ts";
import { type NtpServer, ntpServer } from "../support/time/ntp.ts";
import { memoryStore, sessionOn, settingsFor } from "../support/time/time-session.ts";

const YEAR_S = 365.25 * 86_400;

/** A run in its own process: it measures and records what it learned. */
async function run(store: Store, servers: readonly NtpServer[], change = {}): Promise<TimeResult> {
  using session = sessionOn(store, settingsFor(servers, change));
  const { result, obtained } = await session.measure();
  session.record(result, obtained, CLOCK_UNTOUCHED);
  return result;
}

/** The time that a later run without a network takes from the store, in seconds from now. */
async function offlineS(store: Store): Promise<number> {
  const { source, offsetNs } = await run(store, [], { offline: true, localSource: ["file", "monotonic"] });
  return source === "file" ? Number(offsetNs) / 1e9 : Number.NaN;
}

test("the last good time is that of the newest run: one far ahead is corrected by the next", async () => {
  using store = memoryStore();
  using ahead = await ntpServer({ offsetS: 10 * YEAR_S });
  using good = await ntpServer({ offsetS: 3 });
  await run(store, [ahead]);
  expect(Math.abs((await offlineS(store)) - 10 * YEAR_S)).toBeLessThan(5);
  await run(store, [good]);
  expect(Math.abs((await offlineS(store)) - 3)).toBeLessThan(2);
});

test("a time beyond the horizon is not a last good time, and the saved clock is kept", async () => {
  using store = memoryStore();
  using good = await ntpServer({ offsetS: 3 });
  using beyond = await ntpServer({ offsetS: 45 * YEAR_S });
  await run(store, [good]);
  expect((await run(store, [beyond])).source).toBe("ntp");
  expect(Math.abs((await offlineS(store)) - 3)).toBeLessThan(2);
});

test("a server that is behind the build is refused and leaves no trace", async () => {
  using store = memoryStore();
  using past = await ntpServer({ offsetS: -7 * YEAR_S });
  const { source, reports } = await run(store, [past]);
  expect([source, reports[0]?.status]).toEqual([null, "invalid"]);
  expect(reports[0]?.reason).toMatch(/^its time, \d{4}-\d\d-\d\d, is before this program was built$/);
  expect(store.db.query("SELECT true_at_ms AS at FROM time_runs").get()).toEqual({ at: null });
});

test("servers cut off by an early end have not failed, however often it happens", async () => {
  using store = memoryStore();
  using stack = new DisposableStack();
  const quick = await Promise.all([1, 2, 3, 4].map(async () => stack.use(await ntpServer({ delayMs: 5 }))));
  const slow = await Promise.all([1, 2, 3].map(async () => stack.use(await ntpServer({ delayMs: 500 }))));
  // A busy machine may wait for one of the slow ones: only rounds without them count.
  for (let early = 0; early < 4;) {
    const { reports } = await run(store, [...quick, ...slow]);
    if (reports.slice(4).every(({ status }) => status === "not_needed")) early += 1;
  }
  const failed = store.db.query("SELECT count(*) AS n FROM time_servers WHERE failures_in_row > 0").get();
  expect(failed).toEqual({ n: 0 });
});

test("with a fresh store, all --samples are taken from each server that is needed", async () => {
  using store = memoryStore();
  using stack = new DisposableStack();
  const servers = await Promise.all([1, 2, 3].map(async () => stack.use(await ntpServer({ delayMs: 2 }))));
  const { reports } = await run(store, servers, { samples: 5 });
  // What comes late on a busy machine is asked for again; each sample has one answer.
  for (const { requests } of servers) expect(requests).toBeGreaterThanOrEqual(5);
  expect(store.db.query("SELECT answers FROM time_servers").all()).toEqual(Array(3).fill({ answers: 5 }));
  for (const { jitterNs } of reports) expect(jitterNs).not.toBeNull();
});

test("the clock is saved separately from confirmed time, and only moves on", async () => {
  using store = memoryStore();
  const saved = (): number =>
    store.db.query<{ at: number }, []>("SELECT at_ms AS at FROM time_saved").get()?.at ?? 0;
  await run(store, [], { offline: true, localSource: ["build"] });
  const first = saved();
  expect(Math.abs(first - Date.now())).toBeLessThan(patient(5_000));
  expect(store.db.query("SELECT true_at_ms AS at FROM time_runs").get()).toEqual({ at: null });
  // At some point the clock was an hour ahead: that has been seen and must not be forgotten by itself.
  store.db.run("UPDATE time_saved SET at_ms = ?", [Date.now() + 3_600_000]);
  const ahead = saved();
  using session = sessionOn(store, settingsFor([], { offline: true }));
  const { result, obtained } = await session.measure();
  session.record(result, obtained, CLOCK_UNTOUCHED);
  session.saveClock();
  expect(saved()).toBe(ahead);
  // Time confirmed by servers corrects it.
  using good = await ntpServer();
  await run(store, [good]);
  expect(Math.abs(saved() - Date.now())).toBeLessThan(patient(5_000));
});

test("a store that another process keeps busy holds a command up for less than the second that it may take", async () => {
  using store = memoryStore();
  using server = await ntpServer();
  await run(store, [server]);
  const { timeout } = store.db.query<{ timeout: number }, []>("PRAGMA busy_timeout").get() ?? {
    timeout: NaN,
  };
  expect(timeout).toBeWithin(1, 500);
});
