import { customType } from "drizzle-orm/sqlite-core";

/**
 * A blob as bun:sqlite returns it. (drizzle's own type says Buffer, which holds only for blobs read through drizzle.)
 */
export const bytes = customType<{ data: Uint8Array; driverData: Uint8Array }>({ dataType: () => "blob" });
