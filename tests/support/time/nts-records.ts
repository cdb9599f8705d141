/** A record of a key exchange (RFC 8915, section 4), with a body of 16-bit words or bytes. */
export function record(
  type: number,
  body: readonly number[] | Uint8Array | string,
  isCritical = type < 5,
): Uint8Array {
  const bytes =
    typeof body === "string"
      ? Buffer.from(body)
      : body instanceof Uint8Array
        ? body
        : Buffer.from(body.flatMap((word) => [word >> 8, word & 0xff]));
  const head = Buffer.alloc(4);
  head.writeUInt16BE((isCritical ? 0x8000 : 0) | type, 0);
  head.writeUInt16BE(bytes.length, 2);
  return Buffer.concat([head, bytes]);
}

export interface AnswerParts {
  readonly cookies: readonly Uint8Array[];
  /** The record's words; null: omit the record. */
  readonly protocol?: readonly number[] | null;
  readonly aead?: readonly number[] | null;
  readonly server?: string;
  readonly port?: number;
}

/** A server's answer; honest by default. */
export function answerBytes({ cookies, protocol = [0], aead = [15], server, port }: AnswerParts): Uint8Array {
  return Buffer.concat([
    ...(protocol === null ? [] : [record(1, protocol)]),
    ...(aead === null ? [] : [record(4, aead)]),
    ...(server === undefined ? [] : [record(6, server)]),
    ...(port === undefined ? [] : [record(7, [port])]),
    ...cookies.map((cookie) => record(5, cookie)),
    record(0, []),
  ]);
}
