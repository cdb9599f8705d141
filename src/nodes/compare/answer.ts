import type { Store } from "../../db/open.ts";
import { Failure } from "../../lib/errors.ts";
import { didYouMean } from "../../lib/nearest.ts";
import { arrange, type Comparison, compareNodes, type NodeProgress } from "./compare.ts";
import { type CacheCounts, StoredCache } from "./compare-cache.ts";
import { databaseSource, inSnapshot, type NodeSource } from "./node-source.ts";
import { findNode, type NodeRow, nodeNames } from "../store/node-store.ts";
import type { Question } from "./question.ts";

/** Opens a connection to the store; the caller disposes of it. */
export type OpenStore = (how: { readonly: boolean }) => Promise<Store>;

export interface Answer extends Comparison {
  readonly rankings: Readonly<Record<string, readonly string[]>>;
  readonly sinceMs: number;
  readonly untilMs: number;
  readonly cached: boolean;
  readonly cache: CacheCounts | null;
}

/** The node with that name. @throws Failure (usage) if there is none; it suggests the nearest name, or lists all. */
export function requireNode(store: Store, name: string): NodeRow {
  const node = findNode(store.db, name);
  if (node !== null) return node;
  const known = nodeNames(store.db);
  const hint = didYouMean(name, known);
  const expected =
    known.length === 0 ? "it has none yet; see nodupe ingest" : `expected one of ${known.join(", ")}`;
  throw new Failure("usage", `no node ${name} in the store${hint === "" ? `: ${expected}` : hint}`);
}

/** A comparison's source for a node of an open store. */
export function storedSource(store: Store, name: string): NodeSource {
  return databaseSource(name, { db: store.db, nodeId: requireNode(store, name).id });
}

/** A cached comparison, with the window it was computed for. */
interface Cached {
  readonly comparison: Comparison;
  readonly sinceMs: number;
  readonly untilMs: number;
}

/**
 * Raised whenever the content of a comparison changes, so that an upgraded program does not read answers of an older
 * one.
 */
const FORM = 3;

/** The names (in any order), the type, the range, and everything else that changes the figures. */
function cacheKey(names: readonly string[], question: Question): string {
  const { type, rangeName, window, minGap, minLatencyGap, pairs } = question;
  const { egressUsd, repairUsd, auditUsd, storageUsd } = question;
  const range = rangeName === "custom" ? [window.sinceMs, window.untilMs] : rangeName;
  const rates = [egressUsd, repairUsd, auditUsd, storageUsd];
  return JSON.stringify([FORM, names.toSorted(), type, range, rates, minGap, minLatencyGap, pairs]);
}

/**
 * Compares nodes of the store, or returns an answer that any process computed less than the TTL ago. The window of a
 * cached answer is the one it was computed for.
 *
 * @throws Failure (usage) for a name that is not in the store.
 */
export async function answerStored(
  open: OpenStore,
  names: readonly string[],
  question: Question,
  nowMs: number,
  onNode: ((progress: NodeProgress) => void) | null = null,
): Promise<Answer> {
  const key = cacheKey(names, question);
  using store = await open({ readonly: true });
  // Roll-ups are read once, in order: caching their pages would gain nothing.
  store.db.run("PRAGMA cache_size = -256");
  const nodes = names.map((name) => requireNode(store, name));
  const stored = question.cacheTtl > 0 ? new StoredCache(store.db, question) : null;
  const found = stored?.get(key, nowMs) ?? null;
  const cached = found === null ? null : (JSON.parse(found) as Cached);
  const answer: Cached = cached ?? {
    comparison: await inSnapshot(store.db, () =>
      compareNodes(
        nodes.map(({ id, name }) => databaseSource(name, { db: store.db, nodeId: id })),
        question,
        onNode,
      ),
    ),
    sinceMs: question.window.sinceMs,
    untilMs: question.window.untilMs,
  };
  if (stored !== null) {
    const isWhole = answer.comparison.nodes.every((node) => node.error === null);
    if (cached !== null) stored.note(key, nowMs, null);
    else if (isWhole) {
      const body = JSON.stringify(answer);
      stored.note(key, nowMs, {
        body,
        nodeIds: nodes.map(({ id }) => id),
        versions: nodes.map(({ version }) => version),
      });
    }
  }
  return {
    ...arrange(answer.comparison, names, question.type),
    sinceMs: answer.sinceMs,
    untilMs: answer.untilMs,
    cached: cached !== null,
    cache: stored?.counts() ?? null,
  };
}
