import { retract } from "../shared/share-record.ts";
import type { Database } from "bun:sqlite";
import { backoffMs } from "../../lib/backoff.ts";
import { Failure } from "../../lib/errors.ts";
import { Lanes } from "../../lib/lanes.ts";
import { wait } from "../../lib/wait.ts";
import type { CheckOutcome, TanovaClient } from "../tanova/types.ts";

/** What the server said about the contents recorded as done. */
export interface Verified {
  checked: number;
  present: number;
  /** Recorded as done but not on the server: pending again. */
  missing: number;
}

export interface VerifyOptions {
  readonly db: Database;
  readonly destinationId: number;
  readonly client: TanovaClient;
  readonly signal: AbortSignal;
  readonly retries: number;
  readonly retryDelayMs: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Called after each page. */
  readonly onPage: (so: Verified) => void;
}

/** Contents that are checked and recorded together. */
const PAGE = 1_000;
/** Requests at once where the server is asked about one content at a time. */
const AT_ONCE = 10;
const LONGEST_DELAY_MS = 60_000;

/** Retries while there is no answer. @throws Failure if there is none in the end, or if the server cannot be asked. */
async function ask<T extends object | string | null>(
  question: () => Promise<T>,
  reasonOf: (answer: T) => { reason: string; retryAfterMs: number | null } | null,
  { retries, retryDelayMs, signal }: VerifyOptions,
): Promise<T> {
  for (let attempt = 0; ; attempt += 1) {
    const answer = await question();
    const failure = reasonOf(answer);
    if (failure === null || signal.aborted) return answer;
    if (attempt >= retries) throw new Failure("unreachable", failure.reason);
    const backoff = backoffMs({ baseMs: retryDelayMs, maxMs: LONGEST_DELAY_MS }, attempt);
    await wait(Math.min(failure.retryAfterMs ?? backoff, LONGEST_DELAY_MS), signal);
  }
}

async function connect(options: VerifyOptions): Promise<void> {
  const { client, signal } = options;
  const health = await ask(
    () => client.health(signal),
    (outcome) => (outcome.type === "unreachable" ? outcome : null),
    options,
  );
  if (health.type === "unauthorized") throw new Failure("not-permitted", health.reason);
}

/** The contents of a page that the server does not have; null if the signal ended the check. */
async function missingOf(page: readonly string[], options: VerifyOptions): Promise<string[] | null> {
  const { client, signal } = options;
  const many = await client.checkMany(page, signal);
  if (signal.aborted) return null;
  if (many !== null) return page.filter((checksum) => !many.has(checksum));
  const lanes = new Lanes<string | null>(AT_ONCE);
  const missing: string[] = [];
  const take = async (): Promise<void> => {
    const checksum = await lanes.next();
    if (checksum !== null) missing.push(checksum);
  };
  for (const checksum of page) {
    lanes.add(askOne(checksum, options));
    if (lanes.isFull) await take();
  }
  while (!lanes.isEmpty) await take();
  return signal.aborted ? null : missing;
}

/** Returns the checksum if the server does not have it. */
async function askOne(checksum: string, options: VerifyOptions): Promise<string | null> {
  const { client, signal } = options;
  const unanswered = (found: CheckOutcome) => (typeof found === "string" ? null : found);
  const found = await ask(() => client.check(checksum, signal), unanswered, options);
  if (found === "not-offered") throw new Failure("failed", "the server does not answer what it has");
  return found === "absent" ? checksum : null;
}

/**
 * Asks the server for every content recorded as done, in bulk if it offers that. Contents it does not have become
 * pending again, so that the next sync sends them. Ends early if the signal aborts; what was found until then is
 * recorded.
 *
 * @throws Failure unreachable, not-permitted, or failed if the server cannot be asked.
 */
export async function verifyDone(options: VerifyOptions): Promise<Verified> {
  const { db, destinationId, signal, now, onPage } = options;
  const page = db.query<{ checksum: string }, [number, string]>(
    `SELECT checksum FROM content WHERE destination_id = ? AND state = 'done' AND checksum > ?
     ORDER BY checksum LIMIT ${PAGE}`,
  );
  const reopen = db.query(
    `UPDATE content SET state = 'pending', via = NULL, status = NULL, reason = ?4, updated_at_ms = ?3
     WHERE destination_id = ?1 AND checksum = ?2 AND state = 'done'`,
  );
  const result: Verified = { checked: 0, present: 0, missing: 0 };
  await connect(options);
  for (let last = ""; !signal.aborted;) {
    const checksums = page.all(destinationId, last).map(({ checksum }) => checksum);
    const end = checksums.at(-1);
    if (end === undefined) break;
    last = end;
    const missing = await missingOf(checksums, options);
    if (missing === null) break;
    db.transaction(() => {
      retract(db, destinationId, missing);
      for (const checksum of missing)
        reopen.run(destinationId, checksum, now(), "the server no longer has it");
    }).immediate();
    result.checked += checksums.length;
    result.missing += missing.length;
    result.present += checksums.length - missing.length;
    onPage(result);
  }
  return result;
}
