import { sql } from "drizzle-orm";
import { customType, index, integer, real, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { bytes } from "../bytes-column.ts";

/** Nanoseconds in 64 bits: read with `safeIntegers`, since a double holds 53. */
const int64 = customType<{ data: bigint; driverData: bigint }>({ dataType: () => "integer" });

/** Each address asked: its health over all runs, to choose whom to ask. Moments are Unix ms of the system clock. */
export const timeServers = sqliteTable("time_servers", {
  /** ADDRESS:PORT. */
  key: text().primaryKey(),
  host: text().notNull(),
  queries: integer().notNull(),
  answers: integer().notNull(),
  /** Runs without an answer since the last one that had one. */
  failuresInRow: integer("failures_in_row").notNull(),
  /** Exponential mean of the round trip. */
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
    /** True time at the end of the run, where servers told it: the last good time. */
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
    /** 1 where a source other than NTP had to be used. */
    fellBack: integer("fell_back").notNull(),
    durationMs: real("duration_ms").notNull(),
    /** How many stood behind the answer; 0 where earlier versions did not keep it. */
    serversAgreeing: integer("servers_agreeing").notNull().default(0),
  },
  (table) => [
    index("time_runs_good")
      .on(table.trueAtMs)
      .where(sql`${table.trueAtMs} IS NOT NULL`),
  ],
);

/** True time against the raw clock, from which drift is told. */
export const timeSamples = sqliteTable(
  "time_samples",
  {
    id: integer().primaryKey(),
    /** One raw clock: a boot, and the time between suspends. */
    epoch: text().notNull(),
    rawNs: int64("raw_ns").notNull(),
    offsetRawNs: int64("offset_raw_ns").notNull(),
    errorNs: int64("error_ns").notNull(),
  },
  (table) => [index("time_samples_by_epoch").on(table.epoch, table.rawNs)],
);

/** One row: the system clock as it was saved last, whether or not it was ever confirmed. */
export const timeSaved = sqliteTable("time_saved", {
  id: integer().primaryKey(),
  atMs: integer("at_ms").notNull(),
});

/** Keys and where they hold, one row a server of key exchanges (RFC 8915). */
export const timeNts = sqliteTable("time_nts", {
  /** Never used again: a process that still has an earlier row's keys finds no cookies of theirs. */
  id: integer().primaryKey({ autoIncrement: true }),
  /** HOST:PORT of the key exchange. */
  server: text().notNull().unique(),
  /** By which authorities it was trusted: the checksum of --nts-ca, or empty. */
  trust: text().notNull(),
  ntpHost: text("ntp_host").notNull(),
  ntpPort: integer("ntp_port").notNull(),
  /** The address that answered; null until one has. */
  address: text(),
  /** Its number at IANA. */
  aead: integer().notNull(),
  /** Client to server, server to client. */
  c2s: bytes().notNull(),
  s2c: bytes().notNull(),
  /** When all of its certificate chain is valid, in Unix ms. */
  notBeforeMs: integer("not_before_ms").notNull(),
  notAfterMs: integer("not_after_ms").notNull(),
});

/** Each good for one request, the oldest first; deleted before it is sent. */
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
