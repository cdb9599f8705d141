/**
 * Paths as text, whatever their bytes. A byte that is no UTF-8 becomes a lone low surrogate, U+DC80 to U+DCFF, which no
 * valid text holds, and is turned back into the byte where the system is asked (PEP 383, "surrogateescape"). To show
 * such a path, or to send it, `toWellFormed()` puts U+FFFD in its place.
 */

const ESCAPE = 0xdc00;

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** How many bytes the UTF-8 sequence at `at` has; 0 where there is none. */
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

/** The text of a name's bytes. */
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

/** The bytes that a text of `pathOfBytes` stands for. */
function bytesOfPath(path: string): Buffer {
  const pieces: Buffer[] = [];
  for (const letter of path) {
    const code = letter.charCodeAt(0);
    const isEscaped = letter.length === 1 && code >= ESCAPE + 0x80 && code <= ESCAPE + 0xff;
    pieces.push(isEscaped ? Buffer.of(code - ESCAPE) : Buffer.from(letter));
  }
  return Buffer.concat(pieces);
}

/** What node:fs takes for a path: the text itself wherever it can. */
export function systemPath(path: string): string | Buffer {
  return path.isWellFormed() ? path : bytesOfPath(path);
}
