import { z } from "zod";
import type { RemoteBoard } from "../../board/fleet.ts";
import { PROBLEM_SUBJECTS } from "../../board/problems.ts";

const MOST_NODES = 200;
const MOST_PROBLEMS = 20;
const HOURS = 24;

const text = z.string().max(300);
const moment = z.iso.datetime();
const value = z.number();
const count = z.number().int().nonnegative();
const series = z.array(value.nullable()).max(HOURS);

const problem = z.object({
  about: z.enum(PROBLEM_SUBJECTS),
  key: text,
  text,
});

const board = z.object({
  board_name: text,
  version: text,
  problem_count: count,
  problems: z.array(problem).max(MOST_PROBLEMS),
  time: z.object({
    last: z
      .object({
        at: moment,
        source: text.nullable(),
        offset_s: value.nullable(),
        error_bound_s: value.nullable(),
      })
      .nullable(),
  }),
  sync: z.object({ done: count, waiting: count, failed: count, at_work: z.boolean() }),
});

const standing = z.object({
  taken: moment,
  used_bytes: value.nullable(),
  total_bytes: value.nullable(),
  trash_bytes: value.nullable(),
  audit_score: value.nullable(),
  suspension_score: value.nullable(),
  online_score: value.nullable(),
  payout_usd: value.nullable(),
  held_usd: value.nullable(),
  disqualified: count.nullable(),
  suspended: count.nullable(),
  version: text.nullable(),
});

const scores = z.object({
  satellite: text,
  audit_percent: value.nullable(),
  suspension_percent: value.nullable(),
  online_percent: value.nullable(),
});

const node = z.object({
  node_name: z.string().min(1).max(64),
  newest_line: moment.nullable(),
  age_s: value.nullable(),
  total_operations: count,
  success_rate_download: value.nullable(),
  success_rate_upload: value.nullable(),
  success_rate_audit: value.nullable(),
  failed_percent: value.nullable(),
  avg_latency_mean: value.nullable(),
  coverage_percent: value,
  log_level: z.enum(["debug", "info", "error"]).nullable(),
  latency_resolution_ms: value.nullable(),
  damaged_hours: count.default(0),
  scores: z.array(scores).max(100),
  hours: z.object({ total_operations: series, success_rate_download: series, avg_latency_mean: series }),
  standing: standing.nullable(),
});

const nodes = z.object({ nodes: z.array(node).max(MOST_NODES) });

/** What a board's two answers say; null where they are not a board's. Nothing that is not known goes on from here. */
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
