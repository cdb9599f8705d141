import type { Database } from "bun:sqlite";
import type { WatchMode } from "./watch.ts";

/** A watch, as other processes see it. */
export interface WatchRecord extends Disposable {
  mode(mode: WatchMode): void;
}

/** Records that a folder is watched, and how, for `nodupe status`; removed at the end. */
export function beginWatch(
  db: Database,
  watch: { readonly destinationId: number; readonly folder: string },
): WatchRecord {
  const { destinationId, folder } = watch;
  const write = (mode: string, reason: string | null): void => {
    db.query(
      "INSERT OR REPLACE INTO upload_watch (destination_id, pid, folder, mode, reason, since_ms) VALUES (?, ?, ?, ?, ?, ?)",
    ).run(destinationId, process.pid, folder, mode, reason, Date.now());
  };
  write("starting", null);
  return {
    mode: (mode) => write(mode.type, mode.type === "scanning" ? mode.reason : null),
    [Symbol.dispose]: () => {
      db.query("DELETE FROM upload_watch WHERE destination_id = ? AND pid = ?").run(
        destinationId,
        process.pid,
      );
    },
  };
}
