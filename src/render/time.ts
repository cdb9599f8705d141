import { formatQuantity } from "../lib/format/duration.ts";
import { escapeText } from "../lib/format/escape.ts";
import { textTable } from "../lib/format/table.ts";
import { magnitude } from "../time/clock/clock.ts";
import type { CheckOutcome } from "../time/certainty.ts";
import type { ServerReport } from "../time/ntp/assess.ts";
import { encodeFastDate64 } from "../time/stamp/fastdate64.ts";
import { isoOfNs } from "../time/stamp/iso.ts";
import type { ClockOutcome, TimeResult } from "../time/result.ts";

const NTP_PORT = 123;

/** A result and what was done about it. */
export interface TimeReport {
  readonly result: TimeResult;
  readonly clock: ClockOutcome;
  /** The corrected time at the moment of printing; null if unknown. */
  readonly trueNs: bigint | null;
  /** `--check`: null if not requested. */
  readonly check: CheckOutcome | null;
  /** `--watch`: the exponential moving average of the offset. */
  readonly meanOffsetS?: number | null;
}

function seconds(ns: bigint | number | null): number | null {
  return ns === null ? null : Number(ns) / 1e9;
}

function milliseconds(ns: bigint | number | null): number | null {
  return ns === null ? null : Number(ns) / 1e6;
}

/** An instant as FastDate64; null outside its range. */
function fastDate64(ns: bigint): string | null {
  try {
    return encodeFastDate64(ns).toString();
  } catch {
    return null;
  }
}

function serverJson(report: ServerReport): object {
  const { host, address, port, status, offsetNs, delayNs, jitterNs, stratum, reason } = report;
  return {
    host,
    address,
    port,
    status,
    offset_s: seconds(offsetNs),
    delay_s: seconds(delayNs),
    jitter_s: seconds(jitterNs),
    stratum,
    reason,
  };
}

/** The `--json` object, with the contract's keys. */
export function timeJson({ result, clock, trueNs, check, meanOffsetS }: TimeReport): object {
  const { drift } = result;
  return {
    source: result.source,
    authenticated: result.authenticated,
    offset_s: seconds(result.offsetNs),
    ...(meanOffsetS === undefined ? {} : { offset_mean_s: meanOffsetS }),
    delay_s: seconds(result.delayNs),
    error_bound_s: seconds(result.errorBoundNs),
    stratum: result.stratum,
    leap: result.leap,
    server: result.server,
    address: result.address,
    iso: trueNs === null ? null : isoOfNs(trueNs),
    fastdate64: trueNs === null ? null : fastDate64(trueNs),
    elapsed_s: seconds(result.elapsedNs),
    drift_ppm: drift?.ppm ?? null,
    drift_interval_ppm: drift === null ? null : [drift.lowPpm, drift.highPpm],
    check,
    clock: {
      action: clock.action,
      applied_s: seconds(clock.appliedNs),
      refused: clock.refusal?.reason ?? null,
      rtc: clock.rtc,
      synchronised: clock.isSynchronised,
    },
    servers_asked: result.asked,
    servers_answered: result.answered,
    servers_agreeing: result.agreeing,
    liars_tolerated: result.tolerance?.liars ?? null,
    liars_tolerated_of: result.tolerance?.of ?? null,
    note: result.note,
    passed_over: result.passedOver,
    servers: result.reports.map(serverJson),
  };
}

/** A bound of a day or more only means that nothing is known. */
const KNOWN_NS = 86_400_000_000_000n;

const quantity = (ns: bigint): string => formatQuantity(Math.abs(Number(ns)) / 1e9);

/** The first line: whether the clock is right, by how much it is off, and how certain that is. */
function verdictText({ offsetNs, errorBoundNs, source, note }: TimeResult): string {
  if (offsetNs === null || errorBoundNs === null || source === null)
    return `It is not known whether the clock is right: ${note ?? "no source gave the time"}`;
  const size = magnitude(offsetNs);
  const way = offsetNs > 0n ? "slow" : "fast";
  if (errorBoundNs >= KNOWN_NS) {
    return size === 0n
      ? `It is not known whether the clock is right: ${note ?? "no source gave the time"}`
      : `The clock is at least ${quantity(size)} ${way}; the error bound is a day or more`;
  }
  const measured = `${quantity(size)} ${way}, ± ${quantity(errorBoundNs)}`;
  return size <= errorBoundNs
    ? `The clock is right to within ${quantity(size + errorBoundNs)} (measured: ${measured})`
    : `The clock is ${measured}`;
}

/** How many wrong servers the bound tolerates. */
function toleranceText({ tolerance, answered, asked }: TimeResult): string | null {
  if (tolerance === null) return null;
  const { liars, of } = tolerance;
  const all = of === "asked" ? asked : answered;
  const who = of === "asked" ? "asked" : "that answered";
  if (liars > 0)
    return `no more than ${liars} of the ${all} servers ${who} ${liars === 1 ? "is" : "are"} wrong`;
  return all === 1 ? `the one server ${who} is right` : `all ${all} servers ${who} are right`;
}

function sourceText(result: TimeResult): string {
  switch (result.source) {
    case "ntp":
    case "nts": {
      const { agreeing, answered, asked, server, address, stratum } = result;
      const where = server === address ? server : `${server} (${address})`;
      const signed = result.authenticated ? ", authenticated" : "";
      return `${result.source}${signed}, ${agreeing} of ${answered} that answered agree, ${asked} asked; ${where}, stratum ${stratum}`;
    }
    case "https":
      return `https, ${result.note}; ${result.server}`;
    case "rtc":
    case "file":
    case "build":
    case "monotonic":
      return `${result.source}: ${result.note}`;
    case null:
      return `none: ${result.note}`;
  }
}

function clockText(clock: ClockOutcome): string | null {
  if (clock.refusal !== null) return `not set: ${clock.refusal.reason}`;
  const marked = clock.isSynchronised === true ? "marked as synchronised in the kernel" : null;
  if (clock.action === "none" || clock.appliedNs === null)
    return marked === null ? null : `not changed; ${marked}`;
  const by = formatQuantity(Number(clock.appliedNs) / 1e9);
  const how = clock.action === "step" ? `stepped by ${by}` : `being slewed by ${by}`;
  return [how, clock.rtc, marked].filter((part) => part !== null).join("; ");
}

function serverRow(report: ServerReport): string[] {
  const cell = (ns: bigint | number | null): string => (ns === null ? "-" : formatQuantity(Number(ns) / 1e9));
  const { host, address, port } = report;
  const at = address?.includes(":") === true && port !== NTP_PORT ? `[${address}]` : (address ?? "-");
  const place = port === null || port === NTP_PORT ? at : `${at}:${port}`;
  const name = host === address ? place : `${host} ${place}`;
  return [name, report.status, cell(report.offsetNs), cell(report.delayNs), report.reason ?? ""].map(
    escapeText,
  );
}

/** The result as a few lines for people. */
export function timeText({ result, clock, trueNs }: TimeReport): string {
  const lines: (readonly [string, string])[] = [];
  if (trueNs !== null) lines.push(["time", isoOfNs(trueNs)]);
  lines.push(["source", sourceText(result)]);
  const tolerance = toleranceText(result);
  if (tolerance !== null) lines.push(["sure if", tolerance]);
  if (result.leap === "insert" || result.leap === "delete") lines.push(["leap", `second to ${result.leap}`]);
  if (result.drift !== null) {
    const { ppm, lowPpm, highPpm, samples } = result.drift;
    lines.push([
      "drift",
      `${ppm.toFixed(3)} ppm (${lowPpm.toFixed(3)} to ${highPpm.toFixed(3)}, ${samples} samples)`,
    ]);
  }
  for (const reason of result.passedOver) lines.push(["passed over", reason]);
  const set = clockText(clock);
  if (set !== null) lines.push(["clock", set]);
  const took = milliseconds(result.elapsedNs);
  if (took !== null) lines.push(["took", `${took.toFixed(1)} ms`]);
  const width = Math.max(...lines.map(([name]) => name.length));
  const rows = lines.map(([name, text]) => `${name.padEnd(width)}  ${escapeText(text)}`);
  const head = [`${escapeText(verdictText(result))}.`, "", ...rows];
  if (result.reports.length === 0) return head.join("\n");
  const table = textTable(["SERVER", "STATUS", "OFFSET", "DELAY", ""], result.reports.map(serverRow), []);
  return [...head, "", table].join("\n");
}

/** One round of `--watch` on one line. */
export function watchText({ result, trueNs, meanOffsetS }: TimeReport): string {
  const at = trueNs === null ? "-" : isoOfNs(trueNs - (trueNs % 1_000_000n));
  const { offsetNs, errorBoundNs, source, answered, asked } = result;
  const bound = errorBoundNs === null || errorBoundNs >= KNOWN_NS ? "" : ` ± ${quantity(errorBoundNs)}`;
  const offset = offsetNs === null ? "-" : formatQuantity(Number(offsetNs) / 1e9) + bound;
  const mean = meanOffsetS === null || meanOffsetS === undefined ? "-" : formatQuantity(meanOffsetS);
  const used = source === null ? `none (${result.note})` : source;
  return `${at}  offset ${offset}  mean ${mean}  source ${escapeText(used)}  servers ${answered}/${asked}`;
}
