import { expect, test } from "bun:test";
import { patient } from "../../support/emulation.ts";
import { ntpServer } from "../../support/time/ntp.ts";
import { needs } from "../../support/programs.ts";
import { nodupe } from "../../support/run.ts";
import { withClockCalls } from "../../support/strace.ts";
import { nodupeTime, type TimeJson } from "../../support/time/time-result.ts";

needs("strace", "setpriv")(
  "--wait: again until the time is known, then the clock is set and the kernel told",
  async () => {
    let asked = 0;
    // The network comes up while it waits: nothing is heard of the first try.
    using late = await ntpServer({ offsetS: 12.5, lie: (answer) => ((asked += 1) > 3 ? answer : null) });
    const env = { NODUPE_TIME_RTC_DEVICE: "/dev/null" };
    // A process of another test may be called like a daemon that owns the clock.
    const args = ["time", "--json", "--wait", "--set", "--force", "--timeout", "600ms", "--db", ":memory:"];
    const run = await withClockCalls([...args, "--server", late.name], "retval=0", { env });
    const json = JSON.parse(run.stdout) as TimeJson;
    expect([run.exitCode, json.clock.action, json.clock.synchronised]).toEqual([0, "step", true]);
    expect(run.calls.map((call) => /modes=([^,]*)/.exec(call)?.[1])).toEqual([
      "ADJ_SETOFFSET|ADJ_NANO",
      "0",
      "ADJ_MAXERROR|ADJ_ESTERROR|ADJ_STATUS",
    ]);
  },
);

test("--wait-timeout: what is too vague is given with its bound, exit 4, and the clock is left", async () => {
  using vague = await ntpServer({ lie: (answer) => ({ ...answer, rootDispersion: 0x8000 }) });
  const args = [
    "--wait",
    "--wait-timeout",
    "2500ms",
    "--max-error",
    "200ms",
    "--set",
    "--force",
    "--server",
    vague.name,
  ];
  const started = performance.now();
  const { exitCode, json, stderr } = await nodupeTime(args);
  expect(performance.now() - started).toBeWithin(1_000, patient(4_000));
  expect([exitCode, json.source, json.clock.action]).toEqual([4, "ntp", "none"]);
  expect(json.error_bound_s).toBeWithin(0.5, 0.5 + patient(0.1));
  // At once, after a second, and no third time: two seconds more would be too late. On a busy machine the first may
  // take all the time, and what comes late is asked for again.
  const isBusy = patient(1) > 1;
  expect(vague.requests).toBeWithin(isBusy ? 1 : 2, isBusy ? 7 : 3);
  expect(stderr).toMatch(/the time is known to ± \d+\.\d+ ms; --max-error asks for ± 200\.000 ms/);
  const enough = await nodupeTime(["--wait", "--max-error", "700ms", "--server", vague.name]);
  expect(enough.exitCode).toBe(0);
});

test("--wait-timeout ends a try that is under way", async () => {
  using silent = await ntpServer({ lie: () => null });
  const started = performance.now();
  const { exitCode, json } = await nodupeTime(["--wait", "--wait-timeout", "700ms", "--server", silent.name]);
  expect([exitCode, json.source]).toEqual([4, null]);
  expect(performance.now() - started).toBeLessThan(patient(2_000));
});

test("what means nothing without --wait, or contradicts it, is refused", async () => {
  for (const args of [
    ["--max-error", "1s"],
    ["--wait-timeout", "1s"],
    ["--wait", "--watch"],
    ["--wait", "--offline"],
  ]) {
    const { exitCode, stdout } = await nodupe(["time", ...args]);
    expect([args, exitCode, stdout]).toEqual([args, 2, ""]);
  }
});
