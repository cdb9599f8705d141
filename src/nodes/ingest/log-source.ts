import type { Database } from "bun:sqlite";
import { openStore, type Store } from "../../db/open.ts";
import { Failure } from "../../lib/errors.ts";
import { whyNothingUnderstood } from "./counts.ts";
import { ingestFiles } from "./ingest-run.ts";
import { Ingestion } from "./ingestion.ts";
import type { PairingSettings } from "./options.ts";

/** A log in an in-memory store, to be compared without a store on disk. */
export interface LogStore extends Disposable {
  readonly db: Database;
  readonly nodeId: number;
  /** Times of the first and last line; null if no line reports an operation. */
  readonly span: { readonly firstMs: number; readonly lastMs: number } | null;
}

function spanOf(store: Store): LogStore["span"] {
  const row = store.db
    .query<{ firstMs: number | null; lastMs: number | null }, []>(
      "SELECT min(from_ms) AS firstMs, max(until_ms) AS lastMs FROM event_block",
    )
    .get();
  return row?.firstMs == null || row.lastMs == null ? null : { firstMs: row.firstMs, lastMs: row.lastMs };
}

/** Reads all of `path`. Fails if no piecestore line is understood. */
export async function readLog(
  name: string,
  path: string,
  options: { limits: PairingSettings; signal: AbortSignal },
): Promise<LogStore> {
  const store = openStore({ path: ":memory:" });
  try {
    using to = new Ingestion(store.db, name, options.limits);
    const { counts, interrupted } = await ingestFiles(to, [path], {
      signal: options.signal,
      reasonOf: () => null,
    });
    if (interrupted) throw new Failure("failed", `reading ${path} was interrupted`);
    const understood = counts.events + counts.started + counts.facts;
    if (understood === 0) {
      const why =
        whyNothingUnderstood(counts) ??
        `none of its ${counts.lines} lines is about a storage node's operations`;
      throw new Failure("usage", `cannot compare ${name}=${path}: ${why}`);
    }
    return {
      db: store.db,
      nodeId: to.node.id,
      span: spanOf(store),
      [Symbol.dispose]: () => store[Symbol.dispose](),
    };
  } catch (error) {
    store[Symbol.dispose]();
    throw error;
  }
}
