import type { storeOptions } from "../../db/options.ts";
import { formatQuantity, nsOfMs } from "../../lib/format/duration.ts";
import { compileHardly } from "../../lib/engine.ts";
import { exitAtOnce } from "../../lib/ffi/exit.ts";
import { BUILD_TIME_S } from "../../lib/version.ts";
import { wait } from "../../lib/wait.ts";
import { type TimeReport, timeJson, timeText, watchText } from "../../render/time.ts";
import { type CheckOutcome, checkOffset, isKnownWithin, pauseMs } from "../../time/certainty.ts";
import { systemClock } from "../../time/clock/system-clock.ts";
import type { timeOptions } from "../../time/options.ts";
import { CLOCK_UNTOUCHED, type ClockOutcome, type TimeResult } from "../../time/result.ts";
import type { TimeSession } from "../../time/session.ts";
import { WATCH_START, watchStep } from "../../time/watch.ts";
import type { ExitCode, Invocation } from "../command-line/command.ts";
import { openSession, recordRun, saveClock } from "./session.ts";

type TimeInvocation = Invocation<{ time: typeof timeOptions; store: typeof storeOptions }>;
type TimeOptions = TimeInvocation["options"]["time"];
type Measured = Awaited<ReturnType<TimeSession["measure"]>>;

const clock = systemClock();

function trueNow(result: TimeResult): bigint | null {
  return result.offsetRawNs === null ? null : clock.rawNs() + result.offsetRawNs;
}

function offsetS(result: TimeResult): number | null {
  return result.offsetNs === null ? null : Number(result.offsetNs) / 1e9;
}

/** The clock's offset and its error bound, as text. */
function offsetText({ offsetNs, errorBoundNs }: TimeResult): string {
  const [offset, bound] = [Number(offsetNs ?? 0n), Number(errorBoundNs ?? 0n)];
  return `${formatQuantity(Math.abs(offset) / 1e9)} ± ${formatQuantity(bound / 1e9)}`;
}

/** The outcome of a measurement. `check` and `isSure` are null if not asked for. */
interface Outcome {
  readonly result: TimeResult;
  readonly clockOutcome: ClockOutcome;
  readonly check: CheckOutcome | null;
  /** With `--wait`: whether the time became known as precisely as required. */
  readonly isSure: boolean | null;
}

/** The exit code of one measurement, and its message on stderr. */
function ending(
  { result, clockOutcome, check, isSure }: Outcome,
  options: TimeOptions,
): { readonly code: ExitCode; readonly line: string | null } {
  if (result.source === null) return { code: 4, line: result.note ?? "no time source answered" };
  if (isSure === false) {
    const { errorBoundNs } = result;
    const known =
      errorBoundNs === null ? "is not known" : `is known to ± ${formatQuantity(Number(errorBoundNs) / 1e9)}`;
    return {
      code: 4,
      line: `the time ${known}; --max-error asks for ± ${formatQuantity(options.maxError / 1e3)}`,
    };
  }
  if (clockOutcome.refusal !== null) {
    const { type, reason } = clockOutcome.refusal;
    return { code: type === "not-permitted" ? 5 : 1, line: `the clock was not set: ${reason}` };
  }
  const allowed = formatQuantity(options.maxOffset / 1e3);
  switch (check) {
    case null:
    case "within":
      return { code: 0, line: null };
    case "beyond":
      return { code: 3, line: `the clock is off by ${offsetText(result)}, more than ${allowed}` };
    case "unknown":
      return {
        code: 3,
        line: `cannot tell whether the clock is within ${allowed}: it is off by ${offsetText(result)}`,
      };
  }
}

async function setClock(result: TimeResult, options: TimeOptions): Promise<ClockOutcome> {
  if (!options.set || result.source === null) return CLOCK_UNTOUCHED;
  const { applyToClock } = await import("../../time/clock/set-clock.ts");
  return applyToClock(result, { ...options, buildTimeS: BUILD_TIME_S, clock });
}

function checkOf(result: TimeResult, options: TimeOptions): CheckOutcome | null {
  return options.check ? checkOffset(result, nsOfMs(options.maxOffset)) : null;
}

/**
 * Measures until the error bound is within `--max-error`. If `--wait-timeout` comes first, returns the last
 * measurement.
 */
async function measureUntilKnown(session: TimeSession, invocation: TimeInvocation): Promise<Measured> {
  const { terminal, signal, options } = invocation;
  const { maxError, waitTimeout } = options.time;
  const startedAt = performance.now();
  const leftMs = (): number => (waitTimeout ?? Infinity) - (performance.now() - startedAt);
  for (let tries = 1; ; tries += 1) {
    const measured = await session.measure(leftMs());
    if (signal.aborted || isKnownWithin(measured.result, nsOfMs(maxError))) return measured;
    const pause = pauseMs(tries, performance.now() - startedAt);
    if (leftMs() <= pause) return measured;
    terminal.debug(`not known well enough yet: ${measured.result.note ?? offsetText(measured.result)}`);
    recordRun(session, terminal, { ...measured, clockOutcome: CLOCK_UNTOUCHED });
    if (!(await wait(pause, signal))) return measured;
  }
}

async function measureOnce(session: TimeSession, invocation: TimeInvocation): Promise<ExitCode> {
  const { terminal, signal, options } = invocation;
  const waits = options.time.wait;
  const measured = waits ? await measureUntilKnown(session, invocation) : await session.measure();
  const { result, obtained } = measured;
  const isSure = waits ? isKnownWithin(result, nsOfMs(options.time.maxError)) : null;
  const isToSet = !signal.aborted && isSure !== false;
  const clockOutcome = isToSet ? await setClock(result, options.time) : CLOCK_UNTOUCHED;
  const check = checkOf(result, options.time);
  const report: TimeReport = { result, clock: clockOutcome, trueNs: trueNow(result), check };
  if (terminal.json) await terminal.resultJson(timeJson(report));
  else if (result.source !== null || !signal.aborted) await terminal.result(timeText(report));
  if (!signal.aborted) recordRun(session, terminal, { result, obtained, clockOutcome });
  const { code, line } = ending({ result, clockOutcome, check, isSure }, options.time);
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
    const servers = obtained.servers?.assessment ?? null;
    const isBeyond = checkOffset(result, nsOfMs(maxOffset)) === "beyond";
    const step = watchStep(state, { offsetS: offsetS(result), isBeyond, servers }, maxOffset / 1_000);
    state = step.state;
    const report: TimeReport = {
      result,
      clock: clockOutcome,
      trueNs: trueNow(result),
      check: checkOf(result, options.time),
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

/** Runs `nodupe time`. */
export async function runTime(invocation: TimeInvocation): Promise<ExitCode> {
  const { options, origins, terminal } = invocation;
  const asked = { settings: options.time, clock, isThorough: options.time.set, origin: origins.time.server };
  if (!options.time.watch) {
    // The code from here on runs only once.
    compileHardly();
    const code = await measureOnce(openSession(asked, invocation), invocation);
    // Everything is printed and recorded. After a signal, main sets the exit code.
    if (!invocation.signal.aborted) exitAtOnce(code);
    return code;
  }
  using session = openSession(asked, invocation);
  const code = await watch(session, invocation);
  saveClock(session, terminal);
  return code;
}
