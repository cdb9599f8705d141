/**
 * Paths as text, whatever their bytes. A byte that is not UTF-8 becomes a lone low surrogate, U+DC80 to U+DCFF,
 * which no valid text contains, and is turned back into the byte for system calls (PEP 383, "surrogateescape"). To
 * show or send such a path, replace them with U+FFFD by `toWellFormed()`.
 */

const ESCAPE = 0xdc00;
const REPLACEMENT = "\uFFFD";

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The length of the UTF-8 sequence at `at`; 0 if there is none. */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const lead = bytes[at] ?? 0;
  const length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  try {
    strict.decode(bytes.subarray(at, at + length));
    return at + length <= bytes.length ? length : 0;
  } catch {
    return 0;
  }
}

/** The bytes of a name as text. */
export function pathOfBytes(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes);
  } catch {
    let text = "";
    for (let at = 0; at < bytes.length;) {
      const length = sequenceLength(bytes, at);
      text +=
        length === 0
          ? String.fromCharCode(ESCAPE + (bytes[at] ?? 0))
          : strict.decode(bytes.subarray(at, at + length));
      at += Math.max(1, length);
    }
    return text;
  }
}

/** The text of a name within a buffer; nearly all names are UTF-8 and are decoded at once. */
export function pathWithin(bytes: Buffer, start: number, end: number): string {
  const text = bytes.toString("utf8", start, end);
  return text.includes(REPLACEMENT) ? pathOfBytes(bytes.subarray(start, end)) : text;
}

/** The inverse of `pathOfBytes`. */
function bytesOfPath(path: string): Buffer {
  const pieces: Buffer[] = [];
  for (const letter of path) {
    const code = letter.charCodeAt(0);
    const isEscaped = letter.length === 1 && code >= ESCAPE + 0x80 && code <= ESCAPE + 0xff;
    pieces.push(isEscaped ? Buffer.of(code - ESCAPE) : Buffer.from(letter));
  }
  return Buffer.concat(pieces);
}

/** A path for node:fs: the text itself unless it holds escaped bytes. */
export function systemPath(path: string): string | Buffer {
  return path.isWellFormed() ? path : bytesOfPath(path);
}
