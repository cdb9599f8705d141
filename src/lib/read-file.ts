import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";

/** A pipe opened by the shell: `--config <(…)`. */
const HANDED_OVER = /^\/(dev\/(stdin|fd\/\d+)|proc\/self\/fd\/\d+)$/;

/**
 * Opens a file for reading. Devices are refused, and so are FIFOs, whose other end may never open.
 *
 * @returns its descriptor.
 * @throws Error saying what it is instead; the system's error.
 */
export function openRegularFile(path: string): number {
  if (HANDED_OVER.test(path)) return openSync(path, "r");
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const status = fstatSync(descriptor);
  if (status.isFile()) return descriptor;
  closeSync(descriptor);
  const kind = status.isDirectory() ? "a folder" : status.isFIFO() ? "a FIFO" : "a device or a socket";
  throw new Error(`it is ${kind}, expected a regular file`);
}

/** The line, from 1, of the first byte that is not UTF-8. */
function lineOfFault(bytes: Uint8Array): number {
  // A prefix of valid UTF-8 decodes cleanly except for a character that is cut off; a fault decodes to U+FFFD.
  const text = new TextDecoder().decode(bytes);
  return text.slice(0, text.indexOf("\uFFFD")).split("\n").length;
}

/**
 * Reads a whole text file.
 *
 * @throws Error if it is not a regular file or not UTF-8, with the line; the system's error.
 */
export function readText(path: string): string {
  const descriptor = openRegularFile(path);
  try {
    const bytes = readFileSync(descriptor);
    try {
      return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    } catch {
      throw new Error(`it is not UTF-8 text (line ${lineOfFault(bytes)})`);
    }
  } finally {
    closeSync(descriptor);
  }
}
