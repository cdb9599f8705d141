import { expect, test } from "bun:test";
import { aessiv } from "@noble/ciphers/aes.js";
import fc from "fast-check";
import { AesSiv } from "../../../../src/time/net/nts/aes-siv.ts";

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(" ", ""), "hex"));

test("the examples of RFC 5297, appendix A", () => {
  const deterministic = new AesSiv(
    bytes("fffefdfc fbfaf9f8 f7f6f5f4 f3f2f1f0 f0f1f2f3 f4f5f6f7 f8f9fafb fcfdfeff"),
  );
  const associated = [bytes("10111213 14151617 18191a1b 1c1d1e1f 20212223 24252627")];
  const plaintext = bytes("11223344 55667788 99aabbcc ddee");
  const sealed = bytes("85632d07 c6e8f37f 950acd32 0a2ecc93 40c02b96 90c4dc04 daef7f6a fe5c");
  expect(deterministic.seal(plaintext, associated)).toEqual(sealed);
  expect(deterministic.open(sealed, associated)).toEqual(plaintext);

  const nonceBased = new AesSiv(
    bytes("7f7e7d7c 7b7a7978 77767574 73727170 40414243 44454647 48494a4b 4c4d4e4f"),
  );
  const parts = [
    bytes("00112233 44556677 8899aabb ccddeeff deaddada deaddada ffeeddcc bbaa9988 77665544 33221100"),
    bytes("10203040 50607080 90a0"),
    bytes("09f91102 9d74e35b d84156c5 635688c0"),
  ];
  const text = new TextEncoder().encode("this is some plaintext to encrypt using SIV-AES");
  const expected = bytes(
    "7bdb6e3b 432667eb 06f4d14b ff2fbd0f cb900f2f ddbe4043 26601965 c889bf17 dba77ceb 094fa663 b7a3f748 ba8af829 ea64ad54 4a272e9c 485b62a3 fd5c0d",
  );
  expect(nonceBased.seal(text, parts)).toEqual(expected);
  expect(nonceBased.open(expected, parts)).toEqual(text);
});

const key = fc.uint8Array({ minLength: 32, maxLength: 32 });
const parts = fc.array(fc.uint8Array({ maxLength: 70 }), { maxLength: 3 });
const text = fc.uint8Array({ maxLength: 100 });

test("equals @noble/ciphers in 10,000 random cases, including lengths around whole blocks", () => {
  const around = fc.constantFrom(0, 1, 15, 16, 17, 31, 32, 33, 48).chain((length) => {
    return fc.uint8Array({ minLength: length, maxLength: length });
  });
  fc.assert(
    fc.property(key, parts, fc.oneof(text, around), (secret, associated, plaintext) => {
      const sealed = new AesSiv(secret).seal(plaintext, associated);
      expect(sealed).toEqual(Uint8Array.from(aessiv(secret, ...associated).encrypt(plaintext)));
    }),
    { numRuns: 10_000 },
  );
});

test("nothing altered can be opened: the text, an associated part, their number, the key", () => {
  const flip = (input: Uint8Array, at: number): Uint8Array => {
    const changed = Uint8Array.from(input);
    changed[at % input.length] = (changed[at % input.length] ?? 0) ^ (1 << (at % 8));
    return changed;
  };
  fc.assert(
    fc.property(
      key,
      text,
      fc.uint8Array({ minLength: 1, maxLength: 70 }),
      fc.nat(),
      (secret, plaintext, part, at) => {
        const aead = new AesSiv(secret);
        const sealed = aead.seal(plaintext, [part]);
        expect(aead.open(sealed, [part])).toEqual(plaintext);
        expect(aead.open(flip(sealed, at), [part])).toBeNull();
        expect(aead.open(sealed, [flip(part, at)])).toBeNull();
        expect(aead.open(sealed, [part, new Uint8Array()])).toBeNull();
        expect(aead.open(sealed.subarray(0, at % sealed.length), [part])).toBeNull();
        // Only the first half of the key: if the text is empty, nothing depends on the second half.
        expect(new AesSiv(flip(secret, at % 16)).open(sealed, [part])).toBeNull();
      },
    ),
    { numRuns: 500 },
  );
});

test("a key of another length is a bug", () => {
  expect(() => new AesSiv(new Uint8Array(31))).toThrow("Cannot use a key of 31 bytes: expected 32");
});
