/** An element of DER: its tag and its content. */
export interface Element {
  /** The identifier octet: class, whether constructed, and number (below 31). */
  readonly tag: number;
  readonly content: Uint8Array;
  /** Tag, length and content. */
  readonly whole: Uint8Array;
}

/** Identifier octets that occur in certificates. */
export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** Context-specific tags: `[n]`, constructed or primitive. */
export const constructed = (number: number): number => 0xa0 | number;
export const primitive = (number: number): number => 0x80 | number;

/** The bytes are not DER, or not the expected structure. Never escapes the functions that parse whole structures. */
export class DerError extends Error {}

/**
 * Reads the elements of a constructed element or a file, in order. Strict: each value has only one encoding (X.690).
 */
export class DerReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  get nextTag(): number | null {
    return this.#bytes[this.#at] ?? null;
  }

  #octet(): number {
    const octet = this.#bytes[this.#at];
    if (octet === undefined) throw new DerError("it ends too early");
    this.#at += 1;
    return octet;
  }

  #length(): number {
    const first = this.#octet();
    if (first < 0x80) return first;
    const octets = first & 0x7f;
    // Rejects the indefinite form and lengths beyond 16 MiB.
    if (octets === 0 || octets > 3) throw new DerError("a length that DER does not have");
    let length = 0;
    for (let count = 0; count < octets; count += 1) length = length * 256 + this.#octet();
    if (length < 0x80 || length < 256 ** (octets - 1)) throw new DerError("a length longer than it need be");
    return length;
  }

  /** @throws DerError if there is none, or not with this `tag`. */
  next(tag?: number): Element {
    const start = this.#at;
    const found = this.#octet();
    if ((found & 0x1f) === 0x1f) throw new DerError("a tag of more than one octet");
    if (tag !== undefined && found !== tag) throw new DerError(`tag ${found} where ${tag} was expected`);
    const length = this.#length();
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new DerError("it ends too early");
    const content = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return { tag: found, content, whole: this.#bytes.subarray(start, end) };
  }

  /** The next element if it has this tag; null if it has another one or there is none. */
  optional(tag: number): Element | null {
    return this.nextTag === tag ? this.next(tag) : null;
  }

  /** @throws DerError if anything is left. */
  end(): void {
    if (!this.isAtEnd) throw new DerError("something follows its end");
  }
}

/** The elements within an element's content. @throws DerError */
export function elementsOf(content: Uint8Array): readonly Element[] {
  const reader = new DerReader(content);
  const elements: Element[] = [];
  while (!reader.isAtEnd) elements.push(reader.next());
  return elements;
}

/** A BOOLEAN. @throws DerError for octets that are not valid DER. */
export function booleanOf({ content }: Element): boolean {
  const [octet] = content;
  if (content.length !== 1 || (octet !== 0 && octet !== 0xff)) throw new DerError("no boolean of DER");
  return octet === 0xff;
}

/** A small, non-negative INTEGER. @throws DerError for any other. */
export function smallIntegerOf({ content }: Element): number {
  const [first = 0x80, second = 0x80] = content;
  const isShortest = content.length === 1 || first !== 0 || second >= 0x80;
  if (content.length > 4 || first >= 0x80 || !isShortest) throw new DerError("no small integer");
  return content.reduce((value, octet) => value * 256 + octet, 0);
}

/** An OBJECT IDENTIFIER in dotted decimals. @throws DerError */
export function oidOf({ content }: Element): string {
  const arcs: number[] = [];
  let arc = 0;
  let isFirst = true;
  for (const octet of content) {
    if (isFirst && octet === 0x80) throw new DerError("an arc longer than it need be");
    arc = arc * 128 + (octet & 0x7f);
    if (arc > Number.MAX_SAFE_INTEGER / 128) throw new DerError("an arc that is too large");
    isFirst = octet < 0x80;
    if (!isFirst) continue;
    if (arcs.length === 0) {
      const root = Math.min(2, Math.floor(arc / 40));
      arcs.push(root, arc - 40 * root);
    } else arcs.push(arc);
    arc = 0;
  }
  if (!isFirst || arcs.length === 0) throw new DerError("no object identifier");
  return arcs.join(".");
}

/** The octets of a BIT STRING; bit 0 is the highest bit of the first one. @throws DerError */
export function bitsOf({ content }: Element): Uint8Array {
  const [unused = 8] = content;
  const octets = content.subarray(1);
  const last = octets.at(-1) ?? 0;
  const isClean = (last & ((1 << unused) - 1)) === 0 && (unused === 0 || octets.length > 0);
  if (unused > 7 || !isClean) throw new DerError("no bit string of DER");
  return octets;
}

/** A UTCTime or GeneralizedTime as used in certificates (RFC 5280, section 4.1.2.5), in Unix ms. @throws DerError */
export function timeOf({ tag, content }: Element): number {
  const text = Buffer.from(content).toString("latin1");
  const isShort = tag === TAG.utcTime;
  if (!isShort && tag !== TAG.generalizedTime) throw new DerError("no time");
  const match = (isShort ? /^(\d\d)(\d{4})(\d{6})Z$/ : /^(\d{4})(\d{4})(\d{6})Z$/).exec(text);
  if (match === null) throw new DerError("no time of a certificate");
  const [, written = "", date = "", time = ""] = match;
  const year = isShort ? `${Number(written) < 50 ? 20 : 19}${written}` : written;
  const day = `${year}-${date.slice(0, 2)}-${date.slice(2)}`;
  const ms = Date.parse(`${day}T${time.slice(0, 2)}:${time.slice(2, 4)}:${time.slice(4)}Z`);
  // Date would read the 31st of February as a day in March.
  if (Number.isNaN(ms) || new Date(ms).toISOString().slice(0, 10) !== day) throw new DerError("no such day");
  return ms;
}
