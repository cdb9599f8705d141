import { wait } from "../../lib/wait.ts";
import type { ComparisonRequest } from "../schemas.ts";
import type { Comparisons } from "./comparisons.ts";

const HOUR_MS = 3_600_000;
/** What the page asks first: all nodes, over these. */
const RANGES_MS = [24 * HOUR_MS, 7 * 24 * HOUR_MS, 30 * 24 * HOUR_MS] as const;
/** As many as one question may have. */
const MOST_NODES = 20;
/** How often it is looked whether an answer is out of date; that costs microseconds while nothing is written. */
const LOOK_MS = 1_000;
/** Nobody has asked anything for so long. */
const IDLE_MS = 1_000;
/** No question is computed again sooner: one whose nodes cannot be read would be for ever. */
const AGAIN_MS = 30_000;
/** The share of a core that answers which nobody may ask are worth. */
const MOST_SHARE = 0.05;

/** The questions that are kept answered; none where there is nothing to compare. */
function commonQuestions(nodes: readonly string[]): readonly ComparisonRequest[] {
  if (nodes.length < 2 || nodes.length > MOST_NODES) return [];
  return RANGES_MS.map((lastMs) => ({ names: nodes, lastMs, type: "overall" }));
}

/**
 * Keeps the common questions answered, one at a time, while nobody asks: whoever opens the page finds them computed. An
 * answer is computed anew when enough has changed (freshness.ts).
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
