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

/** Calls each board by its name, and those that share a name by their addresses as well. */
function callNames(boards: readonly FleetBoard[]): (board: FleetBoard) => string {
  const count = new Map<string | null, number>();
  for (const { name } of boards) count.set(name, (count.get(name) ?? 0) + 1);
  return ({ name, url }) => {
    if (name === null) return url;
    return count.get(name) === 1 ? name : `${name} (${url.replace(/^https?:\/\//, "")})`;
  };
}

/** The nodes of this board, then those of the others in the order in which they are followed. */
export function nodeRows(own: readonly NodeOverview[], boards: readonly FleetBoard[]): readonly NodeRow[] {
  const nameOf = callNames(boards);
  return [
    ...own.map((node): NodeRow => ({ ...node, pick: node.node_name, board: null })),
    ...boards.flatMap((board) =>
      board.nodes.map((node): NodeRow => ({
        ...node,
        pick: `${node.node_name}@${board.url}`,
        board: { name: nameOf(board), isReachable: board.state === "reachable", told: board.told },
      })),
    ),
  ];
}
