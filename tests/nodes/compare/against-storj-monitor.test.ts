import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { measure } from "../../../src/nodes/compare/measure.ts";
import { gatherNode } from "../../../src/nodes/compare/load.ts";
import { metricsOf } from "../../../src/nodes/compare/registry.ts";
import { readLog } from "../../../src/nodes/ingest/log-source.ts";
import { ingestOptions } from "../../../src/nodes/ingest/options.ts";
import { RATES } from "../../support/nodes/node-data.ts";

const SAMPLE = join(import.meta.dir, "../../fixtures/storagenode-sample.log");
const PAGE = readFileSync(join(import.meta.dir, "../../../docs/against-storj-monitor.md"), "utf8");

interface Operation {
  readonly action: string;
  readonly outcome: "success" | "canceled" | "failed";
  readonly durationMs: number | null;
}

/** The sample's operations as storj_monitor takes them, with nothing of ours: by name, pieces paired by their id. */
function monitorOperations(): Operation[] {
  const started = new Map<string, number>();
  const operations: Operation[] = [];
  for (const line of readFileSync(SAMPLE, "utf8").split("\n")) {
    const [time = "", , logger, message = "", json] = line.split("\t");
    if (logger !== "piecestore" || json === undefined) continue;
    const fields = JSON.parse(json) as Record<string, string | undefined>;
    const action = fields["Action"];
    if (action === undefined) continue;
    const key = [fields["Piece ID"], fields["Satellite ID"], action].join(" ");
    const ms = Date.parse(time);
    if (message.endsWith("started")) started.set(key, ms);
    else {
      const start = started.get(key);
      const outcome = message.endsWith("canceled")
        ? "canceled"
        : message.endsWith("failed")
          ? "failed"
          : "success";
      operations.push({ action, outcome, durationMs: start === undefined ? null : ms - start });
    }
  }
  return operations;
}

function percent(part: number, whole: number): string {
  return `${((part / whole) * 100).toFixed(2)}%`;
}

function row(name: string): string[] {
  const line = PAGE.split("\n").find((text) => text.startsWith(`| \`${name}\``));
  return (line ?? "").split("|").map((cell) => cell.trim());
}

test("the page's figures are what both formulas make of the sample log", async () => {
  const operations = monitorOperations();
  const of = (actions: readonly string[]): Operation[] =>
    operations.filter(({ action }) => actions.includes(action));
  const count = (some: readonly Operation[], ...outcomes: string[]): number =>
    some.filter(({ outcome }) => outcomes.includes(outcome)).length;
  const [downloads, uploads, audits] = [["GET", "GET_REPAIR"], ["PUT", "PUT_REPAIR"], ["GET_AUDIT"]].map(of);
  if (downloads === undefined || uploads === undefined || audits === undefined) throw new Error("no kinds");
  const timed = operations.map(({ durationMs }) => durationMs).filter((ms) => ms !== null);
  const monitor = {
    success_rate_download: percent(count(downloads, "success"), downloads.length),
    success_rate_upload: percent(count(uploads, "success", "canceled"), uploads.length),
    success_rate_audit: percent(count(audits, "success"), audits.length),
    total_operations: String(operations.length),
    avg_latency_p50: `${timed.filter((ms) => ms > 0).toSorted((a, b) => a - b)[0]} ms`,
  };

  const { openLimit, maxOpen } = ingestOptions;
  using log = await readLog("a", SAMPLE, {
    limits: { openLimit: openLimit.default, maxOpen: maxOpen.default },
    signal: new AbortController().signal,
  });
  const window = { sinceMs: Date.UTC(2025, 9, 6), untilMs: Date.UTC(2025, 9, 7) };
  const data = gatherNode(log.db, log.nodeId, window, Infinity);
  const ours = metricsOf(measure(data, { window, rates: RATES, earningsSource: "model" }));
  const told = (value: number | null): string => `${value?.toFixed(2)}%`;
  expect(row("success_rate_download").slice(2, 4)).toEqual([
    monitor.success_rate_download,
    told(ours.success_rate_download),
  ]);
  expect(row("success_rate_upload").slice(2, 4)).toEqual([
    monitor.success_rate_upload,
    told(ours.success_rate_upload),
  ]);
  expect(row("canceled_rate_upload").slice(2, 4)).toEqual(["—", told(ours.canceled_rate_upload)]);
  expect(row("success_rate_audit").slice(2, 4)).toEqual([
    monitor.success_rate_audit,
    told(ours.success_rate_audit),
  ]);
  expect(row("total_operations").slice(2, 4)).toEqual([
    monitor.total_operations,
    String(ours.total_operations),
  ]);
  expect(row("avg_latency_p50").slice(2, 4)).toEqual([monitor.avg_latency_p50, "< 1 s (log)"]);
  expect(row("avg_latency_mean").slice(2, 4)).toEqual(["—", `${ours.avg_latency_mean?.toFixed(0)} ms`]);
});
