import { drizzle } from "drizzle-orm/bun-sqlite";
import { type OpenOptions, openDatabase, type StoreDatabase } from "./database.ts";

type Orm = ReturnType<typeof drizzle>;

/** An open store: `db` for hot paths (prepared statements), `orm` for everything else. */
export interface Store extends StoreDatabase {
  readonly orm: Orm;
}

/** The same as `openDatabase`, with the ORM. */
export function openStore(options: OpenOptions): Store {
  const opened = openDatabase(options);
  return { ...opened, orm: drizzle({ client: opened.db }) };
}
