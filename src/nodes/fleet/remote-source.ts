import { Failure } from "../../lib/errors.ts";
import { didYouMean } from "../../lib/nearest.ts";
import type { NodeSource } from "../compare/node-source.ts";
import type { RemoteNode } from "./board-url.ts";
import { askBoards, type RemoteFigures, type RemoteOptions } from "./remote-nodes.ts";

/** A node of another board, as an answer calls it. */
export interface LabelledNode extends RemoteNode {
  readonly label: string;
}

function unknownNode({ name, url }: RemoteNode, nodes: readonly string[]): Failure {
  const hint = didYouMean(name, nodes);
  const expected = nodes.length === 0 ? "it has none yet" : `expected one of ${nodes.join(", ")}`;
  return new Failure("usage", `${url} has no node ${name}${hint === "" ? `: ${expected}` : hint}`);
}

function reasonOf({ url }: RemoteNode, figures: Exclude<RemoteFigures, { type: "gathered" }>): string {
  return figures.type === "unknown-node" ? `${url} has no such node` : `${url}: ${figures.reason}`;
}

export interface RemoteSources {
  /** In the order of the nodes; one that has no figures says why when they are asked for. */
  readonly sources: readonly NodeSource[];
  /** Nodes of which nothing is known, since their boards are away. */
  readonly lost: number;
  /** The first board that refused its token; null where none did. */
  readonly refusal: string | null;
}

/**
 * Asks the boards, and makes a comparison's sources of what they told.
 *
 * @throws Failure usage for a node that its board has not, and for a URL that may not be asked.
 */
export async function remoteSources(
  nodes: readonly LabelledNode[],
  options: RemoteOptions,
): Promise<RemoteSources> {
  const told = await askBoards(nodes, options);
  let lost = 0;
  let refusal: string | null = null;
  const sources = nodes.map((node, index): NodeSource => {
    const figures = told[index];
    if (figures === undefined) throw new Error("Cannot compare a node that was not asked for");
    if (figures.type === "unknown-node") throw unknownNode(node, figures.nodes);
    if (figures.type === "lost") lost += 1;
    if (figures.type === "refused") refusal ??= reasonOf(node, figures);
    return {
      name: node.label,
      gather: () =>
        figures.type === "gathered"
          ? Promise.resolve(figures.node)
          : Promise.reject(new Error(reasonOf(node, figures))),
    };
  });
  return { sources, lost, refusal };
}
