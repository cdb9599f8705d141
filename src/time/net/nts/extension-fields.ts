import type { AesSiv } from "./aes-siv.ts";
import { MOST_COOKIE_BYTES, MOST_COOKIES } from "./records.ts";
import { PACKET_BYTES } from "../../ntp/packet.ts";

/** Field types of RFC 8915, section 5.2. */
const TYPE = {
  uniqueId: 0x0104,
  cookie: 0x0204,
  placeholder: 0x0304,
  authenticator: 0x0404,
} as const;

/** Length of a unique identifier (section 5.3) and of a nonce (section 5.6). */
export const UNIQUE_ID_BYTES = 32;
export const NONCE_BYTES = 16;

const HEADER_BYTES = 4;
/** The lengths of nonce and ciphertext at the start of an authenticator's body. */
const LENGTHS_BYTES = 4;

interface Field {
  readonly type: number;
  /** Its offset in the packet. */
  readonly start: number;
  readonly body: Uint8Array;
}

export interface RequestParts {
  /** The 48 bytes of a plain request. */
  readonly packet: Uint8Array;
  readonly uniqueId: Uint8Array;
  readonly cookie: Uint8Array;
  /** How many cookies to request besides the one that every answer brings. */
  readonly placeholders: number;
  readonly nonce: Uint8Array;
}

/** The result of reading a datagram's extension fields. */
export type Opened =
  /** From the server that has the key, in answer to this very request. */
  | { readonly type: "authentic"; readonly cookies: readonly Uint8Array[] }
  /** In answer to this request, but nothing proves who sent it: at most a NAK is acted on. */
  | { readonly type: "unauthenticated" }
  | { readonly type: "forged"; readonly reason: string };

const aligned = (length: number): number => (length + 3) & ~3;

function field(type: number, body: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES + aligned(body.length));
  const view = new DataView(bytes.buffer);
  view.setUint16(0, type);
  view.setUint16(2, bytes.length);
  bytes.set(body, HEADER_BYTES);
  return bytes;
}

function authenticatorBody(nonce: Uint8Array, ciphertext: Uint8Array): Uint8Array {
  const body = new Uint8Array(LENGTHS_BYTES + aligned(nonce.length) + aligned(ciphertext.length));
  const view = new DataView(body.buffer);
  view.setUint16(0, nonce.length);
  view.setUint16(2, ciphertext.length);
  body.set(nonce, LENGTHS_BYTES);
  body.set(ciphertext, LENGTHS_BYTES + aligned(nonce.length));
  return body;
}

/** Appends the extension fields to a request; the authenticator covers everything before it (section 5.7). */
export function sealRequest(parts: RequestParts, aead: AesSiv): Uint8Array {
  const placeholder = field(TYPE.placeholder, new Uint8Array(parts.cookie.length));
  const before = Buffer.concat([
    parts.packet,
    field(TYPE.uniqueId, parts.uniqueId),
    field(TYPE.cookie, parts.cookie),
    ...Array.from({ length: parts.placeholders }, () => placeholder),
  ]);
  const ciphertext = aead.seal(new Uint8Array(), [before, parts.nonce]);
  const authenticator = field(TYPE.authenticator, authenticatorBody(parts.nonce, ciphertext));
  // Has its own memory with a fixed address, as it is passed to the kernel.
  const bytes = new Uint8Array(new ArrayBuffer(before.length + authenticator.length));
  bytes.set(before);
  bytes.set(authenticator, before.length);
  return bytes;
}

/** The length of `sealRequest`'s result for a cookie of this length. */
export function requestBytes(cookieBytes: number, placeholders: number): number {
  const authenticator = HEADER_BYTES + LENGTHS_BYTES + NONCE_BYTES + 16;
  const cookies = (1 + placeholders) * (HEADER_BYTES + aligned(cookieBytes));
  return PACKET_BYTES + HEADER_BYTES + UNIQUE_ID_BYTES + cookies + authenticator;
}

/** The extension fields from `from` to the end (RFC 7822); null if the bytes do not consist of whole fields. */
function fieldsOf(bytes: Uint8Array, from: number): readonly Field[] | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const fields: Field[] = [];
  let start = from;
  while (start + HEADER_BYTES <= bytes.length) {
    const length = view.getUint16(start + 2);
    const end = start + length;
    if (length < HEADER_BYTES || length % 4 !== 0 || end > bytes.length) return null;
    fields.push({ type: view.getUint16(start), start, body: bytes.subarray(start + HEADER_BYTES, end) });
    start = end;
  }
  return start === bytes.length ? fields : null;
}

function sameBytes(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, index) => byte === right[index]);
}

/** The plaintext of an authenticator covering all of `bytes` before it; null if verification fails. */
function unsealed(bytes: Uint8Array, { start, body }: Field, aead: AesSiv): Uint8Array | null {
  if (body.length < LENGTHS_BYTES) return null;
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const nonceEnd = LENGTHS_BYTES + view.getUint16(0);
  const textStart = LENGTHS_BYTES + aligned(view.getUint16(0));
  const textEnd = textStart + view.getUint16(2);
  if (textEnd > body.length || nonceEnd === LENGTHS_BYTES) return null;
  const nonce = body.subarray(LENGTHS_BYTES, nonceEnd);
  return aead.open(body.subarray(textStart, textEnd), [bytes.subarray(0, start), nonce]);
}

const forged = (reason: string): Opened => ({ type: "forged", reason });

/**
 * Reads what follows the first 48 bytes of an answer. Never throws. New cookies are accepted only from within the
 * authenticator; everything after it is ignored.
 *
 * @param uniqueId that of the request.
 * @param aead with the key from server to client.
 */
export function openAnswer(bytes: Uint8Array, uniqueId: Uint8Array, aead: AesSiv): Opened {
  const fields = bytes.length < PACKET_BYTES ? null : fieldsOf(bytes, PACKET_BYTES);
  if (fields === null) return forged("its extension fields are no whole fields");
  const authenticatorAt = fields.findIndex(({ type }) => type === TYPE.authenticator);
  const covered = authenticatorAt < 0 ? fields : fields.slice(0, authenticatorAt);
  const ids = covered.filter(({ type }) => type === TYPE.uniqueId);
  const [id] = ids;
  if (id === undefined || ids.length > 1 || !sameBytes(id.body, uniqueId))
    return forged("it does not echo the request's unique identifier");
  const authenticator = fields[authenticatorAt];
  if (authenticator === undefined) return { type: "unauthenticated" };
  const plaintext = unsealed(bytes, authenticator, aead);
  if (plaintext === null) return forged("its authenticator does not hold");
  const inner = fieldsOf(plaintext, 0);
  if (inner === null) return forged("its encrypted fields are no whole fields");
  const cookies = inner
    .filter(({ type, body }) => type === TYPE.cookie && body.length > 0 && body.length <= MOST_COOKIE_BYTES)
    .map(({ body }) => body.slice());
  return { type: "authentic", cookies: cookies.slice(0, MOST_COOKIES) };
}
