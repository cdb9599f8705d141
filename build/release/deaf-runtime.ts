// A Bun runtime that ignores all environment variables beginning with BUN_.
import { chmodSync, writeFileSync } from "node:fs";

/**
 * Names that must be found: through each of these, anyone who can set the environment could run code or write
 * files as us.
 */
const MUST_GO = [
  "BUN_BE_BUN",
  "BUN_OPTIONS",
  "BUN_INSPECT",
  "BUN_INSPECT_PRELOAD",
  "BUN_TCC_OPTIONS",
  "BUN_BYTECODE_DIGEST_OUT",
];

/** A name as the runtime passes it to getenv: a separate string between two NULs. */
const NAME = /(?<=\0)BUN_(?=[A-Z0-9_]+\0)/g;

/**
 * Copies a runtime to `path` with the first `_` of these names replaced by `=`, which no variable's name can contain:
 * the look-up then finds nothing. Bun has no switch for this, and reads them before the program's first line runs.
 * (BUN_JSC_*, which the engine compares without such a string, is rejected by the program itself: main.ts.)
 *
 * @throws Error if a name is no longer there: this is another Bun, to be examined anew.
 */
export async function writeDeafRuntime(runtime: string, path: string): Promise<void> {
  // As Latin-1 every byte is one character and is kept as it is.
  const text = Buffer.from(await Bun.file(runtime).arrayBuffer()).toString("latin1");
  const missing = MUST_GO.filter((name) => !text.includes(`\0${name}\0`));
  if (missing.length > 0)
    throw new Error(`Cannot keep the environment out of ${runtime}: it has no ${missing.join(", ")}`);
  writeFileSync(path, Buffer.from(text.replaceAll(NAME, "BUN="), "latin1"));
  chmodSync(path, 0o755);
}
