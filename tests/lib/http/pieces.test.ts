import { expect, test } from "bun:test";
import fc from "fast-check";
import { inPlace, type Piece, without } from "../../../src/lib/http/pieces.ts";

const FILLER = 0xee;
const bytes = fc.uint8Array({ minLength: 0, maxLength: 12 });

function joined(pieces: readonly Piece[]): Uint8Array {
  return Buffer.concat(pieces.map((piece) => piece.bytes));
}

/** A content in the middle of a buffer of its own, with so much room. */
function roomy(content: Uint8Array, before: number, after: number): { piece: Piece; buffer: Uint8Array } {
  const buffer = new Uint8Array(1 + before + content.length + after + 1).fill(FILLER);
  const view = buffer.subarray(1 + before, 1 + before + content.length);
  view.set(content);
  return { piece: { bytes: view, room: { before, after } }, buffer };
}

test("pieces stand side by side around the one with room, and nothing outside that room changes", () => {
  const room = fc.integer({ min: 0, max: 30 });
  fc.assert(
    fc.property(
      fc.array(bytes, { maxLength: 3 }),
      bytes,
      fc.array(bytes, { maxLength: 3 }),
      room,
      room,
      fc.integer({ min: 0, max: 100 }),
      (heads, content, tails, before, after, mostBytes) => {
        const { piece, buffer } = roomy(content, before, after);
        const around = (parts: readonly Uint8Array[]): Piece[] => parts.map((part) => ({ bytes: part }));
        const pieces = [...around(heads), piece, ...around(tails)];
        const sum = (parts: readonly Uint8Array[]): number => Buffer.concat(parts).length;
        const isRoomy = before > 0 && sum(heads) <= before && sum(tails) <= after;
        const fits = isRoomy && joined(pieces).length <= mostBytes;
        const whole = inPlace(pieces, mostBytes);
        expect(whole !== null).toBe(fits);
        if (whole !== null) expect(Buffer.from(whole)).toEqual(Buffer.from(joined(pieces)));
        expect(Buffer.from(piece.bytes)).toEqual(Buffer.from(content));
        expect([buffer[0], buffer.at(-1)]).toEqual([FILLER, FILLER]);
      },
    ),
    { numRuns: 500 },
  );
});

test("without a piece that has room there is no place for them", () => {
  expect(inPlace([], 100)).toBeNull();
  expect(inPlace([{ bytes: Buffer.from("a") }, { bytes: Buffer.from("b") }], 100)).toBeNull();
});

test("what is left after some bytes is the rest, and exactly the pieces before it were handed over, in order", () => {
  fc.assert(
    fc.property(fc.array(bytes, { maxLength: 6 }), fc.nat(), (parts, seed) => {
      const handed: number[] = [];
      const pieces = parts.map((part, at): Piece => ({ bytes: part, onHandedOver: () => handed.push(at) }));
      const whole = joined(pieces);
      const sent = seed % (whole.length + 1);
      const left = without(pieces, sent);
      expect(Buffer.from(joined(left))).toEqual(Buffer.from(whole.subarray(sent)));
      const gone = pieces.length - left.length;
      expect(handed).toEqual(Array.from({ length: gone }, (_, at) => at));
    }),
    { numRuns: 500 },
  );
});
