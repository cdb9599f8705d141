import { statSync } from "node:fs";
import { LineParser } from "../log/parse.ts";
import { openSource } from "./source.ts";

/** How much of a file is searched for its first timestamp. */
const LOOK_BYTES = 65_536;
const NEWLINE = 10;

/** The time of the first line with a timestamp, Unix ms; null if there is none, or if the file is a pipe. */
async function firstTimeMs(path: string): Promise<number | null> {
  if (path === "-" || !statSync(path).isFile()) return null;
  using source = openSource(path);
  const buffer = new Uint8Array(LOOK_BYTES);
  let filled = 0;
  try {
    while (filled < LOOK_BYTES - 1) {
      const count = await source.read(buffer.subarray(filled, LOOK_BYTES - 1));
      if (count === 0) break;
      filled += count;
    }
  } catch {
    // Any problem with the file is reported when it is read.
  }
  const parser = new LineParser();
  parser.setBuffer(buffer);
  for (let start = 0; start < filled;) {
    const newline = buffer.subarray(0, filled).indexOf(NEWLINE, start);
    const end = newline < 0 ? filled : newline;
    const timeMs = parser.timeOf(start, end);
    if (timeMs !== null) return timeMs;
    start = end + 1;
  }
  return null;
}

/**
 * Sorts files in the order in which their lines were written, by first timestamp rather than by name: starts and ends
 * in different rotated files pair up only if read in order. Files without a timestamp, and pipes, come last.
 */
export async function inOrderOfTime(paths: readonly string[]): Promise<string[]> {
  if (paths.length < 2) return [...paths];
  const timed: { path: string; timeMs: number }[] = [];
  for (const path of paths) timed.push({ path, timeMs: (await firstTimeMs(path)) ?? Infinity });
  // Infinity - Infinity is NaN, which is not an order.
  return timed.toSorted((a, b) => (a.timeMs === b.timeMs ? 0 : a.timeMs - b.timeMs)).map(({ path }) => path);
}
