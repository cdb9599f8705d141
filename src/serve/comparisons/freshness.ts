import type { NodeState } from "./node-states.ts";

/** What an answer was computed from. */
export interface Basis {
  readonly computedMs: number;
  /** Where its window begins: the next hour has another one. */
  readonly sinceMs: number;
  readonly lastMs: number;
  readonly nodes: readonly { readonly state: NodeState; readonly operations: number }[];
  /** Kept ready by this process, and so for longer than what somebody happened to ask. */
  readonly isReady: boolean;
}

/** How things stand when the question is asked again. */
export interface Present {
  readonly nowMs: number;
  readonly sinceMs: number;
  readonly states: readonly NodeState[];
}

/** So small a share of new events moves no figure that is shown. */
const SMALL_SHARE = 0.001;
/** A window's answer that is kept ready is of use for this share of it, if little is new: 2 minutes of a day. */
const READY_SHARE = 1 / 720;

type Change = "none" | "small" | "large";

function changeOf(before: NodeState, now: NodeState, operations: number): Change {
  if (before.type === "remote" && now.type === "remote") {
    // What another board ingests is known here by its newest line alone.
    if (before.isReachable !== now.isReachable) return "large";
    return before.newestLine === now.newestLine ? "none" : "small";
  }
  if (before.type !== "stored" || now.type !== "stored") return "large";
  if (before.snapshotMs !== now.snapshotMs) return "large";
  if (before.version === now.version) return "none";
  const added = now.added - before.added;
  // Something else than events has changed, and nothing tells how much.
  if (!(added > 0)) return "large";
  return added <= operations * SMALL_SHARE ? "small" : "large";
}

/** Whether an answer still holds. Pure. */
export function isFresh(basis: Basis, { nowMs, sinceMs, states }: Present, ttlMs: number): boolean {
  const changes = basis.nodes.map(({ state, operations }, at) =>
    changeOf(state, states[at] ?? { type: "unknown" }, operations),
  );
  if (changes.includes("large")) return false;
  const ageMs = nowMs - basis.computedMs;
  // A clock that was set back makes no answer younger.
  if (ageMs >= 0 && ageMs < ttlMs) return true;
  if (!basis.isReady || ageMs < 0 || basis.sinceMs !== sinceMs) return false;
  return changes.every((change) => change === "none") || ageMs < basis.lastMs * READY_SHARE;
}
