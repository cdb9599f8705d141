import { expect, test } from "bun:test";
import fc from "fast-check";
import { decodeInotify } from "../../../src/upload/watch/inotify.ts";

function encode(watch: number, mask: number, cookie: number, name: string): Buffer {
  const bytes = Buffer.from(name);
  const padded = bytes.length === 0 ? 0 : Math.ceil((bytes.length + 1) / 16) * 16;
  const event = Buffer.alloc(16 + padded);
  event.writeInt32LE(watch, 0);
  event.writeUInt32LE(mask, 4);
  event.writeUInt32LE(cookie, 8);
  event.writeUInt32LE(padded, 12);
  bytes.copy(event, 16);
  return event;
}

test("events are read as they were written, names without their padding", () => {
  const name = fc
    .string({ unit: "grapheme", minLength: 0, maxLength: 40 })
    .filter((text) => !text.includes("\0"));
  const event = fc.tuple(fc.integer({ min: -1, max: 2 ** 31 - 1 }), fc.nat(), fc.nat(), name);
  fc.assert(
    fc.property(fc.array(event, { maxLength: 20 }), (events) => {
      const bytes = Buffer.concat(events.map((parts) => encode(...parts)));
      expect(decodeInotify(bytes)).toEqual(
        events.map(([watch, mask, cookie, of]) => ({ watch, mask, cookie, name: of })),
      );
    }),
  );
});

test("bytes that no kernel writes are never an error", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void decodeInotify(bytes)));
});
