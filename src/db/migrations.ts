import upload from "./migrations/0000_upload.sql" with { type: "text" };
import time from "./migrations/0001_time.sql" with { type: "text" };
import nodes from "./migrations/0002_nodes.sql" with { type: "text" };

/**
 * The SQL of every schema step, oldest first, embedded in the binary. The store's `user_version` is how many of them
 * it has seen. A step that has been released is never changed; a new one is added.
 */
export const MIGRATIONS: readonly string[] = [upload, time, nodes];
