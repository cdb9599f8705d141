import { customType } from "drizzle-orm/sqlite-core";

/** A blob as bun:sqlite hands it over. (drizzle's own kind says Buffer, which it is only where drizzle has read it.) */
export const bytes = customType<{ data: Uint8Array; driverData: Uint8Array }>({ dataType: () => "blob" });
