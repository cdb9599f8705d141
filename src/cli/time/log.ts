import { formatQuantity } from "../../lib/format/duration.ts";
import type { ServerReport } from "../../time/ntp/assess.ts";
import type { TimeResult } from "../../time/result.ts";
import type { Terminal } from "../terminal/terminal.ts";

function seconds(ns: bigint | null): number | null {
  return ns === null ? null : Number(ns) / 1e9;
}

function logServer(terminal: Pick<Terminal, "debug">, report: ServerReport): void {
  const { host, address, port, status, reason } = report;
  const [offset, delay] = [seconds(report.offsetNs), seconds(report.delayNs)];
  const place = address === null || address === host ? host : `${host} (${address})`;
  const parts = [
    status,
    ...(offset === null ? [] : [`offset ${formatQuantity(offset)}`]),
    ...(delay === null ? [] : [`delay ${formatQuantity(delay)}`]),
    ...(reason === null ? [] : [reason]),
  ];
  const fields = { host, address, port, status, offset_s: offset, delay_s: delay, reason };
  terminal.debug(`${place}: ${parts.join(", ")}`, { event: "server", ...fields });
}

/** With `-v`, logs what each server answered in a round. */
export function logRound(terminal: Pick<Terminal, "verbose" | "debug">, result: TimeResult): void {
  if (!terminal.verbose) return;
  for (const report of result.reports) logServer(terminal, report);
  for (const reason of result.passedOver)
    terminal.debug(`passed over: ${reason}`, { event: "passed_over", reason });
  const { source, asked, answered, agreeing } = result;
  const elapsed = seconds(result.elapsedNs);
  const took = elapsed === null ? "" : ` in ${formatQuantity(elapsed)}`;
  terminal.debug(
    `${asked} asked, ${answered} answered, ${agreeing} agree; source ${source ?? "none"}${took}`,
    { event: "round", asked, answered, agreeing, source, elapsed_s: elapsed },
  );
}
