import { Failure } from "../../lib/errors.ts";
import { didYouMean } from "../../lib/nearest.ts";
import type { NodeSource } from "../compare/node-source.ts";
import type { RemoteNode } from "./board-url.ts";
import { askBoards, type RemoteFigures, type RemoteOptions } from "./remote-nodes.ts";

/** A node of another board, with its label in an answer. */
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
  /** In the order of the nodes. A node without figures says why when asked for them. */
  readonly sources: readonly NodeSource[];
  /** The number of nodes of which nothing is known, since their boards cannot be reached. */
  readonly lost: number;
  /** The first refusal of a token; null if there was none. */
  readonly refusal: string | null;
}

/**
 * Asks the boards, and makes sources for a comparison from their reports.
 *
 * @throws Failure (usage) for a node that its board does not have, or for a URL that is not allowed.
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
