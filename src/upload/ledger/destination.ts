import type { Database } from "bun:sqlite";
import { realpathSync } from "node:fs";
import type { DestinationRow } from "../../db/tables/upload.ts";
import { Failure } from "../../lib/errors.ts";
import { isFileLocked, lockFile } from "../../lib/file-lock.ts";
import { Busy } from "../report/sync-error.ts";
import { isLoopback } from "../../lib/http/host.ts";

/** The sandbox is a destination of its own, whatever address it listens on. */
export const SANDBOX_DESTINATION = "sandbox";

/**
 * Normalizes a base URL to the one form under which history is kept: no trailing slash, no query, lower-case host.
 *
 * @throws Failure if it is not an http(s) URL, contains a password, or is plain http to another machine.
 */
export function destinationUrl(url: string, options: { insecureHttp: boolean }): string {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (parsed === null || !/^https?:$/.test(parsed.protocol))
    throw new Failure("usage", `the API's URL is ${JSON.stringify(url)}, expected https://HOST`);
  if (parsed.username !== "" || parsed.password !== "" || parsed.search !== "" || parsed.hash !== "")
    throw new Failure(
      "usage",
      "the API's URL may hold no user, password, query or fragment; expected https://HOST",
    );
  if (parsed.protocol === "http:" && !isLoopback(parsed.hostname) && !options.insecureHttp) {
    throw new Failure(
      "usage",
      `the API's URL ${parsed.origin} is plain http, which shows the key and the CVs to the network; use https, or allow it with --insecure-http`,
    );
  }
  return parsed.origin + parsed.pathname.replace(/\/+$/, "");
}

/** What a run needs to know of a destination's row. */
export type Destination = Pick<
  DestinationRow,
  "id" | "url" | "batchRefusedUntilMs" | "refusesDuplicatesUntilMs" | "outageSinceMs"
>;

/** The number of a destination in the store; null if nothing was ever sent to it. */
export function destinationId(db: Database, url: string): number | null {
  return db.query<{ id: number }, [string]>("SELECT id FROM destination WHERE url = ?").get(url)?.id ?? null;
}

/** The row of a destination, created on first use. */
export function destinationRow(db: Database, url: string): Destination {
  db.query("INSERT OR IGNORE INTO destination (url) VALUES (?)").run(url);
  const row = db
    .query<Destination, [string]>(
      `SELECT id, url, batch_refused_until_ms AS batchRefusedUntilMs,
         refuses_duplicates_until_ms AS refusesDuplicatesUntilMs, outage_since_ms AS outageSinceMs
       FROM destination WHERE url = ?`,
    )
    .get(url);
  if (row === null) throw new Error(`Cannot find the destination ${url} that was just made`);
  return row;
}

function lockPath(storePath: string, url: string): string {
  const name = new Bun.CryptoHasher("sha256").update(url).digest("hex").slice(0, 12);
  return `${realpathSync(storePath)}.${name}.lock`;
}

/**
 * Whether a process works on a destination's history in a store.
 *
 * @returns null if that cannot be told.
 */
export function isDestinationLocked(storePath: string, url: string): boolean | null {
  return storePath === ":memory:" ? null : isFileLocked(lockPath(storePath, url));
}

/**
 * The exclusive right of one process to work on a destination's history in a store. A crash releases it.
 *
 * @throws Busy, naming the process that holds it.
 */
export function lockDestination(storePath: string, url: string): Disposable {
  if (storePath === ":memory:") return { [Symbol.dispose]: () => undefined };
  const attempt = lockFile(lockPath(storePath, url));
  if (attempt.type === "held") return attempt.lock;
  const holder = attempt.holder === null ? "another process" : `process ${attempt.holder}`;
  throw new Busy(
    `${holder} is at work on ${url} with this store already; wait for it to end, or use another store (--db)`,
    attempt.holder,
  );
}
