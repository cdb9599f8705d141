import type { FleetBoard } from "../../board/fleet.ts";
import { windowOf } from "../../nodes/compare/window.ts";
import type { FleetNode } from "../../nodes/fleet/answer-fleet.ts";
import { labelsOf, parseRemoteNode } from "../../nodes/fleet/board-url.ts";
import type { CompareReport } from "../../render/compare/report.ts";
import type { ComparisonRequest } from "../schemas.ts";
import type { Basis } from "./freshness.ts";
import type { NodeState, StoredStates } from "./node-states.ts";

/** A question and the state of its nodes when it is asked. The key does not depend on the order of the nodes. */
export interface Asked {
  readonly key: string;
  readonly nodes: readonly FleetNode[];
  /** The nodes' names in the answer. */
  readonly labels: readonly string[];
  /** In the order of `nodes`. */
  readonly states: readonly NodeState[];
  readonly request: ComparisonRequest;
}

/** Where nodes are looked up: this store and the followed boards. */
interface Known {
  readonly states: StoredStates;
  readonly boards: () => readonly FleetBoard[];
}

function parseRemote(text: string): FleetNode | null {
  try {
    return parseRemoteNode(text);
  } catch {
    // Not a board's URL, so this names no node of a board.
    return null;
  }
}

/** Resolves a request's nodes; null if it names a board that is not followed. */
export function askedFor(request: ComparisonRequest, known: Known): Asked | null {
  const { names } = request;
  const stored = known.states.all(names);
  const nodes = names.map((text, at): FleetNode => {
    // A stored node may have any name, even one that looks like a remote node's, so the store is checked first.
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

/** The states of a report's nodes when it was asked for, in the report's order. */
export function statesOf(asked: Asked, { nodes }: CompareReport): NodeState[] {
  return nodes.map(
    ({ node_name: label }) => asked.states[asked.labels.indexOf(label)] ?? { type: "unknown" },
  );
}

export type BasisFor = (report: CompareReport, isReady: boolean) => Basis;

/**
 * Takes the current time as the start of the computation; the returned function completes the basis with the report.
 */
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
