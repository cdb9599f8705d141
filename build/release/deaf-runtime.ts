// A Bun runtime that obeys no variable of the environment that begins with BUN_.
import { chmodSync, writeFileSync } from "node:fs";

/** Names that must be found: with each of these whoever sets the environment runs code, or writes files, as us. */
const MUST_GO = [
  "BUN_BE_BUN",
  "BUN_OPTIONS",
  "BUN_INSPECT",
  "BUN_INSPECT_PRELOAD",
  "BUN_TCC_OPTIONS",
  "BUN_BYTECODE_DIGEST_OUT",
];

/** A name as the runtime hands it to getenv: a string of its own between two NULs. */
const NAME = /(?<=\0)BUN_(?=[A-Z0-9_]+\0)/g;

/**
 * Copies a runtime to `path` with the first `_` of these names made `=`, which no variable's name can hold: the look-up
 * finds nothing. Bun has no switch for this, and acts on them before the program's first line runs. (BUN_JSC_*, which
 * the engine compares without such a string, is refused by the program itself: main.ts.)
 *
 * @throws Error where a name is not there any more: another Bun, to be looked at anew.
 */
export async function writeDeafRuntime(runtime: string, path: string): Promise<void> {
  // As Latin-1 every byte is a character, and stays what it is.
  const text = Buffer.from(await Bun.file(runtime).arrayBuffer()).toString("latin1");
  const missing = MUST_GO.filter((name) => !text.includes(`\0${name}\0`));
  if (missing.length > 0)
    throw new Error(`Cannot keep the environment out of ${runtime}: it has no ${missing.join(", ")}`);
  writeFileSync(path, Buffer.from(text.replaceAll(NAME, "BUN="), "latin1"));
  chmodSync(path, 0o755);
}
