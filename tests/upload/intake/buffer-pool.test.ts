import { expect, test } from "bun:test";
import fc from "fast-check";
import { BufferPool } from "../../../src/upload/intake/buffer-pool.ts";
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
