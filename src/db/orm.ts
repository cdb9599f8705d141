import type { Database } from "bun:sqlite";
import { drizzle } from "drizzle-orm/bun-sqlite";

/**
 * drizzle's query builder over an open store, for occasional queries. It takes milliseconds to load, so hot paths
 * prepare their statements on the database itself, and only commands that build queries import this.
 */
export function ormOf(db: Database): ReturnType<typeof drizzle> {
  return drizzle({ client: db });
}
