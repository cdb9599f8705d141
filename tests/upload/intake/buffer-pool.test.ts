import { expect, test } from "bun:test";
import fc from "fast-check";
import { BufferPool, roomAround } from "../../../src/upload/intake/buffer-pool.ts";
import type { SharedBytes } from "../../../src/upload/intake/hash.ts";

test("views never overlap and never exceed the limit, and whoever waits is served in turn", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 60 }),
      async (sizes) => {
        const pool = new BufferPool(1_000);
        const held: SharedBytes[] = [];
        const served: number[] = [];
        const done = sizes.map((size, index) =>
          pool.take(size).then((view) => {
            served.push(index);
            view.fill(index % 256);
            held.push(view);
          }),
        );
        while (served.length < sizes.length) {
          await Promise.resolve();
          expect(held.reduce((sum, view) => sum + view.length, 0)).toBeLessThanOrEqual(1_000);
          const view = held.shift();
          if (view === undefined) continue;
          expect(new Set(view).size).toBe(1);
          pool.give(view);
        }
        await Promise.all(done);
        expect(served).toEqual(sizes.map((_, index) => index));
        for (const view of held) pool.give(view);
        expect((await pool.take(1_000)).length).toBe(1_000);
      },
    ),
    { numRuns: 50 },
  );
});

test("one that is larger than the whole is handed out when nothing else is", async () => {
  const pool = new BufferPool(100);
  const small = await pool.take(10);
  let isServed = false;
  const large = pool.take(1_000).then((view) => {
    isServed = true;
    return view;
  });
  await Promise.resolve();
  expect(isServed).toBe(false);
  pool.give(small);
  const view = await large;
  expect(view.length).toBe(1_000);
  pool.give(view);
  expect((await pool.take(100)).length).toBe(100);
});

test("the room around a larger content is its own: what is written there reaches no other content", async () => {
  const size = fc.oneof(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 16_000, max: 40_000 }));
  await fc.assert(
    fc.asyncProperty(fc.array(size, { minLength: 2, maxLength: 30 }), async (sizes) => {
      const pool = new BufferPool(100_000);
      const held: { view: SharedBytes; mark: number }[] = [];
      for (const [index, bytes] of sizes.entries()) {
        let view = pool.takeNow(bytes);
        while (view === null) {
          const first = held.shift();
          if (first === undefined) throw new Error(`Cannot place ${bytes} bytes in an empty pool`);
          pool.give(first.view);
          view = pool.takeNow(bytes);
        }
        const mark = index % 256;
        const { before, after } = roomAround(bytes);
        new Uint8Array(view.buffer, view.byteOffset - before, before + bytes + after).fill(mark);
        held.push({ view, mark });
      }
      for (const { view, mark } of held) expect([...new Set(view)]).toEqual([mark]);
      for (const { view } of held) pool.give(view);
      expect((await pool.take(100_000 - 2_000)).length).toBe(98_000);
    }),
    { numRuns: 100 },
  );
});

test("contents as large as the whole memory, with and without room around them, are all served in turn", async () => {
  const limit = 100_000;
  const { before, after } = roomAround(limit);
  const sizes = [0, 1, -1, before + after, before + after - 1, before + after + 1, limit - 10].map(
    (less) => limit - less,
  );
  const pool = new BufferPool(limit);
  const served: number[] = [];
  for (const done of sizes.flatMap((size) => [size, 10]).map((size) => pool.take(size))) {
    const view = await done;
    served.push(view.length);
    pool.give(view);
  }
  expect(served).toEqual(sizes.flatMap((size) => [size, 10]));
});
