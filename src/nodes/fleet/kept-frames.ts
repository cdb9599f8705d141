import type { Database } from "bun:sqlite";
import { openRow, sealBlob } from "../../db/sealed-blob.ts";
import type { FleetNodeRow } from "../../db/tables/fleet.ts";
import { HOUR_MS } from "../log/vocabulary.ts";
import type { StoredRollup, Window } from "../compare/load.ts";
import type { RemoteNode } from "./board-url.ts";
import { boardRow } from "./board-rows.ts";
import { nodeAbout } from "./frame-codec.ts";
import type { NodeAbout, NodeFrame } from "./node-frame.ts";

/** Hours of other boards' nodes are kept as long as a comparison over a month needs them. */
const KEPT_MS = 35 * 24 * HOUR_MS;

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

/** Whether both number satellites alike: a board with a new store numbers them anew. */
function areNumberedAlike(before: NodeAbout["satellites"], now: NodeAbout["satellites"]): boolean {
  const names = new Map(now);
  return before.every(([id, name]) => (names.get(id) ?? name) === name);
}

function aboutOf(text: string): NodeAbout | null {
  const parsed = nodeAbout.safeParse(JSON.parse(text));
  return parsed.success ? parsed.data : null;
}

function nodeRow(db: Database, { url, name }: RemoteNode): FleetNodeRow | null {
  return db
    .query<FleetNodeRow, [string, string]>(
      `SELECT n.id, n.board_id AS boardId, n.name, n.taken_ms AS takenMs, n.about
       FROM fleet_node n JOIN fleet_board b ON b.id = n.board_id WHERE b.url = ? AND n.name = ?`,
    )
    .get(url, name);
}

/** Must run inside a transaction. */
function replaceHours(db: Database, nodeId: number, { hours }: NodeFrame, window: Window): void {
  const known = db
    .query<StoredRollup, [number, number, number]>(
      "SELECT start_ms AS startMs, summary, cells FROM fleet_rollup WHERE node_id = ? AND start_ms >= ? AND start_ms < ?",
    )
    .all(nodeId, window.sinceMs, window.untilMs);
  const intact = known.filter((hour) => openRow(hour, ["summary", "cells"]));
  const before = new Map(intact.map((hour) => [hour.startMs, hour]));
  const put = db.query(
    "INSERT OR REPLACE INTO fleet_rollup (node_id, start_ms, summary, cells) VALUES (?, ?, ?, ?)",
  );
  for (const { startMs, summary, cells } of hours) {
    const old = before.get(startMs);
    before.delete(startMs);
    // Nearly all hours are unchanged: do not wear out an SD card for them.
    if (old !== undefined && sameBytes(old.summary, summary) && sameBytes(old.cells, cells)) continue;
    put.run(nodeId, startMs, sealBlob(summary), sealBlob(cells));
  }
  const drop = db.query("DELETE FROM fleet_rollup WHERE node_id = ? AND start_ms = ?");
  for (const startMs of before.keys()) drop.run(nodeId, startMs);
}

/**
 * Keeps what a board reported about a node, for when that board cannot be reached. Only whole hours are kept, so
 * `window` must consist of whole hours. Best effort: nothing is kept if another process is writing.
 */
export function keepFrame(
  db: Database,
  node: RemoteNode,
  { frame, window, nowMs }: { readonly frame: NodeFrame; readonly window: Window; readonly nowMs: number },
): void {
  const write = db.transaction(() => {
    const known = nodeRow(db, node);
    const about = JSON.stringify(frame.about);
    const nodeId =
      known?.id ??
      db
        .query<{ id: number }, [number, string, number, string]>(
          "INSERT INTO fleet_node (board_id, name, taken_ms, about) VALUES (?, ?, ?, ?) RETURNING id",
        )
        .get(boardRow(db, node.url), node.name, nowMs, about)?.id;
    if (nodeId === undefined) throw new Error("Cannot keep a node of another board");
    const before = known === null ? null : aboutOf(known.about);
    if (before === null || !areNumberedAlike(before.satellites, frame.about.satellites))
      db.query("DELETE FROM fleet_rollup WHERE node_id = ?").run(nodeId);
    db.query("UPDATE fleet_node SET taken_ms = ?, about = ? WHERE id = ?").run(nowMs, about, nodeId);
    replaceHours(db, nodeId, frame, window);
    db.query("DELETE FROM fleet_rollup WHERE node_id = ? AND start_ms < ?").run(nodeId, nowMs - KEPT_MS);
  });
  write.immediate();
}

/** What a board last reported about a node; null if it never did, or has nothing in this window. */
export function keptFrame(
  db: Database,
  node: RemoteNode,
  window: Window,
): { readonly frame: NodeFrame; readonly takenMs: number } | null {
  const known = nodeRow(db, node);
  const about = known === null ? null : aboutOf(known.about);
  if (known === null || about === null) return null;
  const hours = db
    .query<StoredRollup, [number, number, number]>(
      "SELECT start_ms AS startMs, summary, cells FROM fleet_rollup WHERE node_id = ? AND start_ms >= ? AND start_ms < ? ORDER BY start_ms",
    )
    .all(known.id, window.sinceMs, window.untilMs)
    .filter((hour) => openRow(hour, ["summary", "cells"]));
  return hours.length === 0 ? null : { frame: { about, hours }, takenMs: known.takenMs };
}
