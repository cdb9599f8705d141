import { encodeFastDate64 } from "../../time/stamp/fastdate64.ts";
import { isoOfNs } from "../../time/stamp/iso.ts";
import { CLOCK_UNTOUCHED } from "../../time/result.ts";
import type { MeasureSettings } from "../../time/options.ts";
import { codeText, unixText } from "../../time/stamp/stamp-text.ts";
import { systemClock } from "../../time/clock/system-clock.ts";
import type { ExitCode } from "../command-line/command.ts";
import { openSession, recordRun, type Surroundings } from "../time/session.ts";

interface StampInvocation extends Surroundings {
  readonly options: {
    readonly stamp: { readonly hex: boolean; readonly unix: boolean };
    readonly time: MeasureSettings;
  };
  readonly origins: { readonly time: { readonly server: { readonly source: string } } };
}

/** `nodupe stamp`: the corrected time at the moment of printing. */
export async function stampNow(invocation: StampInvocation): Promise<ExitCode> {
  const { terminal, signal, options, origins } = invocation;
  const clock = systemClock();
  const asked = { settings: options.time, clock, isThorough: false, origin: origins.time.server };
  using session = openSession(asked, invocation);
  const { result, obtained } = await session.measure();
  const trueNs = result.offsetRawNs === null ? null : clock.rawNs() + result.offsetRawNs;
  const code = trueNs === null ? null : encodeFastDate64(trueNs);
  if (terminal.json) {
    await terminal.resultJson({
      fastdate64: code?.toString() ?? null,
      iso: trueNs === null ? null : isoOfNs(trueNs),
      source: result.source,
      offset_s: result.offsetNs === null ? null : Number(result.offsetNs) / 1e9,
      error_bound_s: result.errorBoundNs === null ? null : Number(result.errorBoundNs) / 1e9,
    });
  } else if (trueNs !== null && code !== null) {
    await terminal.result(options.stamp.unix ? unixText(trueNs) : codeText(code, options.stamp.hex));
  }
  if (signal.aborted) return 4;
  recordRun(session, terminal, { result, obtained, clockOutcome: CLOCK_UNTOUCHED });
  if (trueNs === null) terminal.error(result.note ?? "the time is not known");
  return trueNs === null ? 4 : 0;
}
