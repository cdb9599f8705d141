import { join } from "node:path";
import { compareOptions } from "../../nodes/compare/options.ts";
import { openStore } from "../../db/open.ts";
import { type Answer, answerStored, type OpenStore } from "../../nodes/compare/answer.ts";
import type { Question } from "../../nodes/compare/question.ts";
import { agree } from "../agree.ts";
import { defaultsOf } from "../../settings/defaults.ts";
import { ingestRows, metricsFromRows, openRowStore, type RowMetrics } from "../earlier/row-store.ts";
import type { Experiment, Lab } from "../experiment.ts";
import { ingestLog } from "../ingest-log.ts";
import { LOG_NODES, LOG_WINDOW, nodeLog } from "../node-logs.ts";

/** Sketches are accurate to 1% of the exact quantiles. */
const MOST_ERROR = 0.0101;

/** Checks that roll-ups agree with the rows: counts and rates exactly, quantiles within their error bound. */
function checkAgainstRows(answer: Answer, rows: readonly RowMetrics[]): void {
  for (const [at, { metrics }] of answer.nodes.entries()) {
    const row = rows[at];
    agree(
      "counts and rates",
      [
        metrics.total_operations,
        metrics.success_rate_download,
        metrics.success_rate_upload,
        metrics.download_bytes,
      ],
      [row?.operations, row?.downloadRate, row?.uploadRate, row?.downloadBytes],
    );
    const quantiles = [
      [metrics.avg_latency_p50, row?.p50],
      [metrics.avg_latency_p95, row?.p95],
      [metrics.avg_latency_p99, row?.p99],
    ];
    for (const [sketched, exact] of quantiles) {
      const error = Math.abs((sketched ?? Number.NaN) / (exact ?? Number.NaN) - 1);
      if (!(error <= MOST_ERROR))
        throw new Error(`a quantile is ${sketched}, from rows ${exact}: more than 1% apart`);
    }
  }
}

async function fill(lab: Lab, rowPath: string, storePath: string): Promise<void> {
  const rows = openRowStore(rowPath);
  using store = openStore({ path: storePath });
  for (const node of LOG_NODES) {
    const log = await nodeLog(lab, node);
    ingestRows(rows, node, log);
    await ingestLog(store.db, node, log, lab.signal);
  }
  rows.close();
}

/**
 * Two nodes over a week. Our way opens the store each time, as the command does, and also computes intervals and
 * verdicts.
 */
const twoNodes: Experiment = {
  job: "compare",
  name: "2 nodes, 7 days",
  prepare: async (lab) => {
    const rowPath = join(lab.folder, "rows.db");
    const path = join(lab.folder, "nodupe.db");
    await fill(lab, rowPath, path);
    const asked: Question = { ...defaultsOf(compareOptions), window: LOG_WINDOW, rangeName: "custom" };
    const open: OpenStore = async ({ readonly }) => openStore({ path, readonly });
    const answer = (cacheTtl: number): Promise<Answer> =>
      answerStored(open, LOG_NODES, { ...asked, cacheTtl }, Date.now());
    const fromRows = (): RowMetrics[] => {
      const db = openRowStore(rowPath);
      try {
        return LOG_NODES.map((node) => metricsFromRows(db, node, LOG_WINDOW));
      } finally {
        db.close();
      }
    };
    const hour = 3_600_000;
    const computed = await answer(0);
    checkAgainstRows(computed, fromRows());
    await answer(hour);
    const cached = await answer(hour);
    agree(
      "cached answer",
      [cached.cached, cached.nodes, cached.verdicts],
      [true, computed.nodes, computed.verdicts],
    );
    return {
      type: "timing",
      unit: "ms",
      asynchronous: true,
      iterations: 3,
      warmUp: true,
      ways: [
        { name: "rows loaded and computed", earlier: true, run: async () => fromRows() },
        { name: "roll-ups", capability: "comparison", run: () => answer(0) },
        { name: "roll-ups, cached", run: () => answer(hour) },
      ],
      claims: [
        { name: "comparison from roll-ups", before: "rows loaded and computed", after: "roll-ups" },
        { name: "comparison from the cache", before: "roll-ups", after: "roll-ups, cached" },
      ],
    };
  },
};

export const compareExperiments: readonly Experiment[] = [twoNodes];
