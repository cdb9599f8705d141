import { foldLog } from "../db/log.ts";
import type { Store } from "../db/open.ts";
import type { timeNames, timeSamples, timeServers } from "../db/tables/time.ts";
import type { DriftSample } from "./clock/drift.ts";
import type { Health } from "./health.ts";
import type { StoredName } from "./net/resolve.ts";
import type { RunRecord, RunTraces } from "./run-traces.ts";

type NameRow = typeof timeNames.$inferSelect;
type ServerRow = typeof timeServers.$inferSelect;
type SampleRow = typeof timeSamples.$inferSelect;

export interface MemoryLimits {
  readonly runsKept: number;
  readonly samplesKept: number;
}

const HEALTH_COLUMNS = `key, host, queries, answers, failures_in_row AS failuresInRow, delay_ms AS delayMs,
  last_success_ms AS lastSuccessMs, last_failure_ms AS lastFailureMs, last_reason AS lastReason`;

/** Column of time_runs → name of its value, in one place for the insert. */
const RUN_COLUMNS: Readonly<Record<string, keyof RunRecord>> = {
  started_at_ms: "startedAtMs",
  true_at_ms: "trueAtMs",
  source: "source",
  server: "server",
  offset_s: "offsetS",
  error_bound_s: "errorBoundS",
  delay_s: "delayS",
  drift_ppm: "driftPpm",
  action: "action",
  servers_asked: "serversAsked",
  servers_answered: "serversAnswered",
  servers_agreeing: "serversAgreeing",
  queries: "queries",
  successes: "successes",
  timeouts: "timeouts",
  rejected: "rejected",
  dns_hits: "dnsHits",
  dns_misses: "dnsMisses",
  fell_back: "fellBack",
  duration_ms: "durationMs",
};

/** The addresses in a stored array; none if it is damaged: the name is looked up then. */
function addressesOf(json: string): readonly string[] {
  try {
    const value: unknown = JSON.parse(json);
    return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
  } catch {
    return [];
  }
}

const RUN_VALUES = Object.values(RUN_COLUMNS);
const INSERT_RUN = `INSERT INTO time_runs (${Object.keys(RUN_COLUMNS).join(", ")}) VALUES (${RUN_VALUES.map(() => "?").join(", ")})`;
const FORGET_RUNS = "DELETE FROM time_runs WHERE id <= (SELECT max(id) FROM time_runs) - ?";
const SAVE_HEALTH = "INSERT OR REPLACE INTO time_servers VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";
/** How long to wait while another process keeps the store busy. No run is worth more: a command has to end in time. */
const PATIENCE_MS = 400;
/** A pool's name leads to other addresses every few minutes: only the records of those asked last are kept. */
export const MOST_SERVERS = 256;
const COUNT_SERVERS = "SELECT count(*) AS count FROM time_servers";
const FORGET_SERVERS = `DELETE FROM time_servers WHERE key IN (SELECT key FROM time_servers
  ORDER BY max(coalesce(last_success_ms, 0), coalesce(last_failure_ms, 0)) DESC LIMIT -1 OFFSET ?)`;
const SAVE_NAME = "INSERT OR REPLACE INTO time_names VALUES (?, ?, ?, ?)";
const SAVE_CLOCK = "INSERT OR REPLACE INTO time_saved (id, at_ms) VALUES (1, ?)";
const INSERT_SAMPLE = "INSERT INTO time_samples (epoch, raw_ns, offset_raw_ns, error_ns) VALUES (?, ?, ?, ?)";
const FORGET_SAMPLES = "DELETE FROM time_samples WHERE id <= (SELECT max(id) FROM time_samples) - ?";

/** What `nodupe time` remembers between runs; kept in the store. */
export class TimeMemory {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
    store.db.run(`PRAGMA busy_timeout = ${PATIENCE_MS}`);
    // The database caches prepared statements. Packets are in flight now, whereas recording a run delays its exit.
    for (const sql of [INSERT_RUN, FORGET_RUNS, SAVE_HEALTH, SAVE_CLOCK, INSERT_SAMPLE, FORGET_SAMPLES])
      store.db.query(sql);
  }

  health(): ReadonlyMap<string, Health> {
    const rows = this.#store.db.query<ServerRow, []>(`SELECT ${HEALTH_COLUMNS} FROM time_servers`).all();
    return new Map(rows.map((row) => [row.key, row]));
  }

  names(): readonly StoredName[] {
    const sql =
      "SELECT host, addresses, ttl_ms AS ttlMs, resolved_at_ms AS resolvedAtMs FROM time_names ORDER BY resolved_at_ms";
    return this.#store.db
      .query<NameRow, []>(sql)
      .all()
      .map((row) => ({ ...row, addresses: addressesOf(row.addresses) }))
      .filter(({ addresses }) => addresses.length > 0);
  }

  /**
   * The time last confirmed by servers, in Unix nanoseconds: that of the newest run, even if an earlier one gave a
   * later time.
   */
  lastGoodNs(): bigint | null {
    const sql =
      "SELECT true_at_ms AS at FROM time_runs WHERE true_at_ms IS NOT NULL ORDER BY id DESC LIMIT 1";
    const at = this.#store.db.query<{ at: number | null }, []>(sql).get()?.at ?? null;
    return at === null ? null : BigInt(Math.round(at)) * 1_000_000n;
  }

  /**
   * A moment that has certainly passed, in Unix milliseconds: the last time that was authenticated, or on which three
   * servers agreed. A single server's time is not used: it could claim a time at which no certificate is valid.
   */
  certainMs(): number | null {
    const sql = `SELECT true_at_ms AS at FROM time_runs
      WHERE true_at_ms IS NOT NULL AND (source = 'nts' OR (source = 'ntp' AND servers_agreeing >= 3))
      ORDER BY id DESC LIMIT 1`;
    return this.#store.db.query<{ at: number }, []>(sql).get()?.at ?? null;
  }

  /** The clock as last saved, confirmed or not, in Unix milliseconds. */
  savedMs(): number | null {
    return this.#store.db.query<{ at: number }, []>("SELECT at_ms AS at FROM time_saved").get()?.at ?? null;
  }

  /** Saves the clock, separately from the time confirmed by servers. */
  save(nowMs: number): void {
    this.#store.db.query(SAVE_CLOCK).run(Math.round(nowMs));
  }

  /** The newest samples of one raw clock, oldest first. */
  samples(epoch: string, limit: number): readonly DriftSample[] {
    const sql = `SELECT raw_ns AS rawNs, offset_raw_ns AS offsetRawNs, error_ns AS errorNs FROM time_samples
      WHERE epoch = ? ORDER BY raw_ns DESC LIMIT ?`;
    using statement = this.#store.db.prepare<
      Pick<SampleRow, "rawNs" | "offsetRawNs" | "errorNs">,
      [string, number]
    >(sql);
    return statement.safeIntegers(true).all(epoch, limit).toReversed();
  }

  /**
   * Records a run in one transaction and deletes what exceeds the limits. Does not wait for a sync: a power cut
   * may lose the last run, but leaves the store intact.
   *
   * @param also what else to store of the run, in the same transaction.
   */
  record(traces: RunTraces, limits: MemoryLimits, also: () => void = () => undefined): void {
    const { db } = this.#store;
    db.run("PRAGMA synchronous = NORMAL");
    try {
      db.transaction(() => {
        db.query(INSERT_RUN).run(...RUN_VALUES.map((name) => traces.run[name]));
        db.query(FORGET_RUNS).run(limits.runsKept);
        this.#saveHealth(traces.health);
        for (const name of traces.names) this.#saveName(name);
        if (traces.savedMs !== null) this.save(traces.savedMs);
        if (traces.sample !== null) this.#saveSample(traces.sample, limits.samplesKept);
        also();
      }).immediate();
      foldLog(this.#store);
    } finally {
      db.run("PRAGMA synchronous = FULL");
    }
  }

  #saveHealth(records: readonly Health[]): void {
    const { db } = this.#store;
    for (const health of records) {
      const { key, host, queries, answers, failuresInRow, delayMs } = health;
      const { lastSuccessMs, lastFailureMs, lastReason } = health;
      db.query(SAVE_HEALTH).run(
        key,
        host,
        queries,
        answers,
        failuresInRow,
        delayMs,
        lastSuccessMs,
        lastFailureMs,
        lastReason,
      );
    }
    const { count } = db.query<{ count: number }, []>(COUNT_SERVERS).get() ?? { count: 0 };
    // Seldom, and then many at once.
    if (count > 2 * MOST_SERVERS) db.query(FORGET_SERVERS).run(MOST_SERVERS);
  }

  #saveName({ host, addresses, ttlMs, resolvedAtMs }: StoredName): void {
    this.#store.db.query(SAVE_NAME).run(host, JSON.stringify(addresses), ttlMs, resolvedAtMs);
  }

  #saveSample(sample: DriftSample & { readonly epoch: string }, kept: number): void {
    const { db } = this.#store;
    db.query(INSERT_SAMPLE).run(sample.epoch, sample.rawNs, sample.offsetRawNs, sample.errorNs);
    db.query(FORGET_SAMPLES).run(kept);
  }
}
