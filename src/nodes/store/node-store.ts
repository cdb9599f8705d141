import type { Database } from "bun:sqlite";
import type { NodeRow as StoredNode } from "../../db/tables/nodes.ts";
import { readFileSync } from "node:fs";
import { Failure } from "../../lib/errors.ts";

/** A node in the store. */
/** The columns that nearly every caller needs. */
export type NodeRow = Readonly<Pick<StoredNode, "id" | "name" | "version" | "newestMs">>;

const COLUMNS = "id, name, version, newest_ms AS newestMs";

export function findNode(db: Database, name: string): NodeRow | null {
  return db.query<NodeRow, [string]>(`SELECT ${COLUMNS} FROM node WHERE name = ?`).get(name);
}

/** All nodes, by name. */
export function allNodes(db: Database): NodeRow[] {
  return db.query<NodeRow, []>(`SELECT ${COLUMNS} FROM node ORDER BY name`).all();
}

export function nodeNames(db: Database): string[] {
  return db
    .query<{ name: string }, []>("SELECT name FROM node ORDER BY name")
    .all()
    .map((row) => row.name);
}

/** Distinguishes this process from a later one with the same pid: its start, in clock ticks since boot. */
function processMark(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? null;
  } catch {
    return null;
  }
}

interface Lease {
  pid: number | null;
  mark: string | null;
}

/** Finds or creates the node. */
export function ensureNode(db: Database, name: string): NodeRow {
  db.query("INSERT INTO node (name) VALUES (?) ON CONFLICT DO NOTHING").run(name);
  const row = findNode(db, name);
  if (row === null) throw new Error(`Cannot find node ${name} that was just made`);
  return row;
}

/**
 * Takes the node's lease. Operations in flight are in the memory of one process, so only one process at a time ingests
 * into a node. The lease of a process that no longer exists is taken over.
 *
 * @throws Failure if another process has it.
 */
export function takeLease(db: Database, node: NodeRow): void {
  const held = db
    .query<Lease, [number]>("SELECT lease_pid AS pid, lease_mark AS mark FROM node WHERE id = ?")
    .get(node.id);
  if (held?.pid != null && held.pid !== process.pid && processMark(held.pid) === held.mark) {
    throw new Failure(
      "failed",
      `process ${held.pid} is already ingesting into node ${node.name} of this store; wait for it, or stop it first`,
    );
  }
  db.query("UPDATE node SET lease_pid = ?, lease_mark = ? WHERE id = ?").run(
    process.pid,
    processMark(process.pid),
    node.id,
  );
}

/** Finds or creates the node and takes its lease; `isNew` if it was created. */
export function leaseNode(db: Database, name: string): NodeRow & { readonly isNew: boolean } {
  const lease = db.transaction(() => {
    const isNew = findNode(db, name) === null;
    const node = ensureNode(db, name);
    takeLease(db, node);
    return { ...node, isNew };
  });
  return lease.immediate();
}

export function releaseNode(db: Database, nodeId: number): void {
  db.query("UPDATE node SET lease_pid = NULL, lease_mark = NULL WHERE id = ? AND lease_pid = ?").run(
    nodeId,
    process.pid,
  );
}

/** Deletes a node and all its data; satellites, which nodes share, stay. */
export function deleteNode(db: Database, nodeId: number): void {
  for (const table of ["event_block", "rollup", "packed_day", "fact", "log_file", "node_snapshot"])
    db.query(`DELETE FROM ${table} WHERE node_id = ?`).run(nodeId);
  db.query("DELETE FROM node WHERE id = ?").run(nodeId);
  forgetComparisons(db, nodeId);
}

/** Drops cached comparisons that used a node's earlier figures. */
export function forgetComparisons(db: Database, nodeId: number): void {
  db.query("DELETE FROM compare_cache WHERE instr(nodes, ?) > 0").run(`,${nodeId},`);
}

/** Events store a satellite in two bytes. Only hostile logs name more satellites; the further ones count as none. */
const MAX_SATELLITE_ID = 0xffff;

/** Maps satellite names to the store's IDs, with a cache. The parser's index 0 (none) is ID 0. */
export class SatelliteIds {
  readonly #db: Database;
  readonly #ids = new Map<string, number>([["", 0]]);

  constructor(db: Database) {
    this.#db = db;
  }

  idOf(name: string): number {
    const known = this.#ids.get(name);
    if (known !== undefined) return known;
    this.#db.query("INSERT INTO satellite (name) VALUES (?) ON CONFLICT DO NOTHING").run(name);
    const row = this.#db.query<{ id: number }, [string]>("SELECT id FROM satellite WHERE name = ?").get(name);
    const id = row === null || row.id > MAX_SATELLITE_ID ? 0 : row.id;
    this.#ids.set(name, id);
    return id;
  }

  idsOf(names: readonly string[]): number[] {
    return names.map((name) => this.idOf(name));
  }
}
