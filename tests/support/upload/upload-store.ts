import { Database } from "bun:sqlite";
import { openStore, type Store } from "../../../src/db/open.ts";
import type { ContentRow } from "../../../src/db/tables/upload.ts";
import { destinationRow } from "../../../src/upload/ledger/destination.ts";
import { Ledger, type LedgerOptions } from "../../../src/upload/ledger/ledger.ts";
import { sha256 } from "./tanova.ts";
import type { TempFolder } from "../temp.ts";

/** A store in a file with a run's ledger, and a second connection, which sees what has been committed. */
export interface UploadStore extends Disposable {
  readonly store: Store;
  readonly destinationId: number;
  readonly ledger: Ledger;
  /** Checksum → committed state. */
  states(): Record<string, ContentRow["state"]>;
  /** Commits since the store was opened. */
  commits(): Promise<number>;
}

export const RUN_ID = 7;

/** A checksum derived from a name. */
export function checksumOf(name: string): string {
  return sha256(name);
}

export function statesIn(db: Database): Record<string, ContentRow["state"]> {
  const rows = db
    .query<Pick<ContentRow, "checksum" | "state">, []>("SELECT checksum, state FROM content")
    .all();
  return Object.fromEntries(rows.map(({ checksum, state }) => [checksum, state]));
}

/** In the write-ahead log, a frame that states the size of the database (word 1 of its header) ends a commit. */
async function commitsIn(path: string): Promise<number> {
  const log = Buffer.from(await Bun.file(`${path}-wal`).bytes());
  const frameBytes = 24 + log.readUInt32BE(8);
  let commits = 0;
  for (let at = 32; at + frameBytes <= log.length; at += frameBytes)
    if (log.readUInt32BE(at + 4) > 0) commits += 1;
  return commits;
}

export async function uploadStore(
  folder: TempFolder,
  options: Partial<LedgerOptions> = {},
): Promise<UploadStore> {
  const path = folder.file("store.db");
  const store = openStore({ path, busyTimeoutMs: 20 });
  const destinationId = destinationRow(store.db, "https://tanova.example").id;
  const ledger = new Ledger(store.db, { destinationId, runId: RUN_ID, ...options });
  const second = new Database(path, { readonly: true });
  const before = await commitsIn(path);
  return {
    store,
    destinationId,
    ledger,
    states: () => statesIn(second),
    commits: async () => (await commitsIn(path)) - before,
    [Symbol.dispose]: () => {
      ledger.flush();
      second.close();
      store[Symbol.dispose]();
    },
  };
}
