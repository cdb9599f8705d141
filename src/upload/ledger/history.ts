import type { Database } from "bun:sqlite";
import { and, count, desc, eq, inArray, like } from "drizzle-orm";
import { ormOf } from "../../db/orm.ts";
import { retract } from "../shared/share-record.ts";
import { type ContentRow, contents, destinations } from "../../db/tables/upload.ts";

type State = ContentRow["state"];

export type StateCounts = Readonly<Record<State, number>>;

/** What is known about one content, for people to read. */
export interface HistoryEntry {
  readonly checksum: string;
  readonly state: State;
  readonly via: ContentRow["via"];
  readonly path: string | null;
  readonly status: number | null;
  readonly reason: string | null;
  readonly updatedAtMs: number;
}

/** The checksums of everything done at a destination, in order. */
export function* doneChecksums(db: Database, destinationId: number): Generator<string> {
  const rows = db
    .query<{ checksum: string }, [number]>(
      "SELECT checksum FROM content WHERE destination_id = ? AND state = 'done' ORDER BY checksum",
    )
    .iterate(destinationId);
  for (const { checksum } of rows) yield checksum;
}

export function countStates(db: Database, destinationId: number): StateCounts {
  const rows = ormOf(db)
    .select({ state: contents.state, count: count() })
    .from(contents)
    .where(eq(contents.destinationId, destinationId))
    .groupBy(contents.state)
    .all();
  const counts = { pending: 0, sending: 0, done: 0, failed: 0 };
  for (const row of rows) counts[row.state] = row.count;
  return counts;
}

/** The entries of a destination, newest first. */
export function listEntries(
  db: Database,
  destinationId: number,
  filter: { state: State | null; limit: number },
): HistoryEntry[] {
  const { checksum, state, via, path, status, reason, updatedAtMs } = contents;
  return ormOf(db)
    .select({ checksum, state, via, path, status, reason, updatedAtMs })
    .from(contents)
    .where(
      and(
        eq(contents.destinationId, destinationId),
        filter.state === null ? undefined : eq(contents.state, filter.state),
      ),
    )
    .orderBy(desc(updatedAtMs), checksum)
    .limit(filter.limit)
    .all();
}

/** A page of the entries of all destinations, newest first, each with its destination. */
export function listPage(
  db: Database,
  page: { readonly states: readonly State[]; readonly limit: number; readonly offset: number },
): (HistoryEntry & { readonly destination: string })[] {
  const { checksum, state, via, path, status, reason, updatedAtMs, destinationId } = contents;
  return ormOf(db)
    .select({ checksum, state, via, path, status, reason, updatedAtMs, destination: destinations.url })
    .from(contents)
    .innerJoin(destinations, eq(destinationId, destinations.id))
    .where(inArray(state, [...page.states]))
    .orderBy(desc(updatedAtMs), checksum)
    .limit(page.limit)
    .offset(page.offset)
    .all();
}

/** Marks failed contents to be sent again: one, those with one reason, or all. Returns how many. */
export function retryFailed(
  db: Database,
  destinationId: number,
  which: { readonly checksum: string | null; readonly reason: string | null },
): number {
  ormOf(db)
    .update(contents)
    .set({ state: "pending", status: null, reason: null })
    .where(
      and(
        eq(contents.destinationId, destinationId),
        eq(contents.state, "failed"),
        which.checksum === null ? undefined : eq(contents.checksum, which.checksum),
        which.reason === null ? undefined : eq(contents.reason, which.reason),
      ),
    )
    .run();
  return db.query<{ count: number }, []>("SELECT changes() AS count").get()?.count ?? 0;
}

/** Whether a destination has anything left to send. */
export function hasPending(db: Database, destinationId: number): boolean {
  const isWaiting = and(
    eq(contents.destinationId, destinationId),
    inArray(contents.state, ["pending", "sending"]),
  );
  return (
    ormOf(db).select({ state: contents.state }).from(contents).where(isWaiting).limit(1).get() !== undefined
  );
}

/** All destinations in the store. */
export function listDestinations(db: Database): { id: number; url: string }[] {
  const { id, url } = destinations;
  return ormOf(db).select({ id, url }).from(destinations).orderBy(url).all();
}

/** The checksums that begin with a prefix of hex digits, at most two: enough to tell whether it is unique. */
export function matchPrefix(db: Database, destinationId: number, prefix: string): string[] {
  return ormOf(db)
    .select({ checksum: contents.checksum })
    .from(contents)
    .where(and(eq(contents.destinationId, destinationId), like(contents.checksum, `${prefix}%`)))
    .limit(2)
    .all()
    .map(({ checksum }) => checksum);
}

/** Digits of a checksum that are shown, and offered as a completion. */
export const SHOWN_DIGITS = 12;

/**
 * Completions for the beginning of a checksum, over all destinations, at most `most`: the first twelve digits, or all
 * of them once those are given.
 */
export function checksumCandidates(db: Database, prefix: string, most: number): string[] {
  const of = db.query<{ checksum: string }, [number, string, string, number]>(
    "SELECT checksum FROM content WHERE destination_id = ? AND checksum >= ? AND checksum < ? ORDER BY checksum LIMIT ?",
  );
  // Sorts after every hex digit.
  const beyond = `${prefix}g`;
  const found = db
    .query<{ id: number }, []>("SELECT id FROM destination")
    .all()
    .flatMap(({ id }) => of.all(id, prefix, beyond, most).map(({ checksum }) => checksum));
  const digits = prefix.length < SHOWN_DIGITS ? SHOWN_DIGITS : undefined;
  return [...new Set(found.map((checksum) => checksum.slice(0, digits)))].toSorted().slice(0, most);
}

/** Forgets contents, so that they are sent again; null for all of the destination. Returns how many there were. */
export function forget(db: Database, destinationId: number, checksums: readonly string[] | null): number {
  retract(db, destinationId, checksums);
  const isNamed = checksums === null ? undefined : inArray(contents.checksum, [...checksums]);
  ormOf(db)
    .delete(contents)
    .where(and(eq(contents.destinationId, destinationId), isNamed))
    .run();
  return db.query<{ count: number }, []>("SELECT changes() AS count").get()?.count ?? 0;
}
