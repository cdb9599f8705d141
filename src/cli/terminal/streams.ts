import { fstatSync, writeSync } from "node:fs";
import { codeOf, Failure } from "../../lib/errors.ts";

/** Linux's major number of the memory devices, which include /dev/null. */
const MEMORY_DEVICES = 1;

/**
 * Whether a descriptor is a terminal. node:tty takes 13 ms to load, so it is only asked about character devices, and
 * not about /dev/null, where cron and services send output.
 */
export async function isTerminal(descriptor: number): Promise<boolean> {
  try {
    const status = fstatSync(descriptor);
    if (!status.isCharacterDevice() || status.rdev >> 8 === MEMORY_DEVICES) return false;
  } catch {
    return false;
  }
  const tty = await import("node:tty");
  return tty.isatty(descriptor);
}

/** Writes to stderr without process.stderr, which takes 20 ms to load. Write errors are ignored. */
export function writeError(text: string): void {
  let rest = Buffer.from(text);
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(2, rest));
    } catch (error) {
      if (codeOf(error) !== "EAGAIN") return;
      Bun.sleepSync(1);
    }
  }
}

/** @throws Failure (failed) if stdout cannot be written: a closed pipe, a full disk. */
export async function writeOutput(text: string): Promise<void> {
  try {
    await Bun.write(Bun.stdout, text);
  } catch (error) {
    const code = codeOf(error);
    const why =
      code === "EPIPE" ? "its reader has closed the pipe" : code === "ENOSPC" ? "no space left" : code;
    throw new Failure("failed", `cannot write the result to stdout: ${why ?? String(error)}`, {
      cause: error,
    });
  }
}

/** The width of the terminal on stderr, from COLUMNS or the terminal itself; 80 if neither is known. */
export function widthOf(
  isATerminal: boolean,
  environment: Readonly<Record<string, string | undefined>>,
): number {
  const told = Number(environment["COLUMNS"]);
  if (Number.isInteger(told) && told > 0) return told;
  // A serial console does not know its size and reports 0.
  const found = isATerminal ? process.stderr.columns : 0;
  return found > 0 ? found : 80;
}
