import { readTimestamp, type TimestampRead } from "./timestamp.ts";

const TAB = 9;
const SPACE = 32;
const HASH = 35;
const OPEN_BRACE = 123;
/** The longest timestamp: a date, a time, nine decimals and an offset. */
const LONGEST_TIMESTAMP = 36;
const TAB_ESCAPE = "#011";
const DOCKER_LOG = /^\{"log":("(?:[^"\\]|\\.)*")/;

/**
 * Where a line's JSON object begins, after any prefix: at a `{` with no tab before it (a console line has tabs before
 * its fields). -1 if it is not a JSON line.
 */
export function findJsonStart(bytes: Uint8Array, start: number, end: number): number {
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at];
    if (byte === OPEN_BRACE) return at;
    if (byte === TAB) return -1;
    if (byte === HASH && bytes[at + 1] === 48 && bytes[at + 2] === 49 && bytes[at + 3] === 49) return -1;
  }
  return -1;
}

/**
 * Where the node's own timestamp begins, after `docker logs -t`, compose or any other prefix without a tab: it is the
 * word that ends at the line's first tab. Its value is put into `time`. -1 if there is none.
 */
export function findConsoleStart(bytes: Uint8Array, start: number, end: number, time: TimestampRead): number {
  let tab = start;
  while (tab < end && bytes[tab] !== TAB) tab += 1;
  if (tab === end) return -1;
  let word = tab;
  while (
    word > start &&
    tab - word < LONGEST_TIMESTAMP &&
    bytes[word - 1] !== SPACE &&
    bytes[word - 1] !== 124
  )
    word -= 1;
  return readTimestamp(bytes, word, time) && time.end === tab ? word : -1;
}

/** The line inside docker's json-file object (`{"log":"…\n","stream":…,"time":…}`), or null if it is not one. */
export function unescapeDockerLog(bytes: Uint8Array, open: number, end: number): Uint8Array | null {
  if (bytes[open + 2] !== 108 || bytes[open + 3] !== 111 || bytes[open + 4] !== 103 || bytes[open + 5] !== 34)
    return null;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + open, end - open).toString("utf8");
  const literal = DOCKER_LOG.exec(text)?.[1];
  if (literal === undefined) return null;
  try {
    const line: unknown = JSON.parse(literal);
    return typeof line === "string" ? Buffer.from(line, "utf8") : null;
  } catch {
    return null;
  }
}

/** A syslog line with each `#011` turned back into a tab, or null if it has none. */
export function unescapeSyslog(bytes: Uint8Array, start: number, end: number): Uint8Array | null {
  const line = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start);
  if (!line.includes(TAB_ESCAPE)) return null;
  return Buffer.from(line.toString("latin1").replaceAll(TAB_ESCAPE, "\t"), "latin1");
}
