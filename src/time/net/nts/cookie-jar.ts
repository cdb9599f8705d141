import type { SQLQueryBindings } from "bun:sqlite";
import type { Store } from "../../../db/open.ts";
import type { timeNts } from "../../../db/tables/time.ts";
import type { ServerName } from "../server-name.ts";
import { KEY_BYTES } from "./aes-siv.ts";
import { MOST_COOKIES } from "./records.ts";

type Row = Omit<typeof timeNts.$inferSelect, "trust">;

/** What two parties share after a key exchange, and where and how long it holds. */
export interface Agreed {
  readonly aead: number;
  /** The key from client to server, and from server to client. */
  readonly c2s: Uint8Array;
  readonly s2c: Uint8Array;
  /** The server to ask for the time. */
  readonly ntp: ServerName;
  /** All of the key exchange's certificate chain is valid between these moments, in Unix milliseconds. */
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/** What an earlier run left of a server. */
export interface Kept extends Agreed {
  readonly id: number;
  readonly server: string;
  /** The address that answered last; null where none has. */
  readonly address: string | null;
  /** How many cookies there are. */
  readonly cookies: number;
}

const COLUMNS = `id, server, ntp_host AS ntpHost, ntp_port AS ntpPort, address, aead, c2s, s2c,
  not_before_ms AS notBeforeMs, not_after_ms AS notAfterMs`;
const COUNT = "(SELECT count(*) FROM time_nts_cookies WHERE association = time_nts.id) AS cookies";
const SELECT = `SELECT ${COLUMNS}, ${COUNT} FROM time_nts WHERE trust = ?`;
/** Another process may be writing: longer than this no request is held up, since keys can be exchanged instead. */
const TAKE_PATIENCE_MS = 250;
const TAKE = `DELETE FROM time_nts_cookies
  WHERE id = (SELECT min(id) FROM time_nts_cookies WHERE association = ?) RETURNING cookie`;
const FORGET = "DELETE FROM time_nts WHERE server = ?";
/** Keys of servers that are not asked any more are forgotten: those of so many exchanges are kept. */
const MOST_SERVERS = 64;
const FORGET_OLD = "DELETE FROM time_nts WHERE id <= (SELECT max(id) FROM time_nts) - ?";
const INSERT = `INSERT INTO time_nts
  (server, trust, ntp_host, ntp_port, address, aead, c2s, s2c, not_before_ms, not_after_ms)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`;
// Another run may have exchanged keys meanwhile: then the row is gone, and its cookies are of no use.
const PUT = "INSERT INTO time_nts_cookies (association, cookie) SELECT id, ? FROM time_nts WHERE id = ?";
const MOVE = "UPDATE time_nts SET address = ? WHERE id = ?";
const COUNT_OF = "SELECT count(*) AS count FROM time_nts_cookies WHERE association = ?";
const TRIM = `DELETE FROM time_nts_cookies WHERE association = ?1 AND id NOT IN
  (SELECT id FROM time_nts_cookies WHERE association = ?1 ORDER BY id DESC LIMIT ?2)`;

/**
 * Keys and cookies in the store. A cookie that is taken is deleted, and the deletion on the disk, before it is handed
 * out: a crash or a power cut may lose it, and never sends it twice.
 */
export class CookieJar {
  readonly #store: Store;
  readonly #trust: string;

  /** @param trust what stands for the authorities that are trusted now: what others certified is not seen. */
  constructor(store: Store, trust: string) {
    this.#store = store;
    this.#trust = trust;
  }

  /** What earlier runs left, by server. Rows that no run could have written are passed over. */
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
   * Takes the oldest cookies out of the jar, all in one commit.
   *
   * @param ids of the servers' keys, one for each cookie.
   * @returns as many; null where none was left.
   * @throws what the store throws: then none may be sent.
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

  /** Puts the keys of a new exchange in the place of a server's earlier ones, whose cookies go with them. */
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
   * Adds cookies that answers brought; of more than fit the newest stay.
   *
   * @returns how many there are now; 0 where another run has exchanged keys since.
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
