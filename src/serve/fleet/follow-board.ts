import type { BoardStanding, RemoteBoard } from "../../board/fleet.ts";

/** What became of a question to a board. */
export type Heard =
  | { readonly type: "told"; readonly told: RemoteBoard }
  | { readonly type: "lost"; readonly reason: string };

export interface Followed {
  readonly standing: BoardStanding;
  /** Questions in a row that brought no answer. */
  readonly misses: number;
}

export interface FollowStep {
  readonly followed: Followed;
  /** Until it is asked again. */
  readonly pauseMs: number;
  /** It has gone, has come back, or is away for another reason. */
  readonly isTurn: boolean;
}

const EVERY_MS = 15_000;
const LONGEST_PAUSE_MS = 60_000;

/** How a board stands after one more question, and when it is asked the next one. What it told stays while it is away. */
export function followStep({ standing, misses }: Followed, heard: Heard, nowMs: number): FollowStep {
  if (heard.type === "told") {
    const isTurn = standing.lostMs !== null || standing.told === null;
    const here = { ...standing, told: heard.told, toldMs: nowMs, lostMs: null, reason: null };
    return { followed: { standing: here, misses: 0 }, pauseMs: EVERY_MS, isTurn };
  }
  const { reason } = heard;
  const away = { ...standing, lostMs: standing.lostMs ?? nowMs, reason };
  return {
    followed: { standing: away, misses: misses + 1 },
    pauseMs: Math.min(LONGEST_PAUSE_MS, EVERY_MS * 2 ** Math.min(misses, 8)),
    isTurn: standing.lostMs === null || standing.reason !== reason,
  };
}
