import type { NodeState } from "./node-states.ts";

/** What an answer was computed from. */
export interface Basis {
  readonly computedMs: number;
  /** The start of its window, which moves on with every hour. */
  readonly sinceMs: number;
  readonly lastMs: number;
  readonly nodes: readonly { readonly state: NodeState; readonly operations: number }[];
  /** Computed ahead by this process: kept for longer than other answers. */
  readonly isReady: boolean;
}

/** The present state, when the question is asked again. */
export interface Present {
  readonly nowMs: number;
  readonly sinceMs: number;
  readonly states: readonly NodeState[];
}

/** New events up to this share change no displayed figure. */
const SMALL_SHARE = 0.001;
/** With few new events, an answer computed ahead stays usable for this share of its window: 2 minutes for a day. */
const READY_SHARE = 1 / 720;

type Change = "none" | "small" | "large";

function changeOf(before: NodeState, now: NodeState, operations: number): Change {
  if (before.type === "remote" && now.type === "remote") {
    // The newest line is all that is known here of another board's ingesting.
    if (before.isReachable !== now.isReachable) return "large";
    return before.newestLine === now.newestLine ? "none" : "small";
  }
  if (before.type !== "stored" || now.type !== "stored") return "large";
  if (before.snapshotMs !== now.snapshotMs) return "large";
  if (before.version === now.version) return "none";
  const added = now.added - before.added;
  // Something other than events has changed, and there is no telling how much.
  if (!(added > 0)) return "large";
  return added <= operations * SMALL_SHARE ? "small" : "large";
}

/** Whether an answer is still valid. Pure. */
export function isFresh(basis: Basis, { nowMs, sinceMs, states }: Present, ttlMs: number): boolean {
  const changes = basis.nodes.map(({ state, operations }, at) =>
    changeOf(state, states[at] ?? { type: "unknown" }, operations),
  );
  if (changes.includes("large")) return false;
  const ageMs = nowMs - basis.computedMs;
  // If the clock was set back, the age is negative and says nothing.
  if (ageMs >= 0 && ageMs < ttlMs) return true;
  if (!basis.isReady || ageMs < 0 || basis.sinceMs !== sinceMs) return false;
  return changes.every((change) => change === "none") || ageMs < basis.lastMs * READY_SHARE;
}
