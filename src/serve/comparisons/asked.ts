import type { FleetBoard } from "../../board/fleet.ts";
import { windowOf } from "../../nodes/compare/window.ts";
import type { FleetNode } from "../../nodes/fleet/answer-fleet.ts";
import { labelsOf, parseRemoteNode } from "../../nodes/fleet/board-url.ts";
import type { CompareReport } from "../../render/compare/report.ts";
import type { ComparisonRequest } from "../schemas.ts";
import type { Basis } from "./freshness.ts";
import type { NodeState, StoredStates } from "./node-states.ts";

/** One question, whatever the order of its nodes, and how its nodes stand when it is asked. */
export interface Asked {
  readonly key: string;
  readonly nodes: readonly FleetNode[];
  /** What the answer calls them. */
  readonly labels: readonly string[];
  /** In the order of the nodes. */
  readonly states: readonly NodeState[];
  readonly request: ComparisonRequest;
}

/** Where nodes are: in this store, and on the boards that are followed. */
interface Known {
  readonly states: StoredStates;
  readonly boards: () => readonly FleetBoard[];
}

function parseRemote(text: string): FleetNode | null {
  try {
    return parseRemoteNode(text);
  } catch {
    // No URL that could be a board's: no node is called so either.
    return null;
  }
}

/** What a request means; null where it names a board that is not followed. */
export function askedFor(request: ComparisonRequest, known: Known): Asked | null {
  const { names } = request;
  const stored = known.states.all(names);
  const nodes = names.map((text, at): FleetNode => {
    // A store's own node may be called anything.
    const remote = stored[at]?.type === "unknown" ? parseRemote(text) : null;
    return remote ?? { name: text, url: null };
  });
  const boards = nodes.some(({ url }) => url !== null) ? known.boards() : [];
  const states = nodes.map(({ name, url }, at): NodeState | null => {
    if (url === null) return stored[at] ?? { type: "unknown" };
    const board = boards.find((other) => other.url === url);
    if (board === undefined) return null;
    const newestLine = board.nodes.find(({ node_name: of }) => of === name)?.newest_line ?? null;
    return { type: "remote", isReachable: board.state === "reachable", newestLine };
  });
  if (!states.every((state) => state !== null)) return null;
  const key = JSON.stringify([names.toSorted(), request.type, request.lastMs]);
  return { key, nodes, labels: labelsOf(nodes), states, request };
}

/** How the nodes of a report stood when it was asked for, in the report's order. */
export function statesOf(asked: Asked, { nodes }: CompareReport): NodeState[] {
  return nodes.map(
    ({ node_name: label }) => asked.states[asked.labels.indexOf(label)] ?? { type: "unknown" },
  );
}

export type BasisFor = (report: CompareReport, isReady: boolean) => Basis;

/** What an answer that is computed from now on is computed from. */
export function basisOf(asked: Asked): BasisFor {
  const computedMs = Date.now();
  return (report, isReady) => {
    const states = statesOf(asked, report);
    return {
      computedMs,
      sinceMs: report.sinceMs,
      lastMs: asked.request.lastMs,
      isReady,
      nodes: report.nodes.map(({ metrics }, at) => ({
        state: states[at] ?? { type: "unknown" },
        operations: metrics.total_operations ?? 0,
      })),
    };
  };
}

export function windowFor({ request }: Asked, nowMs: number): ReturnType<typeof windowOf> {
  return windowOf({ lastMs: request.lastMs, since: null, until: null }, nowMs);
}
