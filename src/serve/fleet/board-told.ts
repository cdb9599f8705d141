import { z } from "zod";
import type { RemoteBoard } from "../../board/fleet.ts";
import { PROBLEM_SUBJECTS } from "../../board/problems.ts";

const MOST_NODES = 200;
const MOST_PROBLEMS = 20;
const HOURS = 24;

const text = z.string().max(300);
const moment = z.iso.datetime();
// Boards of an earlier version lack fields that were added later. They are still accepted.
const figure = z.number().nullable().default(null);
const word = text.nullable().default(null);
const count = z.number().int().nonnegative().default(0);
const series = z.array(z.number().nullable()).max(HOURS).default([]);

const problem = z.object({
  about: z.enum(PROBLEM_SUBJECTS),
  key: text,
  text,
});

/** Keeps the problems that this version understands. A later version may report others; they remain in the count. */
const problems = z
  .array(z.unknown())
  .max(MOST_PROBLEMS)
  .default([])
  .transform((told) =>
    told.flatMap((one) => {
      const known = problem.safeParse(one);
      return known.success ? [known.data] : [];
    }),
  );

const board = z.object({
  board_name: text,
  version: text,
  problem_count: count,
  problems,
  time: z
    .object({
      last: z
        .object({ at: moment, source: word, offset_s: figure, error_bound_s: figure })
        .nullable()
        .default(null),
    })
    .default({ last: null }),
  sync: z
    .object({ done: count, waiting: count, failed: count, at_work: z.boolean().default(false) })
    .default({ done: 0, waiting: 0, failed: 0, at_work: false }),
});

const standing = z.object({
  taken: moment,
  used_bytes: figure,
  total_bytes: figure,
  trash_bytes: figure,
  audit_score: figure,
  suspension_score: figure,
  online_score: figure,
  payout_usd: figure,
  held_usd: figure,
  disqualified: count.nullable().default(null),
  suspended: count.nullable().default(null),
  version: word,
});

const scores = z.object({
  satellite: text,
  audit_percent: figure,
  suspension_percent: figure,
  online_percent: figure,
});

const node = z.object({
  node_name: z.string().min(1).max(64),
  newest_line: moment.nullable().default(null),
  age_s: figure,
  total_operations: count,
  success_rate_download: figure,
  success_rate_upload: figure,
  success_rate_audit: figure,
  failed_percent: figure,
  avg_latency_mean: figure,
  coverage_percent: z.number().default(0),
  // Null also for a level that only a later version knows.
  log_level: z.enum(["debug", "info", "error"]).nullable().default(null).catch(null),
  latency_resolution_ms: figure,
  damaged_hours: count,
  scores: z.array(scores).max(100).default([]),
  hours: z
    .object({ total_operations: series, success_rate_download: series, avg_latency_mean: series })
    .default({ total_operations: [], success_rate_download: [], avg_latency_mean: [] }),
  standing: standing.nullable().default(null),
});

const nodes = z.object({ nodes: z.array(node).max(MOST_NODES) });

/** Parses a board's two answers; null if they are not a board's. Fields that are not known are dropped. */
export function boardTold(boardText: string, nodesText: string): RemoteBoard | null {
  let told: readonly [unknown, unknown];
  try {
    told = [JSON.parse(boardText), JSON.parse(nodesText)];
  } catch {
    return null;
  }
  const [about, of] = [board.safeParse(told[0]), nodes.safeParse(told[1])];
  if (!about.success || !of.success) return null;
  const { board_name: name, version, problem_count, problems, time, sync } = about.data;
  return { name, version, problem_count, problems, clock: time.last, sync, nodes: of.data.nodes };
}
