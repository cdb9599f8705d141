import { existsSync } from "node:fs";
import { join, resolve } from "node:path";

const ROOT = resolve(import.meta.dir, "../..");

/** The compiled binary that end-to-end tests run; `bun run build` makes it. NODUPE_BINARY names another one. */
export const BINARY: string = process.env["NODUPE_BINARY"] ?? join(ROOT, "dist/nodupe");

if (!existsSync(BINARY)) throw new Error(`${BINARY} does not exist; make it with: bun run build`);
