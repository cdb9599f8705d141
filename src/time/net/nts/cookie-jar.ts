import type { SQLQueryBindings } from "bun:sqlite";
import type { Store } from "../../../db/open.ts";
import type { timeNts } from "../../../db/tables/time.ts";
import type { ServerName } from "../server-name.ts";
import { KEY_BYTES } from "./aes-siv.ts";
import { MOST_COOKIES } from "./records.ts";

type Row = Omit<typeof timeNts.$inferSelect, "trust">;

/** The outcome of a key exchange: the shared keys, and where and how long they are valid. */
export interface Agreed {
  readonly aead: number;
  /** The keys from client to server, and from server to client. */
  readonly c2s: Uint8Array;
  readonly s2c: Uint8Array;
  /** The server to query for the time. */
  readonly ntp: ServerName;
  /** The period in which the exchange's whole certificate chain is valid, in Unix milliseconds. */
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/** What an earlier run stored about a server. */
export interface Kept extends Agreed {
  readonly id: number;
  readonly server: string;
  /** The last address that answered; null if none has. */
  readonly address: string | null;
  /** The number of cookies. */
  readonly cookies: number;
}

const COLUMNS = `id, server, ntp_host AS ntpHost, ntp_port AS ntpPort, address, aead, c2s, s2c,
  not_before_ms AS notBeforeMs, not_after_ms AS notAfterMs`;
const COUNT = "(SELECT count(*) FROM time_nts_cookies WHERE association = time_nts.id) AS cookies";
const SELECT = `SELECT ${COLUMNS}, ${COUNT} FROM time_nts WHERE trust = ?`;
/** How long to wait if another process is writing; after that, exchanging keys is the better choice. */
const TAKE_PATIENCE_MS = 250;
const TAKE = `DELETE FROM time_nts_cookies
  WHERE id = (SELECT min(id) FROM time_nts_cookies WHERE association = ?) RETURNING cookie`;
const FORGET = "DELETE FROM time_nts WHERE server = ?";
/** Keys of servers no longer queried are dropped: only those of this many exchanges are kept. */
const MOST_SERVERS = 64;
const FORGET_OLD = "DELETE FROM time_nts WHERE id <= (SELECT max(id) FROM time_nts) - ?";
const INSERT = `INSERT INTO time_nts
  (server, trust, ntp_host, ntp_port, address, aead, c2s, s2c, not_before_ms, not_after_ms)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`;
// Another run may have exchanged keys meanwhile: the row is gone then, and its cookies are useless.
const PUT = "INSERT INTO time_nts_cookies (association, cookie) SELECT id, ? FROM time_nts WHERE id = ?";
const MOVE = "UPDATE time_nts SET address = ? WHERE id = ?";
const COUNT_OF = "SELECT count(*) AS count FROM time_nts_cookies WHERE association = ?";
const TRIM = `DELETE FROM time_nts_cookies WHERE association = ?1 AND id NOT IN
  (SELECT id FROM time_nts_cookies WHERE association = ?1 ORDER BY id DESC LIMIT ?2)`;

/**
 * Keys and cookies in the store. A cookie is deleted, durably on disk, before it is handed out: a crash or power
 * cut may lose it, but it is never sent twice.
 */
export class CookieJar {
  readonly #store: Store;
  readonly #trust: string;

  /** @param trust identifies the authorities trusted now; keys certified by others are not visible. */
  constructor(store: Store, trust: string) {
    this.#store = store;
    this.#trust = trust;
  }

  /** What earlier runs stored, by server. Skips rows that no run could have written. */
  kept(): ReadonlyMap<string, Kept> {
    const rows = this.#store.db.query<Row & { cookies: number }, [string]>(SELECT).all(this.#trust);
    const whole = rows.filter(({ c2s, s2c }) => c2s.length === KEY_BYTES && s2c.length === KEY_BYTES);
    return new Map(
      whole.map(({ ntpHost, ntpPort, ...row }) => [
        row.server,
        { ...row, ntp: { host: ntpHost, port: ntpPort } },
      ]),
    );
  }

  /**
   * Takes the oldest cookies, all in one commit.
   *
   * @param ids the ids of the servers' keys, one for each cookie.
   * @returns one entry for each id; null where none was left.
   * @throws what the store throws: no cookie may be sent then.
   */
  take(ids: readonly number[]): readonly (Uint8Array | null)[] {
    const { db } = this.#store;
    const take = db.transaction(() =>
      ids.map((id) => {
        const row = db.query<{ cookie: Uint8Array }, [number]>(TAKE).get(id);
        return row === null ? null : Uint8Array.from(row.cookie);
      }),
    );
    const patienceMs = db.query<{ timeout: number }, []>("PRAGMA busy_timeout").get()?.timeout ?? 0;
    db.run(`PRAGMA busy_timeout = ${Math.min(patienceMs, TAKE_PATIENCE_MS)}`);
    try {
      return take.immediate();
    } finally {
      db.run(`PRAGMA busy_timeout = ${patienceMs}`);
    }
  }

  /** Replaces a server's keys with those of a new exchange; the cookies of the old keys are deleted with them. */
  replace(server: string, agreed: Agreed, cookies: readonly Uint8Array[], address: string | null): number {
    const { db } = this.#store;
    const { ntp, aead, c2s, s2c, notBeforeMs, notAfterMs } = agreed;
    const values = [ntp.host, ntp.port, address, aead, c2s, s2c, notBeforeMs, notAfterMs] as const;
    return db
      .transaction(() => {
        db.query(FORGET).run(server);
        const row = db.query<{ id: number }, SQLQueryBindings[]>(INSERT).get(server, this.#trust, ...values);
        const id = row?.id ?? 0;
        this.#put(id, cookies);
        db.query(FORGET_OLD).run(MOST_SERVERS);
        return id;
      })
      .immediate();
  }

  /**
   * Adds cookies brought by answers. If there are too many, the newest are kept.
   *
   * @returns how many there are now; 0 if another run has exchanged keys since.
   */
  put(id: number, cookies: readonly Uint8Array[], address: string | null): number {
    const { db } = this.#store;
    return db
      .transaction(() => {
        if (address !== null) db.query(MOVE).run(address, id);
        return this.#put(id, cookies);
      })
      .immediate();
  }

  #put(id: number, cookies: readonly Uint8Array[]): number {
    const { db } = this.#store;
    for (const cookie of cookies) db.query(PUT).run(cookie, id);
    db.query(TRIM).run(id, MOST_COOKIES);
    return db.query<{ count: number }, [number]>(COUNT_OF).get(id)?.count ?? 0;
  }
}
