import type { Database } from "bun:sqlite";
import { codeOf, messageOf } from "../lib/errors.ts";
import { type DamagedPart, damagedParts } from "../nodes/store/damage.ts";

/** What is not as it was written. */
export interface StoreCheck {
  /** What SQLite says of its pages; empty where they are whole. */
  readonly pages: readonly string[];
  readonly parts: readonly DamagedPart[];
}

const MOST_FAULTS = 20;

/** SQLite's own words of pages that cannot be read; other errors are none of the store's. */
function pageFault(error: unknown): string {
  if (!/^SQLITE_(CORRUPT|NOTADB|IOERR)/.test(codeOf(error) ?? "")) throw error;
  return messageOf(error);
}

/** Checks the database's pages and every sealed blob. What lies on pages that cannot be read is told as those. */
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
