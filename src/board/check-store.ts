import type { Database } from "bun:sqlite";
import { codeOf, messageOf } from "../lib/errors.ts";
import { type DamagedPart, damagedParts } from "../nodes/store/damage.ts";

/** What is no longer as it was written. */
export interface StoreCheck {
  /** What SQLite reports about its pages; empty if all are sound. */
  readonly pages: readonly string[];
  readonly parts: readonly DamagedPart[];
}

const MOST_FAULTS = 20;

/** SQLite's message about pages that cannot be read. Other errors are not the store's fault and are rethrown. */
function pageFault(error: unknown): string {
  if (!/^SQLITE_(CORRUPT|NOTADB|IOERR)/.test(codeOf(error) ?? "")) throw error;
  return messageOf(error);
}

/** Checks the database's pages and every sealed blob. Blobs on unreadable pages are reported as page faults. */
export function checkStore(db: Database): StoreCheck {
  const pages: string[] = [];
  const parts: DamagedPart[] = [];
  try {
    const rows = db.query<{ quick_check: string }, []>(`PRAGMA quick_check(${MOST_FAULTS})`).all();
    pages.push(...rows.map((row) => row.quick_check).filter((said) => said !== "ok"));
    for (const part of damagedParts(db)) parts.push(part);
  } catch (error) {
    pages.push(pageFault(error));
  }
  return { pages, parts };
}
