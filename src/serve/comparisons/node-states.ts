import type { Database } from "bun:sqlite";
import { TIER_HOUR } from "../../nodes/store/rollup.ts";

/** What a node's figures depend on, at one moment. */
export type NodeState =
  | {
      readonly type: "stored";
      /** Increases with every batch of lines. */
      readonly version: number;
      /** Events stored since this process began to count. Jumps far up if some were removed, as after a merge. */
      readonly added: number;
      /** When its API's figures were last stored. */
      readonly snapshotMs: number | null;
    }
  | { readonly type: "remote"; readonly isReachable: boolean; readonly newestLine: string | null }
  | { readonly type: "unknown" };

interface Counted {
  readonly version: number;
  readonly lastBlock: number;
  readonly lastEvents: number;
  readonly added: number;
}

interface Row {
  readonly id: number;
  readonly version: number;
  readonly snapshotMs: number | null;
}

/** More events than any node has. */
const FAR_MORE = 2 ** 40;

type Block = { readonly id: number; readonly events: number };

/**
 * Identifies a node's figures in this store, so that a store with the same figures can be told from one that merely has
 * a node of the same name. Made of the node's version, its newest line, the number of its hours and all that the newest
 * hour contains.
 */
export function nodeMark(db: Database, name: string): string | null {
  const row = db
    .query<
      { version: number; newestMs: number | null; hours: number; summary: Uint8Array | null },
      [string, number]
    >(
      `SELECT version, newest_ms AS newestMs,
              (SELECT count(*) FROM rollup WHERE node_id = node.id AND tier = ?2) AS hours,
              (SELECT summary FROM rollup WHERE node_id = node.id AND tier = ?2 ORDER BY start_ms DESC LIMIT 1) AS summary
       FROM node WHERE name = ?1`,
    )
    .get(name, TIER_HOUR);
  if (row === null) return null;
  const { version, newestMs, hours, summary } = row;
  const newest = new Bun.CryptoHasher("sha256").update(summary ?? "").digest("hex");
  return JSON.stringify([version, newestMs, hours, newest]);
}

/**
 * The states of the nodes in the store. While nothing is written, the only query is PRAGMA data_version (about 15 µs),
 * at most once per turn of the event loop. After a write, only the new blocks are read.
 */
export class StoredStates {
  readonly #db: Database;
  readonly #counted = new Map<number, Counted>();
  readonly #states = new Map<string, NodeState>();
  #dataVersion = -1;
  /** Whether data_version was already read in this turn of the event loop. */
  #isPresent = false;

  constructor(db: Database) {
    this.#db = db;
  }

  of(name: string): NodeState {
    this.#look();
    return this.#known(name);
  }

  /** The states of several nodes, all at the same moment. */
  all(names: readonly string[]): NodeState[] {
    this.#look();
    return names.map((name) => this.#known(name));
  }

  /** Drops the known states if the store has changed. */
  #look(): void {
    if (this.#isPresent) return;
    this.#isPresent = true;
    setImmediate(() => {
      this.#isPresent = false;
    });
    const version =
      this.#db.query<{ data_version: number }, []>("PRAGMA data_version").get()?.data_version ?? 0;
    if (version !== this.#dataVersion) this.#states.clear();
    this.#dataVersion = version;
  }

  #known(name: string): NodeState {
    const known = this.#states.get(name);
    if (known !== undefined) return known;
    const state = this.#read(name);
    // Unknown names are not remembered: there is no limit to their number.
    if (state.type !== "unknown") this.#states.set(name, state);
    return state;
  }

  #read(name: string): NodeState {
    const row = this.#db
      .query<Row, [string]>(
        `SELECT id, version, (SELECT max(taken_ms) FROM node_snapshot WHERE node_id = node.id) AS snapshotMs
         FROM node WHERE name = ?`,
      )
      .get(name);
    if (row === null) return { type: "unknown" };
    const { id, version, snapshotMs } = row;
    const before = this.#counted.get(id);
    const counted = before?.version === version ? before : this.#count(id, version, before);
    this.#counted.set(id, counted);
    return { type: "stored", version, added: counted.added, snapshotMs };
  }

  #count(nodeId: number, version: number, before: Counted | undefined): Counted {
    if (before === undefined) {
      const last = this.#db
        .query<Block, [number]>(
          "SELECT id, events FROM event_block WHERE node_id = ? ORDER BY id DESC LIMIT 1",
        )
        .get(nodeId);
      return { version, lastBlock: last?.id ?? 0, lastEvents: last?.events ?? 0, added: 0 };
    }
    // The `+` keeps SQLite from using the node_id index and reading all of the node's blocks.
    const blocks = this.#db
      .query<Block, [number, number]>(
        "SELECT id, events FROM event_block WHERE id >= ? AND +node_id = ? ORDER BY id",
      )
      .all(before.lastBlock, nodeId);
    const isGone = before.lastBlock > 0 && blocks[0]?.id !== before.lastBlock;
    const events = blocks.reduce((sum, block) => sum + block.events, 0);
    const last = blocks.at(-1);
    return {
      version,
      lastBlock: last?.id ?? 0,
      lastEvents: last?.events ?? 0,
      added: before.added + (isGone ? FAR_MORE : events - before.lastEvents),
    };
  }
}
