import { expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { Association } from "../../../../src/time/net/nts/association.ts";
import type { Agreed } from "../../../../src/time/net/nts/cookie-jar.ts";
import { encodeRequest } from "../../../../src/time/ntp/packet.ts";
import chrony from "../../../fixtures/nts-chrony.json";
import { encodePacket, honestAnswer } from "../../../support/time/ntp-packet.ts";
import { field, fieldsOf, nak, sealFields } from "../../../support/time/nts-server.ts";

const AGREED: Agreed = {
  aead: 15,
  c2s: randomBytes(32),
  s2c: randomBytes(32),
  ntp: { host: "ntp.example", port: 123 },
  notBeforeMs: 0,
  notAfterMs: 1,
};
const cookie = (fill: number, length = 100): Uint8Array => new Uint8Array(length).fill(fill);

function association(cookies: readonly Uint8Array[], stored = 0): Association {
  const kept = stored === 0 ? null : { id: 1, cookies: stored, address: null };
  return new Association(AGREED, { isValidNow: true, kept, cookies, random: (bytes) => randomBytes(bytes) });
}

/** The types of a request's fields, in order: 0x0304 for each placeholder. */
const types = (bytes: Uint8Array): number[] => fieldsOf(bytes).map(({ type }) => type);
const placeholders = (bytes: Uint8Array): number => types(bytes).filter((type) => type === 0x0304).length;
const idOf = (bytes: Uint8Array): Uint8Array => fieldsOf(bytes)[0]?.body ?? new Uint8Array();

function answer(request: Uint8Array, origin: bigint, brings: number): Uint8Array {
  const inner = Array.from({ length: brings }, () => field(0x0204, randomBytes(100)));
  return sealFields(
    encodePacket(honestAnswer(origin, 8n, 9n)),
    [field(0x0104, idOf(request))],
    inner,
    AGREED.s2c,
  );
}

test("it asks for missing cookies, at most three at a time, counting those in flight", () => {
  const full = association([1, 2, 3, 4, 5, 6, 7].map((fill) => cookie(fill)));
  expect(placeholders(full.seal(encodeRequest(1n), 1n, cookie(0)))).toBe(0);
  const empty = association([]);
  const asked = [1n, 2n, 3n, 4n].map((origin) =>
    placeholders(empty.seal(encodeRequest(origin), origin, cookie(0))),
  );
  expect(asked).toEqual([3, 3, 0, 0]);
  expect(placeholders(association([], 5).seal(encodeRequest(1n), 1n, cookie(0)))).toBe(2);
  // A long cookie leaves no room: networks drop larger requests.
  expect(placeholders(association([]).seal(encodeRequest(1n), 1n, cookie(0, 200)))).toBe(1);
});

test("no two requests share an identifier, a nonce or a cleartext cookie", () => {
  const one = association([]);
  const requests = Array.from({ length: 50 }, (_, index) =>
    one.seal(encodeRequest(7n), BigInt(index), cookie(index)),
  );
  const parts = requests.flatMap((bytes) => fieldsOf(bytes).filter(({ type }) => type !== 0x0304));
  expect(new Set(parts.map(({ body }) => Buffer.from(body).toString("hex"))).size).toBe(parts.length);
});

test("an answer is accepted once, and its cookies with it", () => {
  const one = association([]);
  const request = one.seal(encodeRequest(5n), 5n, cookie(0));
  const bytes = answer(request, 5n, 4);
  expect(one.open(bytes)).toEqual({ type: "authentic" });
  expect(one.open(bytes)).toEqual({
    type: "forged",
    reason: "its origin timestamp does not echo what was sent",
  });
  expect(one.takeAllFresh()).toHaveLength(4);
  expect(one.takeFresh()).toBeUndefined();
});

test("an answer to another request with this one's origin is forged", () => {
  const one = association([]);
  const first = one.seal(encodeRequest(5n), 5n, cookie(0));
  one.seal(encodeRequest(6n), 6n, cookie(1));
  expect(one.open(answer(first, 6n, 1))).toEqual({
    type: "forged",
    reason: "it does not echo the request's unique identifier",
  });
  expect(one.open(encodePacket(honestAnswer(7n, 8n, 9n))).type).toBe("forged");
  expect(one.open(new Uint8Array(3)).type).toBe("forged");
});

test("a NAK needs the right identifier and origin; other kisses are ignored, and it does not end the exchange", () => {
  const one = association([]);
  const request = one.seal(encodeRequest(5n), 5n, cookie(0));
  const plain = encodePacket(honestAnswer(5n, 8n, 9n));
  expect(one.open(nak(plain, randomBytes(32))).type).toBe("forged");
  expect(one.open(nak(encodePacket(honestAnswer(6n, 8n, 9n)), idOf(request))).type).toBe("forged");
  for (const code of ["DENY", "RSTR", "RATE"])
    expect(one.open(nak(plain, idOf(request), code))).toEqual({
      type: "forged",
      reason: "it is not authenticated",
    });
  expect(one.open(Buffer.concat([plain, field(0x0104, idOf(request))])).type).toBe("forged");
  expect(one.open(nak(plain, idOf(request)))).toEqual({ type: "nak" });
  // Anyone who saw the request could have written it, so the genuine answer still counts.
  expect(one.open(answer(request, 5n, 1))).toEqual({ type: "authentic" });
});

// A captured exchange between chrony 4.3 and this program on loopback: checks the use of each field, byte for byte.
test("a captured exchange with chronyd", () => {
  const [request, captured, spent] = [chrony.request, chrony.answer, chrony.cookie].map((hex) =>
    Uint8Array.from(Buffer.from(hex, "hex")),
  ) as [Uint8Array, Uint8Array, Uint8Array];
  const keys = { c2s: Buffer.from(chrony.c2s, "hex"), s2c: Buffer.from(chrony.s2c, "hex") };
  const nonce = fieldsOf(request).at(-1)?.body.slice(4, 20) ?? new Uint8Array();
  const random = [idOf(request), nonce];
  const one = new Association(
    { ...AGREED, ...keys },
    {
      isValidNow: true,
      kept: null,
      cookies: [1, 2, 3, 4].map((fill) => cookie(fill)),
      random: () => random.shift() ?? new Uint8Array(),
    },
  );
  expect(one.seal(encodeRequest(77n), 77n, spent)).toEqual(request);
  expect(one.open(captured)).toEqual({ type: "authentic" });
  const [, , , , ...brought] = one.takeAllFresh();
  expect(brought.map(({ length }) => length)).toEqual([100, 100, 100, 100]);
});
