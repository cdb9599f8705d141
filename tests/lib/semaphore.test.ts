import { expect, test } from "bun:test";
import fc from "fast-check";
import { Semaphore } from "../../src/lib/semaphore.ts";
import { nextTurn } from "../../src/lib/wait.ts";

test("never more than its size are in, each gets in, in turn", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 5 }),
      fc.array(fc.nat(3), { maxLength: 20 }),
      async (size, turns) => {
        const semaphore = new Semaphore(size);
        const order: number[] = [];
        let inside = 0;
        let most = 0;
        await Promise.all(
          turns.map(async (count, index) => {
            await semaphore.acquire();
            order.push(index);
            inside += 1;
            most = Math.max(most, inside);
            for (let turn = 0; turn <= count; turn += 1) await nextTurn();
            inside -= 1;
            semaphore.release();
          }),
        );
        expect(order).toEqual([...turns.keys()]);
        expect(most).toBe(Math.min(size, turns.length));
        await semaphore.idle();
      },
    ),
    { numRuns: 50 },
  );
});

test("idle waits for every permit, and for nothing where none is out", async () => {
  const semaphore = new Semaphore(2);
  await semaphore.idle();
  await Promise.all([semaphore.acquire(), semaphore.acquire()]);
  let idle = 0;
  const waiting = [1, 2].map(() => semaphore.idle().then(() => (idle += 1)));
  const third = semaphore.acquire();
  semaphore.release();
  await third;
  semaphore.release();
  await nextTurn();
  expect(idle).toBe(0);
  semaphore.release();
  await Promise.all(waiting);
  expect(idle).toBe(2);
});
