import type { Database } from "bun:sqlite";

/**
 * A blob is stored with its CRC-32 appended, little-endian: 0.6 µs for 4 KB, and the flash of small boards loses bits.
 */
const CHECKSUM_BYTES = 4;

/** A stored blob is not what was written. */
export class DamagedBlob extends Error {
  override readonly name = "DamagedBlob";

  constructor() {
    super("its checksum does not hold: the store is damaged there");
  }
}

/** A copy of `bytes` with the checksum appended. */
export function sealBlob(bytes: Uint8Array): Uint8Array {
  const sealed = new Uint8Array(bytes.length + CHECKSUM_BYTES);
  sealed.set(bytes);
  new DataView(sealed.buffer).setUint32(bytes.length, Bun.hash.crc32(bytes), true);
  return sealed;
}

/**
 * The bytes that were sealed, as a view of `sealed`.
 *
 * @throws DamagedBlob if they are not what was written.
 */
export function openBlob(sealed: Uint8Array): Uint8Array {
  const at = sealed.length - CHECKSUM_BYTES;
  if (at < 0) throw new DamagedBlob();
  const bytes = sealed.subarray(0, at);
  const stored =
    ((sealed[at] ?? 0) |
      ((sealed[at + 1] ?? 0) << 8) |
      ((sealed[at + 2] ?? 0) << 16) |
      ((sealed[at + 3] ?? 0) << 24)) >>>
    0;
  if (Bun.hash.crc32(bytes) !== stored) throw new DamagedBlob();
  return bytes;
}

/** The result of `read`, or null if it meets a damaged blob. */
export function intact<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof DamagedBlob) return null;
    throw error;
  }
}

/** Opens the blobs of a row just read, in place. Returns false if one of them is damaged: the row is useless then. */
export function openRow<K extends string>(row: Record<K, Uint8Array>, columns: readonly K[]): boolean {
  return (
    intact(() => {
      for (const column of columns) row[column] = openBlob(row[column]);
      return true;
    }) ?? false
  );
}

/**
 * The columns that hold sealed blobs, by table. Other blobs need no checksum: a damaged cookie or key is refused
 * by the server, and a damaged file checksum is not found, upon which the file is read again.
 */
export const SEALED_COLUMNS: Readonly<Record<string, readonly string[]>> = {
  event_block: ["columns", "keys"],
  rollup: ["summary", "cells"],
  node: ["open"],
  log_file: ["recent"],
  fleet_rollup: ["summary", "cells"],
  packed_day: ["hours"],
};

/** Seals the blobs of an older store; called once, by the migration. */
export function sealStoredBlobs(db: Database): void {
  const tables = db.query<{ name: string }, []>("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
  const has = new Set(tables.map(({ name }) => name));
  for (const [table, columns] of Object.entries(SEALED_COLUMNS)) {
    // A later step makes it, and it is sealed from the first.
    if (!has.has(table)) continue;
    const ids = db.query<{ id: number }, []>(`SELECT rowid AS id FROM ${table}`).all();
    for (const column of columns) {
      const read = db.query<{ blob: Uint8Array | null }, [number]>(
        `SELECT ${column} AS blob FROM ${table} WHERE rowid = ?`,
      );
      const write = db.query(`UPDATE ${table} SET ${column} = ? WHERE rowid = ?`);
      for (const { id } of ids) {
        const blob = read.get(id)?.blob ?? null;
        if (blob !== null) write.run(sealBlob(blob), id);
      }
    }
  }
}
