import type { NodeOverview } from "../../nodes/overview.ts";
import type { ClockOverview } from "../../time/overview.ts";
import type { UploadsOverview } from "../../upload/ledger/overview.ts";
import type { BoardSummary, SystemSummary } from "../board-summary.ts";

/** What the paths of the API answer. */
export interface Answers {
  readonly "/api/board": BoardSummary;
  readonly "/api/system": SystemSummary;
  readonly "/api/time": ClockOverview;
  readonly "/api/nodes": { readonly nodes: readonly NodeOverview[] };
  readonly "/api/metrics": {
    readonly metrics: readonly {
      readonly name: string;
      readonly label: string;
      readonly unit: string;
      readonly lower_is_better: boolean;
    }[];
  };
  readonly "/api/sync": UploadsOverview;
  readonly "/api/history": {
    readonly entries: readonly {
      readonly checksum: string;
      readonly destination: string;
      readonly state: string;
      readonly path: string | null;
      readonly reason: string | null;
      readonly updatedAtMs: number;
    }[];
  };
}

/** A node's part of a comparison, and what was said of it. */
export interface ComparisonAnswer {
  readonly nodes: readonly {
    readonly node_name: string;
    readonly metrics: Readonly<Record<string, number | null>>;
    readonly error: string | null;
  }[];
  readonly verdicts: readonly {
    readonly metric: string;
    readonly better: string | null;
    readonly worse: string | null;
    readonly difference: number | null;
    readonly interval: readonly [number, number] | null;
    readonly significant: boolean;
    readonly text: string;
  }[];
  readonly why: readonly {
    readonly metric: string;
    readonly worse: string;
    /** What stands out; null where the difference is spread evenly. */
    readonly mostly: { readonly dimension: string; readonly group: string } | null;
  }[];
  readonly cached: boolean;
  readonly elapsed_s: number;
}

/** The board wants a token. */
export class LoginNeeded extends Error {}

async function reply(response: Response): Promise<unknown> {
  const value: unknown = await response.json();
  if (response.ok) return value;
  const isTold = typeof value === "object" && value !== null && "error" in value;
  const error = isTold ? String(value.error) : `the board answered ${response.status}`;
  throw response.status === 401 ? new LoginNeeded(error) : new Error(error);
}

export async function read<P extends keyof Answers>(path: P, query = ""): Promise<Answers[P]> {
  // The page and the API are one program: the shape is the server's own.
  return (await reply(await fetch(path + query, { headers: { accept: "application/json" } }))) as Answers[P];
}

export async function send(path: string, body: object): Promise<unknown> {
  const init = {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  };
  return reply(await fetch(path, init));
}

export async function compare(names: readonly string[], timeRange: string): Promise<ComparisonAnswer> {
  return (await send("/api/comparison", { nodes: names, timeRange })) as ComparisonAnswer;
}
