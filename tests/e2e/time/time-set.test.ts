import { expect } from "bun:test";
import { copyFileSync } from "node:fs";
import { clockOwner } from "../../../src/time/clock/clock-daemon.ts";
import { IS_EMULATED } from "../../support/emulation.ts";
import { ntpServer } from "../../support/time/ntp.ts";
import { needs, programPath } from "../../support/programs.ts";
import { type ClockCalls, withClockCalls } from "../../support/strace.ts";
import { tempFolder } from "../../support/temp.ts";
import type { TimeJson } from "../../support/time/time-result.ts";
import { until } from "../../support/until.ts";

// No test changes the clock of the machine: the calls that would are answered by strace.
const withStrace = needs("strace", "setpriv");

/** Without kernel stamps, as under emulation, a busy machine measures to a second at worst. */
const WIDE_SLEW = IS_EMULATED ? ["--step-threshold", "9s"] : [];

async function set(
  offsetS: number,
  args: readonly string[] = [],
  inject = "retval=0",
): Promise<ClockCalls & { readonly json: TimeJson }> {
  using server = await ntpServer({ offsetS });
  // An RTC would be told after a step: a device that is none keeps this machine's out of it.
  const env = { NODUPE_TIME_RTC_DEVICE: "/dev/null" };
  const run = await withClockCalls(
    ["time", "--json", "--set", "--db", ":memory:", "--server", server.name, ...args],
    inject,
    { env },
  );
  return { ...run, json: JSON.parse(run.stdout) as TimeJson };
}

/** As near to the true offset as the measurement itself says. */
function expectClose(foundS: number | null, trueS: number, { error_bound_s: boundS }: TimeJson): void {
  expect(Math.abs((foundS ?? Number.NaN) - trueS)).toBeLessThanOrEqual(boundS ?? 0);
}

withStrace("forward by 12.5 s: one step, to the nanosecond, and the RTC is tried", async () => {
  const { exitCode, json, calls } = await set(12.5);
  expect(exitCode).toBe(0);
  expect(json.clock).toMatchObject({ action: "step", refused: null });
  expectClose(json.clock.applied_s, 12.5, json);
  expect(json.clock.rtc).toBe("the RTC was not set: /dev/null: it is not a clock");
  // Then the kernel is told: its state read, and all but one bit of it written back.
  expect(calls).toHaveLength(3);
  expect(calls[1]).toMatch(/modes=0,/);
  expect(calls[2]).toContain("modes=ADJ_MAXERROR|ADJ_ESTERROR|ADJ_STATUS,");
  expect(calls[2]).toContain("status=0,");
  const [, maxError, estError] = /maxerror=(\d+), esterror=(\d+),/.exec(calls[2] ?? "") ?? [];
  expect(maxError).toBe(estError);
  expect(Number(maxError)).toBe(Math.floor((json.error_bound_s ?? 0) * 1e6) + 1);
  expect(json.clock.synchronised).toBe(true);
  const [, seconds, ns] =
    /clock_adjtime\(CLOCK_REALTIME, \{modes=ADJ_SETOFFSET\|ADJ_NANO.*time=\{tv_sec=(-?\d+), tv_usec=(\d+)\}/.exec(
      calls[0] ?? "",
    ) ?? [];
  expect(Number(seconds) + Number(ns) / 1e9).toBeCloseTo(json.clock.applied_s ?? 0, 8);
});

// Not further back: a server behind the build time would be taken for one 136 years ahead.
withStrace("back by 1.3 s: whole seconds below, nanoseconds above", async () => {
  const { exitCode, json, calls } = await set(-1.3);
  expect([exitCode, json.clock.action]).toEqual([0, "step"]);
  const [, seconds, ns] = /time=\{tv_sec=(-\d+), tv_usec=(\d{1,9})\}/.exec(calls.join("\n")) ?? [];
  expect(Number(seconds) + Number(ns) / 1e9).toBeCloseTo(json.clock.applied_s ?? 0, 8);
  expectClose(json.clock.applied_s, -1.3, json);
});

withStrace("below --step-threshold it is slewed, both ways", async () => {
  for (const offsetS of [0.2, -0.2]) {
    const { exitCode, json, calls } = await set(offsetS, WIDE_SLEW);
    expect([exitCode, json.clock.action, json.clock.rtc]).toEqual([0, "slew", null]);
    expectClose(json.clock.applied_s, offsetS, json);
    const us = Math.round((json.clock.applied_s ?? 0) * 1e6);
    expect(calls.join("\n")).toContain(`modes=ADJ_OFFSET_SINGLESHOT, offset=${us},`);
  }
});

withStrace("--step-threshold moves the border", async () => {
  const [offsetS, threshold, action] = IS_EMULATED ? [3, "9s", "slew"] : [0.3, "100ms", "step"];
  const { json } = await set(offsetS, ["--step-threshold", threshold]);
  expect(json.clock.action).toBe(action);
});

withStrace("beyond --max-step: refused with exit 1, both ways, and no call is made", async () => {
  for (const [offsetS, args] of [
    [2_000, []],
    [-1.5, ["--max-step", "1s"]],
    [20, ["--max-step", "10s"]],
  ] as const) {
    const { exitCode, json, stderr, calls } = await set(offsetS, args);
    expect([exitCode, json.clock.action, calls]).toEqual([1, "none", []]);
    expect(json.clock.refused).toMatch(/^the clock is off by .* more than .* allow it with --max-step$/);
    expect(stderr).toContain("the clock was not set: ");
    expectClose(json.offset_s, offsetS, json);
  }
});

withStrace("what is not known to within --max-step sets no clock", async () => {
  using vague = await ntpServer({ offsetS: 0.7, lie: (answer) => ({ ...answer, rootDispersion: 0x1_4000 }) });
  const args = ["--set", "--max-step", "1s", "--server", vague.name];
  const { exitCode, stderr, calls } = await withClockCalls(["time", "--db", ":memory:", ...args], "retval=0");
  expect([exitCode, calls]).toEqual([1, []]);
  expect(stderr).toContain(
    "the clock was not set: the time is not known to within 1 s; allow it with --max-step",
  );
});

withStrace("two servers of which one lies, at once: nothing is set", async () => {
  using liar = await ntpServer({ offsetS: IS_EMULATED ? 70 : 0.7 });
  using slow = await ntpServer({ delayMs: 320 });
  const servers = ["--server", liar.name, "--server", slow.name];
  const { exitCode, calls } = await withClockCalls(
    ["time", "--db", ":memory:", "--set", ...servers],
    "retval=0",
  );
  expect([exitCode, calls]).toEqual([4, []]);
});

withStrace("a server behind the build is refused: the clock is not set 136 years ahead", async () => {
  const years = 7 * 365.25 * 86_400;
  using past = await ntpServer({ offsetS: -years });
  const { exitCode, stderr, calls } = await withClockCalls(
    ["time", "--db", ":memory:", "--set", "--max-step", "9999d", "--server", past.name],
    "retval=0",
  );
  expect([exitCode, calls]).toEqual([4, []]);
  expect(stderr).toContain("the server gave no valid answer");
});

withStrace("EPERM: exit 5, and what grants the right", async () => {
  const { exitCode, json, stderr } = await set(12.5, [], "error=EPERM");
  expect([exitCode, json.clock.action, json.clock.applied_s]).toEqual([5, "none", null]);
  expect(stderr).toContain("CAP_SYS_TIME");
  expect(stderr).toContain("AmbientCapabilities=CAP_SYS_TIME");
});

withStrace("without --set no call is made at all", async () => {
  using server = await ntpServer({ offsetS: 12.5 });
  const { exitCode, calls } = await withClockCalls(
    ["time", "--db", ":memory:", "--server", server.name],
    "retval=0",
  );
  expect([exitCode, calls]).toEqual([0, []]);
});

withStrace("a daemon that owns the clock: refused by name, unless forced", async () => {
  using daemon = await ownerNamedNtpd();
  const refused = await set(12.5);
  expect([refused.exitCode, refused.calls]).toEqual([1, []]);
  expect(refused.json.clock.refused).toBe(
    `ntpd (process ${daemon.pid}) controls the clock; stop it, or set the clock anyway with --force`,
  );
  const forced = await set(12.5, ["--force"]);
  expect([forced.exitCode, forced.json.clock.action]).toEqual([0, "step"]);
});

/** A process that is called ntpd: /proc goes by the executable's name. */
async function ownerNamedNtpd(): Promise<Disposable & { readonly pid: number }> {
  const folder = tempFolder();
  const path = folder.file("ntpd");
  copyFileSync(programPath("sleep"), path);
  const child = Bun.spawn([path, "60"]);
  await until(() => clockOwner()?.pid === child.pid, "the process is called ntpd");
  return {
    pid: child.pid,
    [Symbol.dispose]: () => {
      child.kill();
      folder[Symbol.dispose]();
    },
  };
}
