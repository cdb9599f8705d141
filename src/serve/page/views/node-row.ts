import type { FleetBoard } from "../../../board/fleet.ts";
import type { NodeOverview } from "../../../nodes/overview.ts";

/** A node as the page shows it: of this board, or of another one as last seen. */
export interface NodeRow extends NodeOverview {
  /** Identifies it in links and comparisons: `NAME`, or `NAME@URL` for a node of another board. */
  readonly pick: string;
  /** null for this board. */
  readonly board: {
    readonly name: string;
    readonly isReachable: boolean;
    /** When it reported what is shown. */
    readonly told: string | null;
  } | null;
}

/** The nodes of this board, then those of the others in the order in which they are followed. */
export function nodeRows(own: readonly NodeOverview[], boards: readonly FleetBoard[]): readonly NodeRow[] {
  return [
    ...own.map((node): NodeRow => ({ ...node, pick: node.node_name, board: null })),
    ...boards.flatMap(({ url, name, state, told, nodes }) =>
      nodes.map((node): NodeRow => ({
        ...node,
        pick: `${node.node_name}@${url}`,
        board: { name: name ?? url, isReachable: state === "reachable", told },
      })),
    ),
  ];
}
