import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { hostTarget } from "../../build/release/targets.ts";

const ROOT = resolve(import.meta.dir, "../..");

/** The compiled binary run by end-to-end tests; made by `bun run build`. NODUPE_BINARY overrides it. */
export const BINARY: string = process.env["NODUPE_BINARY"] ?? join(ROOT, "dist/nodupe");

/** The executable itself, if BINARY is a script that starts it in an emulator (see emulation.ts). */
export const PROGRAM: string = process.env["NODUPE_TEST_PROGRAM"] ?? BINARY;
export const TARGET: string = process.env["NODUPE_TEST_TARGET"] ?? hostTarget();

if (!existsSync(BINARY)) throw new Error(`${BINARY} does not exist; make it with: bun run build`);
