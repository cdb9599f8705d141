import type { FleetBoard } from "../../board/fleet.ts";
import type { Caveat } from "../../nodes/compare/caveats.ts";
import type { Why } from "../../nodes/compare/explain.ts";
import type { NodeResult } from "../../nodes/compare/node-result.ts";
import type { Verdict } from "../../nodes/compare/judge/verdict.ts";
import type { Metric } from "../../nodes/compare/metric.ts";
import type { MetricName } from "../../nodes/compare/registry.ts";
import type { NodeOverview } from "../../nodes/overview.ts";
import type { ClockOverview } from "../../time/overview.ts";
import type { EntryJson } from "../../render/history.ts";
import type { UploadsOverview } from "../../upload/ledger/overview.ts";
import type { BoardSummary, SystemSummary } from "../board-summary.ts";
import type { JobTold } from "../jobs/jobs.ts";

/** A comparison metric as the API describes it: its name, label and unit, and whether lower is better. */
export type MetricTold = Pick<Metric<MetricName>, "name" | "label" | "unit"> & {
  readonly lower_is_better: boolean;
};

/** The answer of each path of the API. */
export interface Answers {
  readonly "/api/board": BoardSummary;
  readonly "/api/system": SystemSummary;
  readonly "/api/time": ClockOverview;
  readonly "/api/nodes": { readonly nodes: readonly NodeOverview[] };
  readonly "/api/metrics": { readonly metrics: readonly MetricTold[] };
  readonly "/api/fleet": { readonly boards: readonly FleetBoard[] };
  readonly "/api/jobs": { readonly jobs: readonly JobTold[] };
  readonly "/api/sync": UploadsOverview;
  readonly "/api/history": {
    readonly entries: readonly (EntryJson & { readonly destination: string })[];
  };
}

/** A comparison, as `nodupe compare --json` prints it. */
export interface ComparisonAnswer {
  readonly time_range: string;
  readonly since: string;
  readonly until: string;
  readonly nodes: readonly NodeResult[];
  readonly rankings: Readonly<Record<string, readonly string[]>>;
  readonly verdicts: readonly Verdict[];
  readonly why: readonly Why[];
  readonly caveats: readonly Caveat[];
  readonly cached: boolean;
}

/** The board requires a token. */
export class LoginNeeded extends Error {}

async function reply(response: Response): Promise<unknown> {
  let value: unknown;
  try {
    value = await response.json();
  } catch {
    throw new Error(`the board answered ${response.status}, which is not from nodupe`);
  }
  if (response.ok) return value;
  const isTold = typeof value === "object" && value !== null && "error" in value;
  const error = isTold
    ? String((value as { error: unknown }).error)
    : `the board answered ${response.status}`;
  throw response.status === 401 ? new LoginNeeded(error) : new Error(error);
}

/**
 * Whether the board asks for a token now. A WebSocket that is refused does not say why; the session may have ended, or
 * the board may have been restarted.
 */
export async function isLocked(): Promise<boolean> {
  try {
    return (await fetch("/api/metrics", { method: "HEAD" })).status === 401;
  } catch {
    return false;
  }
}

async function ask(path: string, init: RequestInit): Promise<unknown> {
  let response: Response;
  try {
    response = await fetch(path, init);
  } catch {
    throw new Error("the board cannot be reached");
  }
  return reply(response);
}

export async function read<P extends keyof Answers>(path: P, query = ""): Promise<Answers[P]> {
  // The page and the API are one program, so the answer has the server's own type.
  return (await ask(path + query, { headers: { accept: "application/json" } })) as Answers[P];
}

export function send(path: string, body: object, signal?: AbortSignal): Promise<unknown> {
  return ask(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    ...(signal === undefined ? {} : { signal }),
  });
}

export async function compare(
  names: readonly string[],
  timeRange: string,
  signal: AbortSignal,
): Promise<ComparisonAnswer> {
  return (await send("/api/comparison", { nodes: names, timeRange }, signal)) as ComparisonAnswer;
}
