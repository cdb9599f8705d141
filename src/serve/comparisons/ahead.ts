import { wait } from "../../lib/wait.ts";
import type { ComparisonRequest } from "../schemas.ts";
import type { Comparisons } from "./comparisons.ts";

const HOUR_MS = 3_600_000;
/** The page's first questions compare all nodes over one of these ranges. */
const RANGES_MS = [24 * HOUR_MS, 7 * 24 * HOUR_MS, 30 * 24 * HOUR_MS] as const;
/** The most nodes in one question. */
const MOST_NODES = 20;
/** How often to check for outdated answers; a check takes microseconds while nothing is written. */
const LOOK_MS = 1_000;
/** How long there must have been no questions before computing ahead. */
const IDLE_MS = 1_000;
/**
 * The least time between two computations of a question: one with an unreadable node would otherwise be computed over
 * and over.
 */
const AGAIN_MS = 30_000;
/** The largest share of a core to spend on answers that may never be needed. */
const MOST_SHARE = 0.05;

/** The questions to keep answered; empty if there are fewer than two nodes, or too many. */
function commonQuestions(nodes: readonly string[]): readonly ComparisonRequest[] {
  if (nodes.length < 2 || nodes.length > MOST_NODES) return [];
  return RANGES_MS.map((lastMs) => ({ names: nodes, lastMs, type: "overall" }));
}

/**
 * Computes the common questions in advance, one at a time and only while nobody is asking, so that the page finds its
 * first answers ready. An answer is recomputed when enough has changed (freshness.ts).
 */
export async function computeAhead(comparisons: Comparisons, signal: AbortSignal): Promise<void> {
  let pauseMs = LOOK_MS;
  let computedMs = new Map<string, number>();
  while (await wait(pauseMs, signal)) {
    pauseMs = LOOK_MS;
    if (comparisons.idleMs < IDLE_MS) continue;
    const questions = commonQuestions(comparisons.allNodes());
    comparisons.keepReady(questions);
    const keys = new Set(questions.map((question) => JSON.stringify(question)));
    computedMs = new Map([...computedMs].filter(([key]) => keys.has(key)));
    for (const question of questions) {
      const key = JSON.stringify(question);
      const startedMs = performance.now();
      if (startedMs - (computedMs.get(key) ?? -Infinity) < AGAIN_MS) continue;
      if (!(await comparisons.computeAhead(question))) continue;
      computedMs.set(key, startedMs);
      pauseMs = Math.max(LOOK_MS, (performance.now() - startedMs) / MOST_SHARE);
      break;
    }
  }
}
