import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";

/** A pipe that a shell has opened for us: `--config <(…)`. */
const HANDED_OVER = /^\/(dev\/(stdin|fd\/\d+)|proc\/self\/fd\/\d+)$/;

/**
 * Opens a file to read it. A FIFO, whose other end may never open, and a device are refused at once.
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

/** The line of the first byte that is no UTF-8, from 1. */
function lineOfFault(bytes: Uint8Array): number {
  // Every beginning of UTF-8 is UTF-8, but for a character that is cut; a fault is replaced by U+FFFD.
  const text = new TextDecoder().decode(bytes);
  return text.slice(0, text.indexOf("\uFFFD")).split("\n").length;
}

/**
 * Reads a text file whole.
 *
 * @throws Error where it is no regular file or no UTF-8, with the line; the system's error.
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
