import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { hostTarget } from "../../build/release/targets.ts";

const ROOT = resolve(import.meta.dir, "../..");

/** The compiled binary that end-to-end tests run; `bun run build` makes it. NODUPE_BINARY names another one. */
export const BINARY: string = process.env["NODUPE_BINARY"] ?? join(ROOT, "dist/nodupe");

/** The executable itself, where BINARY is a script that starts it through an emulator (see emulation.ts). */
export const PROGRAM: string = process.env["NODUPE_TEST_PROGRAM"] ?? BINARY;
export const TARGET: string = process.env["NODUPE_TEST_TARGET"] ?? hostTarget();

if (!existsSync(BINARY)) throw new Error(`${BINARY} does not exist; make it with: bun run build`);
