import type { FleetBoard } from "../../board/fleet.ts";
import { windowOf } from "../../nodes/compare/window.ts";
import type { FleetNode } from "../../nodes/fleet/answer-fleet.ts";
import { labelsOf, parseRemoteNode } from "../../nodes/fleet/board-url.ts";
import type { CompareReport } from "../../render/compare/report.ts";
import type { ComparisonRequest } from "../schemas.ts";
import type { Basis } from "./freshness.ts";
import type { NodeState, StoredStates } from "./node-states.ts";

/** One question, whatever the order of its nodes. */
export interface Asked {
  readonly key: string;
  readonly nodes: readonly FleetNode[];
  /** What the answer calls them. */
  readonly labels: readonly string[];
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
export function askedFor(request: ComparisonRequest, { states, boards }: Known): Asked | null {
  const nodes = request.names.map((text): FleetNode => {
    // A store's own node may be called anything.
    const remote = states.of(text).type === "unknown" ? parseRemote(text) : null;
    return remote ?? { name: text, url: null };
  });
  const isFollowed = (url: string): boolean => boards().some((board) => board.url === url);
  if (nodes.some(({ url }) => url !== null && !isFollowed(url))) return null;
  const key = JSON.stringify([request.names.toSorted(), request.type, request.lastMs]);
  return { key, nodes, labels: labelsOf(nodes), request };
}

/** How the nodes stand now, by what the answer calls them. */
export function statesOf({ nodes, labels }: Asked, { states, boards }: Known): (label: string) => NodeState {
  const known = nodes.some(({ url }) => url !== null) ? boards() : [];
  const byLabel = new Map(
    nodes.map(({ name, url }, at): [string, NodeState] => {
      const label = labels[at] ?? name;
      if (url === null) return [label, states.of(name)];
      const board = known.find((other) => other.url === url);
      const newestLine = board?.nodes.find(({ node_name: of }) => of === name)?.newest_line ?? null;
      return [label, { type: "remote", isReachable: board?.state === "reachable", newestLine }];
    }),
  );
  return (label) => byLabel.get(label) ?? { type: "unknown" };
}

export type BasisFor = (report: CompareReport, isReady: boolean) => Basis;

/** What an answer that is computed from now on is computed from. */
export function basisOf(asked: Asked, known: Known): BasisFor {
  const computedMs = Date.now();
  const stateOf = statesOf(asked, known);
  return (report, isReady) => ({
    computedMs,
    sinceMs: report.sinceMs,
    lastMs: asked.request.lastMs,
    isReady,
    nodes: report.nodes.map(({ node_name: label, metrics }) => ({
      state: stateOf(label),
      operations: metrics.total_operations ?? 0,
    })),
  });
}

export function windowFor({ request }: Asked, nowMs: number): ReturnType<typeof windowOf> {
  return windowOf({ lastMs: request.lastMs, since: null, until: null }, nowMs);
}
