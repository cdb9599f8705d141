import type { storeOptions } from "../db/options.ts";
import type { timeOptions } from "../time/options.ts";
import { BUILD_TIME_S } from "../lib/version.ts";
import { wait } from "../lib/wait.ts";
import { type TimeReport, timeJson, timeText, watchText } from "../render/time.ts";
import { CLOCK_UNTOUCHED, type ClockOutcome, type TimeResult } from "../time/result.ts";
import type { TimeSession } from "../time/session.ts";
import { systemClock } from "../time/clock/system-clock.ts";
import { WATCH_START, watchStep } from "../time/watch.ts";
import type { ExitCode, Invocation } from "./command.ts";
import { openSession, recordRun } from "./time-session.ts";

type TimeInvocation = Invocation<{ time: typeof timeOptions; store: typeof storeOptions }>;

const clock = systemClock();

function trueNow(result: TimeResult): bigint | null {
  return result.offsetRawNs === null ? null : clock.rawNs() + result.offsetRawNs;
}

function offsetS(result: TimeResult): number | null {
  return result.offsetNs === null ? null : Number(result.offsetNs) / 1e9;
}

/** Sources that say only that the time is not before something cannot say that a clock is right. */
function tellsTheTime({ source }: TimeResult): boolean {
  return source === "ntp" || source === "nts" || source === "https" || source === "rtc";
}

/** The exit code of one measurement, and what to say of it on stderr. */
function ending(
  result: TimeResult,
  clockOutcome: ClockOutcome,
  options: TimeInvocation["options"]["time"],
): { readonly code: ExitCode; readonly line: string | null } {
  const offset = offsetS(result);
  if (result.source === null) return { code: 4, line: result.note ?? "no time source answered" };
  if (clockOutcome.refusal !== null) {
    const { kind, reason } = clockOutcome.refusal;
    return { code: kind === "not-permitted" ? 5 : 1, line: `the clock was not set: ${reason}` };
  }
  if (!options.check) return { code: 0, line: null };
  const allowed = options.maxOffset / 1_000;
  if (offset === null || !tellsTheTime(result)) {
    return {
      code: 3,
      line: `the source ${result.source} cannot tell whether the clock is within ${allowed} s`,
    };
  }
  if (Math.abs(offset) <= allowed) return { code: 0, line: null };
  return { code: 3, line: `the clock is off by ${offset} s, more than ${allowed} s` };
}

async function setClock(
  result: TimeResult,
  options: TimeInvocation["options"]["time"],
): Promise<ClockOutcome> {
  if (!options.set || result.source === null) return CLOCK_UNTOUCHED;
  const { applyToClock } = await import("../time/clock/set-clock.ts");
  return applyToClock(result, { ...options, buildTimeS: BUILD_TIME_S, clock });
}

async function measureOnce(session: TimeSession, invocation: TimeInvocation): Promise<ExitCode> {
  const { terminal, signal, options } = invocation;
  const { result, obtained } = await session.measure();
  const clockOutcome = signal.aborted ? CLOCK_UNTOUCHED : await setClock(result, options.time);
  const report: TimeReport = { result, clock: clockOutcome, trueNs: trueNow(result) };
  if (terminal.json) await terminal.resultJson(timeJson(report));
  else if (result.source !== null || !signal.aborted) await terminal.result(timeText(report));
  if (!signal.aborted) recordRun(session, terminal, { result, obtained, clockOutcome });
  const { code, line } = ending(result, clockOutcome, options.time);
  if (line !== null && !signal.aborted) terminal.error(line);
  return code;
}

async function watch(session: TimeSession, invocation: TimeInvocation): Promise<ExitCode> {
  const { terminal, signal, options } = invocation;
  const { maxOffset, interval, check } = options.time;
  let state = WATCH_START;
  for (;;) {
    const startedAt = performance.now();
    const { result, obtained } = await session.measure();
    if (signal.aborted) return 0;
    const clockOutcome = await setClock(result, options.time);
    const servers = obtained.servers === null ? null : { asked: result.asked, answered: result.answered };
    const step = watchStep(state, { offsetS: offsetS(result), servers }, maxOffset / 1_000);
    state = step.state;
    const report: TimeReport = {
      result,
      clock: clockOutcome,
      trueNs: trueNow(result),
      meanOffsetS: state.meanOffsetS,
    };
    if (terminal.json) await terminal.resultJson(timeJson(report));
    else await terminal.result(watchText(report));
    recordRun(session, terminal, { result, obtained, clockOutcome });
    if (clockOutcome.refusal !== null) terminal.warn(`the clock was not set: ${clockOutcome.refusal.reason}`);
    for (const alert of step.alerts) terminal.warn(`alert: ${alert}`);
    if (check && step.alerts.length > 0) return 3;
    await session.refreshNames(interval * 1.5);
    if (!(await wait(Math.max(0, interval - (performance.now() - startedAt)), signal))) return 0;
  }
}

/** `nodupe time`, from its options to its exit code. */
export async function runTime(invocation: TimeInvocation): Promise<ExitCode> {
  const { options, origins } = invocation;
  const namedByFlag = origins.time.server.source === "flag";
  const asked = { settings: options.time, clock, askAll: namedByFlag, isThorough: options.time.set };
  using session = openSession(asked, invocation);
  return options.time.watch ? await watch(session, invocation) : await measureOnce(session, invocation);
}
