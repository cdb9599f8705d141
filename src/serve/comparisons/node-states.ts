import type { Database } from "bun:sqlite";
import { TIER_HOUR } from "../../nodes/store/rollup.ts";

/** What a node's figures depend on, as it was at a moment. */
export type NodeState =
  | {
      readonly type: "stored";
      /** Goes up with every batch of lines. */
      readonly version: number;
      /** Events that were stored since this process began to count; far more where some went, as after a merge. */
      readonly added: number;
      /** When its API told something last. */
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

/** More than any node has. */
const FAR_MORE = 2 ** 40;

type Block = { readonly id: number; readonly events: number };

/**
 * What a node's figures in this store are, so that another store with the same ones is told from one that merely has a
 * node of that name: how many hours there are, and all that the newest one tells.
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
 * How nodes of the store stand. While nothing is written to the store it is asked for nothing but that
 * (PRAGMA data_version, some 15 µs), once in a turn of the event loop, however many ask in it; after a write, for the
 * blocks that are new.
 */
export class StoredStates {
  readonly #db: Database;
  readonly #counted = new Map<number, Counted>();
  readonly #states = new Map<string, NodeState>();
  #dataVersion = -1;
  /** Since it was asked in this turn. */
  #isPresent = false;

  constructor(db: Database) {
    this.#db = db;
  }

  of(name: string): NodeState {
    this.#look();
    return this.#known(name);
  }

  /** All of one moment. */
  all(names: readonly string[]): NodeState[] {
    this.#look();
    return names.map((name) => this.#known(name));
  }

  /** Forgets what may have changed. */
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
    // Names that the store has not are without number.
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
    // `+` keeps SQLite from reading all blocks of the node by its index.
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
