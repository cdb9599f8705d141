import { expect, test } from "bun:test";
import { constants, zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { isWholeZstd } from "../../../src/nodes/log/zstd-frames.ts";

function isWhole(bytes: Uint8Array): boolean {
  return isWholeZstd((offset, count) => bytes.subarray(offset, offset + count), bytes.length);
}

/** Contents that make raw, repeated and compressed blocks, and some of them several. */
const content = fc.oneof(
  fc.uint8Array({ maxLength: 2_000 }),
  fc.integer({ min: 1, max: 400_000 }).map((length) => new Uint8Array(length)),
  fc
    .tuple(fc.integer({ min: 1, max: 20_000 }), fc.string({ minLength: 1, maxLength: 30 }))
    .map(([times, text]) => Buffer.from(text.repeat(times))),
);

/** A frame that readers skip. */
const skippable = fc
  .tuple(fc.integer({ min: 0, max: 15 }), fc.uint8Array({ maxLength: 50 }))
  .map(([kind, bytes]) => Buffer.from([0x50 + kind, 0x2a, 0x4d, 0x18, bytes.length, 0, 0, 0, ...bytes]));

const frames = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: content.map((bytes) => Buffer.from(Bun.zstdCompressSync(bytes))) },
    { weight: 1, arbitrary: skippable },
  ),
  { minLength: 1, maxLength: 4 },
);

test("frames are whole to their last byte; cut anywhere within one, or followed by other bytes, they are not", () => {
  fc.assert(
    fc.property(frames, fc.double({ min: 0, max: 1, noNaN: true }), (parts, place) => {
      const bytes = Buffer.concat(parts);
      expect(isWhole(bytes)).toBe(true);
      expect(isWhole(Buffer.concat([bytes, Buffer.from("x")]))).toBe(false);
      const last = parts.at(-1)?.length ?? 0;
      const cut = bytes.length - last + 1 + Math.floor(place * (last - 2));
      expect(isWhole(bytes.subarray(0, cut))).toBe(false);
    }),
    { numRuns: 60 },
  );
});

test("frames with a checksum, and without their content's size, are whole to their last byte", () => {
  const { ZSTD_c_checksumFlag: checksum, ZSTD_c_contentSizeFlag: size } = constants;
  for (const params of [{ [checksum]: 1 }, { [size]: 0 }, { [checksum]: 1, [size]: 0 }]) {
    const bytes = zstdCompressSync(Buffer.alloc(300_000, "log line\n"), { params });
    expect(isWhole(bytes)).toBe(true);
    for (let cut = 1; cut < bytes.length; cut += 1) {
      expect(isWhole(bytes.subarray(0, cut))).toBe(false);
    }
  }
});
