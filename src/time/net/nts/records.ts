import { AEAD_AES_SIV_CMAC_256 } from "./aes-siv.ts";

/** Longer answers are refused: eight cookies need less than 1 KiB. */
export const MOST_ANSWER_BYTES = 16_384;
/** Longer cookies would make requests that networks drop. */
export const MOST_COOKIE_BYTES = 512;
/** What servers send (RFC 8915, section 4.1.6) and what is kept; excess cookies are ignored. */
export const MOST_COOKIES = 8;

/** Record types of RFC 8915, section 4.1. */
const TYPE = {
  end: 0,
  protocol: 1,
  error: 2,
  warning: 3,
  aead: 4,
  cookie: 5,
  server: 6,
  port: 7,
} as const;

const CRITICAL = 0x8000;
const HEADER_BYTES = 4;
const PROTOCOL_NTPV4 = 0;

const ERRORS: readonly string[] = [
  "it does not know a critical record",
  "it calls the request bad",
  "it has an internal error",
];

/** A server's answer to a key exchange. */
export interface KeyExchangeAnswer {
  readonly aead: number;
  readonly cookies: readonly Uint8Array[];
  /** The server to query for the time; null: the same host. */
  readonly server: string | null;
  readonly port: number | null;
}

export type Decoded =
  | { readonly type: "answer"; readonly answer: KeyExchangeAnswer }
  /** The end record has not arrived yet. */
  | { readonly type: "incomplete" }
  | { readonly type: "refused"; readonly reason: string };

interface RawRecord {
  readonly type: number;
  readonly isCritical: boolean;
  readonly body: Uint8Array;
}

function encodeRecord(type: number, words: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES + 2 * words.length);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, CRITICAL | type);
  view.setUint16(2, 2 * words.length);
  words.forEach((word, index) => view.setUint16(HEADER_BYTES + 2 * index, word));
  return bytes;
}

/** The request of RFC 8915, section 4: NTPv4, with the one AEAD that every server has. */
export function encodeRequest(): Uint8Array {
  return Buffer.concat([
    encodeRecord(TYPE.protocol, [PROTOCOL_NTPV4]),
    encodeRecord(TYPE.aead, [AEAD_AES_SIV_CMAC_256]),
    encodeRecord(TYPE.end, []),
  ]);
}

/** The records up to the end record; null if it has not arrived. Bytes after it are ignored. */
function recordsOf(bytes: Uint8Array): readonly RawRecord[] | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const records: RawRecord[] = [];
  for (let at = 0; at + HEADER_BYTES <= bytes.length;) {
    const head = view.getUint16(at);
    const end = at + HEADER_BYTES + view.getUint16(at + 2);
    if (end > bytes.length) return null;
    const type = head & ~CRITICAL;
    records.push({ type, isCritical: head >= CRITICAL, body: bytes.subarray(at + HEADER_BYTES, end) });
    if (type === TYPE.end) return records;
    at = end;
  }
  return null;
}

function word(body: Uint8Array): number | null {
  return body.length === 2 ? ((body[0] ?? 0) << 8) | (body[1] ?? 0) : null;
}

/** A host name or address in ASCII; null if it contains characters that no host has. */
function hostOf(body: Uint8Array): string | null {
  const text = Buffer.from(body).toString("latin1");
  return /^[\w.:-]{1,253}$/.test(text) ? text.toLowerCase().replace(/\.$/, "") : null;
}

const refused = (reason: string): Decoded => ({ type: "refused", reason });

/** What is wrong with a record; null if nothing is. */
function faultOf({ type, isCritical, body }: RawRecord): string | null {
  switch (type) {
    case TYPE.end:
      return body.length === 0 ? null : "its end record has a body";
    case TYPE.protocol:
      return word(body) === PROTOCOL_NTPV4 ? null : "it does not offer NTPv4";
    case TYPE.error: {
      const code = word(body);
      return (code === null ? undefined : ERRORS[code]) ?? `it answered with error ${code ?? "?"}`;
    }
    case TYPE.warning:
      return `it answers with warning ${word(body) ?? "?"}`;
    case TYPE.aead:
      // An empty body is what a server without a common algorithm sends (section 4.1.5).
      if (body.length === 0) return "it has no algorithm in common with us (AES-SIV-CMAC-256)";
      return word(body) === AEAD_AES_SIV_CMAC_256 ? null : "it chose an algorithm that was not offered";
    case TYPE.cookie:
      if (body.length > 0 && body.length <= MOST_COOKIE_BYTES && body.length % 4 === 0) return null;
      return `it gave a cookie of ${body.length} bytes`;
    case TYPE.server:
      return hostOf(body) === null ? "it names an invalid server" : null;
    case TYPE.port:
      return (word(body) ?? 0) > 0 ? null : "it names a port that cannot be one";
    default:
      return isCritical ? `it requires an unknown record (${type})` : null;
  }
}

/**
 * Reads a key exchange answer as far as it has arrived. Never throws.
 *
 * @param bytes everything received so far.
 */
export function decodeAnswer(bytes: Uint8Array): Decoded {
  if (bytes.length > MOST_ANSWER_BYTES)
    return refused(`its answer is longer than ${MOST_ANSWER_BYTES} bytes`);
  const records = recordsOf(bytes);
  if (records === null) return { type: "incomplete" };
  for (const record of records) {
    const fault = faultOf(record);
    if (fault !== null) return refused(fault);
  }
  const bodies = (type: number): readonly Uint8Array[] =>
    records.filter((record) => record.type === type).map(({ body }) => body);
  const single = [TYPE.protocol, TYPE.aead, TYPE.server, TYPE.port];
  if (single.some((type) => bodies(type).length > 1)) return refused("it says the same thing twice");
  if (bodies(TYPE.protocol).length === 0) return refused("it does not offer NTPv4");
  if (bodies(TYPE.aead).length === 0) return refused("it chose no algorithm");
  const cookies = bodies(TYPE.cookie);
  if (cookies.length === 0) return refused("it gave no cookie");
  const [server] = bodies(TYPE.server);
  const [port] = bodies(TYPE.port);
  return {
    type: "answer",
    answer: {
      aead: AEAD_AES_SIV_CMAC_256,
      cookies: cookies.slice(0, MOST_COOKIES).map((cookie) => Uint8Array.from(cookie)),
      server: server === undefined ? null : hostOf(server),
      port: port === undefined ? null : word(port),
    },
  };
}
