import type { Database } from "bun:sqlite";
import { intact, openBlob } from "../../db/sealed-blob.ts";
import { DAY_MS, HOUR_MS } from "../log/vocabulary.ts";
import { TIER_DAY } from "./rollup.ts";

/** Something stored for a node that is not what was written. */
export interface DamagedPart {
  readonly node_name: string;
  readonly part: "events" | "hour" | "day" | "operations_in_flight" | "checkpoint" | "kept_hour";
  /** The time of its data; null if it has none. */
  readonly since: string | null;
  readonly until: string | null;
}

const SHOWN_HOURS = 3;

function momentText(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

/** Names hours: `the hour from 2026-01-01 05:00 UTC`, or `12 hours (from 2026-01-01 05:00 UTC, …)`. */
export function hoursText(startsMs: readonly number[]): string {
  const starts = [...new Set(startsMs)].toSorted((a, b) => a - b);
  const shown = starts.slice(0, SHOWN_HOURS).map(momentText);
  if (starts.length === 1) return `the hour from ${shown.join()}`;
  return `${starts.length} hours (from ${shown.join(", ")}${starts.length > SHOWN_HOURS ? ", …" : ""})`;
}

function isDamaged(...blobs: readonly Uint8Array[]): boolean {
  return intact(() => blobs.map(openBlob)) === null;
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

interface Named {
  readonly name: string;
}

/** Checks every stored blob of every node, with one row at a time in memory. */
export function* damagedParts(db: Database): Generator<DamagedPart> {
  const blocks = db
    .query<Named & { fromMs: number; untilMs: number; columns: Uint8Array; keys: Uint8Array }, []>(
      `SELECT name, from_ms AS fromMs, until_ms AS untilMs, columns, keys FROM event_block
       JOIN node ON node.id = node_id ORDER BY name, from_ms`,
    )
    .iterate();
  for (const { name, fromMs, untilMs, columns, keys } of blocks)
    if (isDamaged(columns, keys))
      yield { node_name: name, part: "events", since: iso(fromMs), until: iso(untilMs) };
  const rollups = db
    .query<Named & { tier: number; startMs: number; summary: Uint8Array; cells: Uint8Array }, []>(
      `SELECT name, tier, start_ms AS startMs, summary, cells FROM rollup
       JOIN node ON node.id = node_id ORDER BY name, tier, start_ms`,
    )
    .iterate();
  for (const { name, tier, startMs, summary, cells } of rollups) {
    if (!isDamaged(summary, cells)) continue;
    const isDay = tier === TIER_DAY;
    const until = iso(startMs + (isDay ? DAY_MS : HOUR_MS));
    yield { node_name: name, part: isDay ? "day" : "hour", since: iso(startMs), until };
  }
  const nodes = db.query<Named & { open: Uint8Array }, []>(
    "SELECT name, open FROM node WHERE open IS NOT NULL ORDER BY name",
  );
  for (const { name, open } of nodes.iterate())
    if (isDamaged(open)) yield { node_name: name, part: "operations_in_flight", since: null, until: null };
  const files = db.query<Named & { recent: Uint8Array }, []>(
    "SELECT name, recent FROM log_file JOIN node ON node.id = node_id ORDER BY name",
  );
  for (const { name, recent } of files.iterate())
    if (isDamaged(recent)) yield { node_name: name, part: "checkpoint", since: null, until: null };
  const kept = db.query<Named & { startMs: number; summary: Uint8Array; cells: Uint8Array }, []>(
    `SELECT name || '@' || url AS name, start_ms AS startMs, summary, cells FROM fleet_rollup
     JOIN fleet_node AS node ON node.id = node_id JOIN fleet_board AS board ON board.id = board_id ORDER BY 1, 2`,
  );
  for (const { name, startMs, summary, cells } of kept.iterate())
    if (isDamaged(summary, cells))
      yield { node_name: name, part: "kept_hour", since: iso(startMs), until: iso(startMs + HOUR_MS) };
}
