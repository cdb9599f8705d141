import { sql } from "drizzle-orm";
import { customType, index, integer, real, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { bytes } from "../bytes-column.ts";

/** 64-bit nanoseconds: read with `safeIntegers`, as a double holds only 53 bits. */
const int64 = customType<{ data: bigint; driverData: bigint }>({ dataType: () => "integer" });

/**
 * Every address ever asked and its record over all runs, for choosing servers. Times are Unix ms of the system clock.
 */
export const timeServers = sqliteTable("time_servers", {
  /** ADDRESS:PORT. */
  key: text().primaryKey(),
  host: text().notNull(),
  queries: integer().notNull(),
  answers: integer().notNull(),
  /** Consecutive runs without an answer. */
  failuresInRow: integer("failures_in_row").notNull(),
  /** Exponential moving average of the round trip. */
  delayMs: real("delay_ms"),
  lastSuccessMs: integer("last_success_ms"),
  lastFailureMs: integer("last_failure_ms"),
  lastReason: text("last_reason"),
});

/** The DNS cache. */
export const timeNames = sqliteTable("time_names", {
  host: text().primaryKey(),
  /** A JSON array. */
  addresses: text().notNull(),
  ttlMs: real("ttl_ms").notNull(),
  resolvedAtMs: integer("resolved_at_ms").notNull(),
});

/** What each run measured and what it cost. */
export const timeRuns = sqliteTable(
  "time_runs",
  {
    id: integer().primaryKey(),
    /** By the system clock, right or wrong. */
    startedAtMs: integer("started_at_ms").notNull(),
    /** True time at the end of the run if servers gave it: the last known good time. */
    trueAtMs: integer("true_at_ms"),
    source: text(),
    server: text(),
    offsetS: real("offset_s"),
    errorBoundS: real("error_bound_s"),
    delayS: real("delay_s"),
    driftPpm: real("drift_ppm"),
    /** none, step, slew. */
    action: text().notNull(),
    serversAsked: integer("servers_asked").notNull(),
    serversAnswered: integer("servers_answered").notNull(),
    queries: integer().notNull(),
    successes: integer().notNull(),
    timeouts: integer().notNull(),
    /** A JSON object: status → number of addresses. */
    rejected: text().notNull(),
    dnsHits: integer("dns_hits").notNull(),
    dnsMisses: integer("dns_misses").notNull(),
    /** 1 if a source other than NTP had to be used. */
    fellBack: integer("fell_back").notNull(),
    durationMs: real("duration_ms").notNull(),
    /** How many servers support the answer; 0 in rows of earlier versions, which did not keep it. */
    serversAgreeing: integer("servers_agreeing").notNull().default(0),
  },
  (table) => [
    index("time_runs_good")
      .on(table.trueAtMs)
      .where(sql`${table.trueAtMs} IS NOT NULL`),
  ],
);

/** True time against the raw clock, for estimating drift. */
export const timeSamples = sqliteTable(
  "time_samples",
  {
    id: integer().primaryKey(),
    /** Identifies a raw clock: one boot, and the time between suspends. */
    epoch: text().notNull(),
    rawNs: int64("raw_ns").notNull(),
    offsetRawNs: int64("offset_raw_ns").notNull(),
    errorNs: int64("error_ns").notNull(),
  },
  (table) => [index("time_samples_by_epoch").on(table.epoch, table.rawNs)],
);

/** A single row: the system clock when it was last saved, whether or not it was ever confirmed. */
export const timeSaved = sqliteTable("time_saved", {
  id: integer().primaryKey(),
  atMs: integer("at_ms").notNull(),
});

/** Keys and where they are valid, one row per key exchange server (RFC 8915). */
export const timeNts = sqliteTable("time_nts", {
  /** Never reused: a process still holding an earlier row's keys finds no cookies for them. */
  id: integer().primaryKey({ autoIncrement: true }),
  /** HOST:PORT of the key exchange. */
  server: text().notNull().unique(),
  /** The authorities by which it was trusted: the checksum of --nts-ca, or empty. */
  trust: text().notNull(),
  ntpHost: text("ntp_host").notNull(),
  ntpPort: integer("ntp_port").notNull(),
  /** The address that answered; null until one has. */
  address: text(),
  /** The algorithm's IANA number. */
  aead: integer().notNull(),
  /** Client to server, server to client. */
  c2s: bytes().notNull(),
  s2c: bytes().notNull(),
  /** The period in which the whole certificate chain is valid, in Unix ms. */
  notBeforeMs: integer("not_before_ms").notNull(),
  notAfterMs: integer("not_after_ms").notNull(),
});

/** Each is good for one request, oldest first, and is deleted before it is sent. */
export const timeNtsCookies = sqliteTable(
  "time_nts_cookies",
  {
    id: integer().primaryKey(),
    association: integer()
      .notNull()
      .references(() => timeNts.id, { onDelete: "cascade" }),
    cookie: bytes().notNull(),
  },
  (table) => [index("time_nts_cookies_by_association").on(table.association)],
);
