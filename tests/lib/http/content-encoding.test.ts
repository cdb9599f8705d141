import { expect, test } from "bun:test";
import fc from "fast-check";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { decodeContent } from "../../../src/lib/http/content-encoding.ts";

const ENCODE = {
  gzip: gzipSync,
  "x-gzip": gzipSync,
  deflate: deflateSync,
  br: brotliCompressSync,
  identity: (bytes: Uint8Array) => Buffer.from(bytes),
} as const;

test("any sequence of encodings is undone", () => {
  const names = fc.constantFrom(...(Object.keys(ENCODE) as (keyof typeof ENCODE)[]));
  fc.assert(
    fc.property(fc.uint8Array(), fc.array(names, { maxLength: 3 }), (bytes, applied) => {
      let encoded: Buffer = Buffer.from(bytes);
      for (const name of applied) encoded = Buffer.from(ENCODE[name](encoded));
      const header = applied.length === 0 ? undefined : applied.join(", ").toUpperCase();
      const decoded = decodeContent(encoded, header, 100_000);
      expect(decoded?.equals(Buffer.from(bytes))).toBe(true);
    }),
  );
});

test("an unknown encoding, broken bytes or a bomb give null", () => {
  const bomb = gzipSync(Buffer.alloc(5_000_000));
  expect(decodeContent(Buffer.from("x"), "compress", 100)).toBeNull();
  expect(decodeContent(Buffer.from("x"), "gzip", 100)).toBeNull();
  expect(decodeContent(bomb, "gzip", 1_000_000)).toBeNull();
  expect(decodeContent(bomb.subarray(0, -4), "gzip", 10_000_000)).toBeNull();
});

test("an empty body is empty in any encoding", () => {
  expect(decodeContent(Buffer.alloc(0), "gzip", 100)?.length).toBe(0);
});
