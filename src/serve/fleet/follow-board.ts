import type { BoardStanding, RemoteBoard } from "../../board/fleet.ts";

/** The result of polling a board. */
export type Heard =
  | { readonly type: "told"; readonly told: RemoteBoard }
  | { readonly type: "lost"; readonly reason: string };

export interface Followed {
  readonly standing: BoardStanding;
  /** Failed polls in a row. */
  readonly misses: number;
}

export interface FollowStep {
  readonly followed: Followed;
  /** Time until the next poll. */
  readonly pauseMs: number;
  /** The board has become unreachable or reachable, or is unreachable for another reason than before. */
  readonly isTurn: boolean;
}

const EVERY_MS = 15_000;
const LONGEST_PAUSE_MS = 60_000;

/** A board's state after a poll, and when to poll next. While it is unreachable, its last answer is kept. */
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
