import { expect, test } from "bun:test";
import fc from "fast-check";
import { pathOfBytes, systemPath } from "../../src/lib/path-bytes.ts";

test("any bytes survive a round trip: text where they are UTF-8, else each foreign byte on its own", () => {
  const bytes = fc.array(
    fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 4 }),
      fc.string({ unit: "grapheme", minLength: 1 }).map((text) => Buffer.from(text)),
    ),
  );
  fc.assert(
    fc.property(bytes, (pieces) => {
      const name = Buffer.concat(pieces);
      const text = pathOfBytes(name);
      expect(Buffer.from(systemPath(text)).equals(name)).toBe(true);
      if (text.isWellFormed()) expect(text).toBe(name.toString());
    }),
  );
});

test("Latin-1, a truncated sequence, an encoded surrogate and a replacement character", () => {
  const told = [
    [0x63, 0xe9, 0x76],
    [0xe5, 0x90],
    [0xed, 0xa0, 0x80],
    [0xef, 0xbf, 0xbd],
  ].map((bytes) => pathOfBytes(Uint8Array.from(bytes)));
  expect(told).toEqual(["c\udce9v", "\udce5\udc90", "\udced\udca0\udc80", "\ufffd"]);
  expect(told.map((text) => text.toWellFormed())).toEqual([
    "c\ufffdv",
    "\ufffd\ufffd",
    "\ufffd\ufffd\ufffd",
    "\ufffd",
  ]);
});
