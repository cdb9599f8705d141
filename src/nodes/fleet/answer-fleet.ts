import { type Answer, answerStored, type OpenStore, storedSource } from "../compare/answer.ts";
import { arrange, compareNodes, type NodeProgress } from "../compare/compare.ts";
import { inSnapshot, type NodeSource } from "../compare/node-source.ts";
import type { Question } from "../compare/question.ts";
import type { FleetAccess } from "./access.ts";
import { labelsOf } from "./board-url.ts";
import { remoteSources } from "./remote-source.ts";

/** A node of this store, or of another board. */
export interface FleetNode {
  readonly name: string;
  readonly url: string | null;
}

export interface FleetHow {
  readonly open: OpenStore;
  readonly access: FleetAccess;
  readonly signal: AbortSignal;
  readonly nowMs: number;
  readonly onNode: (progress: NodeProgress) => void;
}

/**
 * Compares nodes of this store and of other boards. A board that cannot be reached, or refuses its token, is reported
 * in the rows of its nodes.
 *
 * @throws Failure (usage) for a node that the store, or its board, does not have.
 */
export async function answerFleet(
  nodes: readonly FleetNode[],
  question: Question,
  { open, access, signal, nowMs, onNode }: FleetHow,
): Promise<Answer> {
  if (nodes.every(({ url }) => url === null)) {
    const names = nodes.map(({ name }) => name);
    return await answerStored(open, names, question, nowMs, onNode);
  }
  using store = await open({ readonly: true });
  const labels = labelsOf(nodes);
  const sources: NodeSource[] = nodes
    .filter(({ url }) => url === null)
    .map(({ name }) => storedSource(store, name));
  const remote = nodes.flatMap(({ name, url }, index) =>
    url === null ? [] : [{ name, url, label: labels[index] ?? name }],
  );
  const { window, queryTimeout } = question;
  const told = await remoteSources(remote, { window, queryTimeout, access, store, signal, nowMs });
  const comparison = await inSnapshot(store.db, () =>
    compareNodes([...sources, ...told.sources], question, onNode),
  );
  const { sinceMs, untilMs } = window;
  return { ...arrange(comparison, labels, question.type), sinceMs, untilMs, cached: false, cache: null };
}
