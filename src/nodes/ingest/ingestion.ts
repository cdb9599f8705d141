import type { Database } from "bun:sqlite";
import { deleteNode, leaseNode, type NodeRow, releaseNode, SatelliteIds } from "../store/node-store.ts";
import { hoursText } from "../store/damage.ts";
import { latestSnapshot } from "../store/node-snapshot.ts";
import { HOUR_MS } from "../log/vocabulary.ts";
import type { PairingSettings } from "./options.ts";
import { loadPairState, type PairState } from "./pair-state.ts";
import { pruneEvents } from "./retention.ts";
import { BatchWriter } from "./write.ts";

/**
 * SQLite moves its write-ahead log into the database at this many pages, which takes two syncs. 16 MB is four times its
 * default: an ingest of a million operations then waits for the disk only at its end.
 */
const CHECKPOINT_PAGES = 4_000;
/** Pruning is considered whenever the log's own time has advanced by this much. */
const PRUNE_EVERY_MS = 6 * HOUR_MS;

export interface IngestionOptions extends PairingSettings {
  /** How long events are kept; forever if not given. */
  readonly eventRetention?: number;
  /** Called with a line that says which of the node's data in the store is damaged, and what is done about it. */
  readonly onDamage?: (line: string) => void;
}

/** A node that this process ingests into. Holds the node's lease until disposed. */
export class Ingestion implements Disposable {
  readonly db: Database;
  readonly node: NodeRow;
  readonly state: PairState;
  readonly writer: BatchWriter;
  readonly satellites: SatelliteIds;
  readonly limits: PairingSettings;
  /** The number of events deleted so far for being older than the retention. */
  pruned = 0;
  readonly #isNew: boolean;
  readonly #retentionMs: number;
  readonly #tellDamage: (line: string) => void;
  #isUsed = false;
  #prunedAtMs = -Infinity;

  constructor(db: Database, name: string, options: IngestionOptions) {
    this.db = db;
    db.run(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
    // Neither a lease nor a node without lines has to outlast a power cut.
    this.setDurable(false);
    const { isNew, ...node } = leaseNode(db, name);
    this.node = node;
    this.#isNew = isNew;
    this.#tellDamage = options.onDamage ?? (() => undefined);
    this.state = this.#loadState();
    this.writer = new BatchWriter(db, node, (startMs) =>
      this.#tellDamage(
        `the store's figures of ${name} for ${hoursText([startMs])} are damaged: the hour is left with what is read from now on`,
      ),
    );
    this.satellites = new SatelliteIds(db);
    this.limits = options;
    this.#retentionMs = options.eventRetention ?? Infinity;
  }

  /**
   * Whether each commit must be on disk before the next line is read. A power cut may lose lines that can be read
   * again: the checkpoint is in the same transaction, so it is lost with them. Lines from a pipe cannot be read again.
   */
  setDurable(isLive: boolean): void {
    this.db.run(`PRAGMA synchronous = ${isLive ? "FULL" : "NORMAL"}`);
  }

  #loadState(): PairState {
    const { isDamaged, ...state } = loadPairState(this.db, this.node.id);
    if (isDamaged)
      this.#tellDamage(
        `what the store has of operations in flight of ${this.node.name} is damaged: their ends count without a duration`,
      );
    return state;
  }

  /** Reports that events of these hours cannot be read, so that it is unknown which lines they were. */
  tellDamagedEvents(startsMs: readonly number[]): void {
    this.#tellDamage(
      `events of ${this.node.name} in ${hoursText(startsMs)} are damaged in the store: lines of that time are taken for known`,
    );
  }

  /** Something was understood, so the node is kept. */
  markUsed(): void {
    this.#isUsed = true;
  }

  /** Prunes if the log has advanced far enough since the last time; lines of `readingMs` and later may still come. */
  pruneAlong(readingMs: number): void {
    if (readingMs < this.#prunedAtMs + PRUNE_EVERY_MS) return;
    this.#prunedAtMs = readingMs;
    this.prune(readingMs);
  }

  /** Deletes events older than the retention. `readingMs` is null if every line of the sources was read. */
  prune(readingMs: number | null): void {
    if (this.#retentionMs === Infinity) return;
    const options = { retentionMs: this.#retentionMs, readingMs, nowMs: Date.now() };
    const pruned = pruneEvents(this.db, this.node.id, options);
    this.pruned += pruned;
    // The block being filled may be among the deleted ones.
    if (pruned > 0) this.writer.startFile();
  }

  /**
   * Releases the lease. A node created for sources of which nothing was understood is deleted, unless its API has
   * reported something in the meantime.
   */
  [Symbol.dispose](): void {
    const isEmpty = this.#isNew && !this.#isUsed && latestSnapshot(this.db, this.node.id) === null;
    if (isEmpty) deleteNode(this.db, this.node.id);
    else releaseNode(this.db, this.node.id);
  }
}
