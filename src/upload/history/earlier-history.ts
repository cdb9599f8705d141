/** The text is not a history. The message says what was found and what was expected. */
export class HistoryFault extends Error {}

const CHECKSUM = /^[0-9a-f]{64}$/i;
/** The length of a checksum with its quotes. */
const TOKEN_LENGTH = 66;
/** How much of an invalid entry is shown. */
const SHOWN_LENGTH = 80;

/** What may come next: the opening bracket; an entry or the end; a comma or the end; an entry; nothing. */
type Expected = "array" | "first" | "comma" | "entry" | "nothing";

/**
 * Parses an earlier client's `sync_history.json` as it arrives, in pieces of any size: a JSON array of SHA-256 in hex.
 * At most one entry is held, so a history of millions takes no memory.
 */
export class HistoryReader {
  #expected: Expected = "array";
  #entries = 0;
  /** Text not parsed yet: less than one entry. */
  #rest = "";

  /** @returns the checksums completed by this piece, in lower case. @throws HistoryFault */
  push(piece: string): string[] {
    const text = this.#rest + piece;
    const found: string[] = [];
    let at = 0;
    for (;;) {
      while (at < text.length && " \t\r\n".includes(text.charAt(at))) at += 1;
      if (at >= text.length) break;
      const next = this.#take(text, at, found);
      if (next === null) break;
      at = next;
    }
    this.#rest = text.slice(at);
    return found;
  }

  /** Ends the input. @throws HistoryFault if something is missing. */
  end(): void {
    if (this.#expected === "nothing") return;
    if (this.#expected === "array") throw new HistoryFault("it is empty, expected a JSON array");
    // An invalid entry may still be waiting for its end; it is reported unless it was only cut off.
    if (this.#rest !== "" && !/^"[^"]*$/.test(this.#rest)) this.#refuse(this.#rest);
    throw new HistoryFault("it is no JSON: it ends in the middle");
  }

  /** Parses the token that begins at `at`. @returns where it ends; null if more text is needed to tell. */
  #take(text: string, at: number, found: string[]): number | null {
    const char = text.charAt(at);
    switch (this.#expected) {
      case "array":
        if (char !== "[") {
          const isJson = /[{"\d\-tfn]/.test(char);
          throw new HistoryFault(isJson ? "expected a JSON array of SHA-256 checksums" : "it is no JSON");
        }
        this.#expected = "first";
        return at + 1;
      case "nothing":
        throw new HistoryFault("it is no JSON: something follows the array");
      case "comma":
        if (char !== "," && char !== "]")
          throw new HistoryFault(`it is no JSON: a comma is missing behind entry ${this.#entries}`);
        this.#expected = char === "," ? "entry" : "nothing";
        return at + 1;
      case "first":
      case "entry":
        if (char === "]" && this.#expected === "first") {
          this.#expected = "nothing";
          return at + 1;
        }
        return this.#takeEntry(text, at, found);
    }
  }

  #takeEntry(text: string, at: number, found: string[]): number | null {
    const checksum = text.slice(at + 1, at + TOKEN_LENGTH - 1);
    const isOne = text.charAt(at) === '"' && text.charAt(at + TOKEN_LENGTH - 1) === '"';
    if (isOne && CHECKSUM.test(checksum)) {
      found.push(checksum.toLowerCase());
      this.#entries += 1;
      this.#expected = "comma";
      return at + TOKEN_LENGTH;
    }
    if (text.length - at <= SHOWN_LENGTH) return null;
    return this.#refuse(text.slice(at));
  }

  #refuse(text: string): never {
    const token = /^"[^"]*"?|^[^,\]\s]+/.exec(text)?.[0] ?? text;
    throw new HistoryFault(
      `entry ${this.#entries + 1} is ${token.slice(0, SHOWN_LENGTH)}, expected a SHA-256 of 64 hex digits`,
    );
  }
}

/** Checksums per piece of the written history. */
const PIECE = 1_000;

/** Writes a history in the earlier client's format, in pieces. */
export function* historyPieces(checksums: Iterable<string>): Generator<string> {
  let piece = "[";
  let count = 0;
  for (const checksum of checksums) {
    piece += count === 0 ? `"${checksum}"` : `,"${checksum}"`;
    count += 1;
    if (count % PIECE > 0) continue;
    yield piece;
    piece = "";
  }
  yield `${piece}]`;
}
