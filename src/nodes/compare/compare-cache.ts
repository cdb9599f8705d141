import type { Database } from "bun:sqlite";
import { isBusy } from "../../db/busy.ts";
import type { CompareSettings } from "./options.ts";

type CacheLimits = Pick<CompareSettings, "cacheTtl" | "cacheEntries">;

export interface CacheCounts {
  readonly hits: number;
  readonly misses: number;
}

/**
 * Results by question, kept in the store for all processes that use it. An ingest deletes the results it makes out of
 * date in the same transaction (see forgetComparisons). Writing is best effort: it waits 20 ms for another writer, and
 * never for the disk.
 */
export class StoredCache {
  readonly #db: Database;
  readonly #limits: CacheLimits;

  constructor(db: Database, limits: CacheLimits) {
    this.#db = db;
    this.#limits = limits;
  }

  get(key: string, nowMs: number): string | null {
    const row = this.#db
      .query<{ body: string; createdMs: number }, [string]>(
        "SELECT body, created_ms AS createdMs FROM compare_cache WHERE key = ?",
      )
      .get(key);
    // If the clock was set back, a result from the future is not fresh.
    const isFresh = row !== null && nowMs >= row.createdMs && nowMs - row.createdMs < this.#limits.cacheTtl;
    return isFresh ? row.body : null;
  }

  /**
   * Counts the question and keeps its answer (null: the answer came from this cache). Does nothing if another process
   * writes for longer than 20 ms.
   */
  note(
    key: string,
    nowMs: number,
    answer: { body: string; nodeIds: readonly number[]; versions: readonly number[] } | null,
  ): void {
    const { cacheEntries: entries, cacheTtl: ttlMs } = this.#limits;
    const db = this.#db;
    // The connection may have been opened for reading only.
    db.run("PRAGMA query_only = OFF");
    db.run("PRAGMA busy_timeout = 20");
    db.run("PRAGMA synchronous = NORMAL");
    const write = db.transaction(() => {
      const [hit, miss] = answer === null ? [1, 0] : [0, 1];
      db.query(
        "INSERT INTO compare_count (id, hits, misses) VALUES (1, ?, ?) ON CONFLICT DO UPDATE SET hits = hits + excluded.hits, misses = misses + excluded.misses",
      ).run(hit, miss);
      if (answer === null) {
        db.query("UPDATE compare_cache SET used_ms = ? WHERE key = ?").run(nowMs, key);
        return;
      }
      // An ingest between the reading and this write could not delete a result that was not there yet.
      const unchanged = answer.nodeIds.every((id, index) => {
        const row = db.query<{ version: number }, [number]>("SELECT version FROM node WHERE id = ?").get(id);
        return row?.version === answer.versions[index];
      });
      if (!unchanged) return;
      db.query("DELETE FROM compare_cache WHERE created_ms <= ?").run(nowMs - ttlMs);
      db.query(
        "INSERT OR REPLACE INTO compare_cache (key, nodes, created_ms, used_ms, body) VALUES (?, ?, ?, ?, ?)",
      ).run(key, `,${answer.nodeIds.join(",")},`, nowMs, nowMs, answer.body);
      db.query(
        "DELETE FROM compare_cache WHERE key IN (SELECT key FROM compare_cache ORDER BY used_ms DESC LIMIT -1 OFFSET ?)",
      ).run(entries);
    });
    try {
      write.immediate();
    } catch (error) {
      if (!isBusy(error)) throw error;
    }
  }

  counts(): CacheCounts {
    return (
      this.#db.query<CacheCounts, []>("SELECT hits, misses FROM compare_count WHERE id = 1").get() ?? {
        hits: 0,
        misses: 0,
      }
    );
  }
}
