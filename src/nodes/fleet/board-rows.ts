import type { Database } from "bun:sqlite";
import type { FleetBoardRow } from "../../db/tables/fleet.ts";

/** The ID of a board's row, which is created if there is none. */
export function boardRow(db: Database, url: string): number {
  db.query("INSERT INTO fleet_board (url) VALUES (?) ON CONFLICT DO NOTHING").run(url);
  const row = db.query<{ id: number }, [string]>("SELECT id FROM fleet_board WHERE url = ?").get(url);
  if (row === null) throw new Error("Cannot find a board that was just made");
  return row.id;
}

/** Marks exactly these boards as followed. */
export function followBoards(db: Database, urls: readonly string[]): void {
  const write = db.transaction(() => {
    db.query("UPDATE fleet_board SET followed = 0 WHERE followed = 1").run();
    for (const url of urls)
      db.query("UPDATE fleet_board SET followed = 1 WHERE id = ?").run(boardRow(db, url));
  });
  write.immediate();
}

export type FollowedBoard = Pick<FleetBoardRow, "url" | "toldMs" | "lostMs" | "reason" | "overview">;

export function noteBoard(db: Database, { url, toldMs, lostMs, reason, overview }: FollowedBoard): void {
  const write = db.transaction(() => {
    db.query("UPDATE fleet_board SET told_ms = ?, lost_ms = ?, reason = ?, overview = ? WHERE id = ?").run(
      toldMs,
      lostMs,
      reason,
      overview,
      boardRow(db, url),
    );
  });
  write.immediate();
}

/** The followed boards by URL, with what each last reported about itself. */
export function followedBoards(db: Database): readonly FollowedBoard[] {
  return db
    .query<FollowedBoard, []>(
      `SELECT url, told_ms AS toldMs, lost_ms AS lostMs, reason, overview FROM fleet_board
       WHERE followed = 1 ORDER BY url`,
    )
    .all();
}
