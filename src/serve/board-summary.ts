import { hostname } from "node:os";
import type { Board } from "../board/board.ts";
import type { Problem } from "../board/problems.ts";
import type { NodeOverview } from "../nodes/overview.ts";
import type { PastMeasurement } from "../time/overview.ts";

/**
 * The board at a glance, which the page requests first. Its size does not grow with the history or with the number of
 * nodes.
 */
export interface BoardSummary {
  readonly board_name: string;
  readonly version: string;
  /** The first few; `problem_count` counts all of them. */
  readonly problems: readonly Problem[];
  readonly problem_count: number;
  readonly time: {
    readonly last: PastMeasurement | null;
    /** Over the last day, oldest first. */
    readonly offsets_s: readonly (number | null)[];
  };
  readonly sync: {
    readonly destinations: number;
    readonly done: number;
    readonly waiting: number;
    readonly failed: number;
    readonly at_work: boolean;
    readonly last_success: string | null;
    /** Over the last day, oldest first. */
    readonly done_by_hour: readonly number[];
  };
  readonly nodes: {
    readonly count: number;
    readonly lowest_download: { readonly node_name: string; readonly success_rate_download: number } | null;
    /** Of all nodes, by hour, oldest first. */
    readonly operations: readonly (number | null)[];
  };
  readonly store: Board["store"];
}

const PROBLEMS_TOLD = 20;
/** The most points in a sparkline: it has no pixels to show more. */
const POINTS = 96;

/** Reduces the values to at most `most`, evenly spread. */
function thinned<T>(values: readonly T[], most: number): readonly T[] {
  const stride = Math.max(1, Math.ceil(values.length / most));
  return values.filter((_, at) => at % stride === 0);
}

function lowestDownload(nodes: readonly NodeOverview[]): BoardSummary["nodes"]["lowest_download"] {
  let lowest: BoardSummary["nodes"]["lowest_download"] = null;
  for (const { node_name, success_rate_download: rate } of nodes)
    if (rate !== null && (lowest === null || rate < lowest.success_rate_download))
      lowest = { node_name, success_rate_download: rate };
  return lowest;
}

function operationsByHour(nodes: readonly NodeOverview[]): (number | null)[] {
  const hours = nodes[0]?.hours.total_operations.length ?? 0;
  return Array.from({ length: hours }, (_, at) => {
    let sum: number | null = null;
    for (const node of nodes) {
      const count = node.hours.total_operations[at] ?? null;
      if (count !== null) sum = (sum ?? 0) + count;
    }
    return sum;
  });
}

export function boardSummary(
  { problems, time, sync, nodes, store }: Board,
  doneByHour: readonly number[],
): BoardSummary {
  const total = (of: "done" | "pending" | "sending" | "failed"): number =>
    sync.destinations.reduce((sum, destination) => sum + destination[of], 0);
  return {
    board_name: hostname(),
    version: store.version,
    problems: problems.slice(0, PROBLEMS_TOLD),
    problem_count: problems.length,
    time: { last: time.last, offsets_s: thinned(time.history, POINTS).map(({ offset_s }) => offset_s) },
    sync: {
      destinations: sync.destinations.length,
      done: total("done"),
      waiting: total("pending") + total("sending"),
      failed: total("failed"),
      at_work: sync.runs.some(({ at_work }) => at_work),
      last_success: sync.last_success,
      done_by_hour: doneByHour,
    },
    nodes: {
      count: nodes.length,
      lowest_download: lowestDownload(nodes),
      operations: operationsByHour(nodes),
    },
    store,
  };
}

/** What runs here and its progress. */
export interface SystemSummary {
  readonly store: Board["store"];
  /** How far each node's log has been read. */
  readonly logs: readonly Pick<NodeOverview, "node_name" | "newest_line" | "age_s">[];
  readonly watches: Board["sync"]["watches"];
  /** Upload histories shared with other machines. */
  readonly shares: Board["sync"]["shares"];
}

export function systemSummary({ store, nodes, sync }: Board): SystemSummary {
  return {
    store,
    logs: nodes.map(({ node_name, newest_line, age_s }) => ({ node_name, newest_line, age_s })),
    watches: sync.watches,
    shares: sync.shares,
  };
}
