import { expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { AesSiv } from "../../../../src/time/net/nts/aes-siv.ts";
import { openAnswer, requestBytes, sealRequest } from "../../../../src/time/net/nts/extension-fields.ts";
import { encodeRequest } from "../../../../src/time/ntp/packet.ts";
import { encodePacket, honestAnswer } from "../../../support/time/ntp-packet.ts";
import { field, fieldsOf, nak, sealFields } from "../../../support/time/nts-server.ts";

const UNIQUE_ID = 0x0104;
const COOKIE = 0x0204;
const key = randomBytes(32);
const aead = new AesSiv(key);
const uniqueId = randomBytes(32);
const packet = encodePacket(honestAnswer(7n, 8n, 9n));
const cookies = [randomBytes(100), randomBytes(100)];
const inner = cookies.map((cookie) => field(COOKIE, cookie));
const idField = field(UNIQUE_ID, uniqueId);
const honest = sealFields(packet, [idField], inner, key);

test("a request: identifier, cookie, placeholders of the same length, and an authenticator over all of them", () => {
  const cookie = randomBytes(100);
  const parts = { packet: encodeRequest(5n), uniqueId, cookie, placeholders: 2, nonce: randomBytes(16) };
  const bytes = sealRequest(parts, aead);
  const fields = fieldsOf(bytes);
  expect(fields.map(({ type, body }) => [type, body.length])).toEqual([
    [UNIQUE_ID, 32],
    [COOKIE, 100],
    [0x0304, 100],
    [0x0304, 100],
    [0x0404, 36],
  ]);
  expect(Buffer.from(fields[1]?.body ?? []).equals(cookie)).toBe(true);
  const [, , , , authenticator] = fields;
  const sealed = authenticator?.body.slice(20) ?? new Uint8Array();
  const associated = [bytes.slice(0, authenticator?.start), parts.nonce];
  expect(aead.open(sealed, associated)).toEqual(new Uint8Array());
  expect(bytes.length).toBe(requestBytes(100, 2));
  // Like RFC 8915's simplest request, which networks carry.
  expect([requestBytes(100, 0), requestBytes(100, 3)]).toEqual([228, 540]);
});

test("an answer brings its cookies, whatever other fields it has", () => {
  const authentic = { type: "authentic", cookies: cookies.map((cookie) => Uint8Array.from(cookie)) } as const;
  expect(openAnswer(honest, uniqueId, aead)).toEqual(authentic);
  const odd = field(0x4321, randomBytes(12));
  expect(openAnswer(sealFields(packet, [odd, idField, odd], [odd, ...inner], key), uniqueId, aead)).toEqual(
    authentic,
  );
  const none = sealFields(packet, [idField], [], key);
  expect(openAnswer(none, uniqueId, aead)).toEqual({ type: "authentic", cookies: [] });
  const many = Array.from({ length: 20 }, () => field(COOKIE, randomBytes(100)));
  const opened = openAnswer(sealFields(packet, [idField], many, key), uniqueId, aead);
  expect(opened.type === "authentic" ? opened.cookies.length : 0).toBe(8);
});

test("cookies before or after the authenticator are ignored", () => {
  const planted = field(COOKIE, randomBytes(100));
  expect(openAnswer(sealFields(packet, [idField, planted], [], key), uniqueId, aead)).toEqual({
    type: "authentic",
    cookies: [],
  });
  const after = openAnswer(Buffer.concat([sealFields(packet, [idField], [], key), planted]), uniqueId, aead);
  expect(after).toEqual({ type: "authentic", cookies: [] });
});

test("forged: another identifier, none, two, one after the authenticator; another key; truncated", () => {
  const reasonOf = (bytes: Uint8Array, withKey = aead): string => {
    const opened = openAnswer(bytes, uniqueId, withKey);
    return opened.type === "forged" ? opened.reason : opened.type;
  };
  const noEcho = "it does not echo the request's unique identifier";
  const other = field(UNIQUE_ID, randomBytes(32));
  expect(reasonOf(sealFields(packet, [other], inner, key))).toBe(noEcho);
  expect(reasonOf(sealFields(packet, [], inner, key))).toBe(noEcho);
  expect(reasonOf(sealFields(packet, [idField, idField], inner, key))).toBe(noEcho);
  expect(reasonOf(sealFields(packet, [field(UNIQUE_ID, uniqueId.subarray(0, 28))], inner, key))).toBe(noEcho);
  expect(reasonOf(Buffer.concat([sealFields(packet, [], inner, key), idField]))).toBe(noEcho);
  expect(reasonOf(honest, new AesSiv(randomBytes(32)))).toBe("its authenticator does not hold");
  expect(reasonOf(honest.slice(0, -4))).toBe("its extension fields are no whole fields");
  expect(reasonOf(packet)).toBe(noEcho);
  expect(reasonOf(new Uint8Array(20))).toBe("its extension fields are no whole fields");
  expect(reasonOf(sealFields(packet, [idField], [Buffer.from([1, 2, 3])], key))).toBe(
    "its encrypted fields are no whole fields",
  );
  // Without an authenticator it can at most be a NAK.
  expect(reasonOf(nak(packet, uniqueId))).toBe("unauthenticated");
  expect(reasonOf(nak(packet, randomBytes(32)))).toBe(noEcho);
});

test("no bit of an answer can be changed unnoticed", () => {
  fc.assert(
    fc.property(fc.nat(honest.length - 1), fc.nat(7), (at, bit) => {
      const changed = Uint8Array.from(honest);
      changed[at] = (changed[at] ?? 0) ^ (1 << bit);
      const opened = openAnswer(changed, uniqueId, aead);
      // Changing the last field's own header length, or using an unknown type, makes another packet: never this one.
      expect(opened.type).not.toBe("authentic");
    }),
    { numRuns: 3_000 },
  );
});

test("opening never throws", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), fc.nat(honest.length), (bytes, at) => {
      const changed = Uint8Array.from(honest);
      changed.set(bytes.slice(0, honest.length - at), at);
      for (const input of [bytes, changed, Buffer.concat([honest.slice(0, at), bytes])])
        expect(["authentic", "unauthenticated", "forged"]).toContain(openAnswer(input, uniqueId, aead).type);
      const sealed = sealFields(packet, [idField], [bytes], key);
      expect(["authentic", "forged"]).toContain(openAnswer(sealed, uniqueId, aead).type);
    }),
    { numRuns: 2_000 },
  );
});
