import { expect, test } from "bun:test";
import fc from "fast-check";
import { createConcurrency, type ConcurrencyOptions } from "../../../src/upload/control/concurrency.ts";
import { startSandbox } from "../../../src/upload/sandbox/server.ts";
import { item, NEVER, testClient } from "../../support/tanova.ts";

const AUTO: ConcurrencyOptions = { type: "adaptive", min: 1, max: 20, initial: 4, loadPerCore: () => 0 };

test("a fixed number is never passed, and recording changes nothing", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 0, max: 60 }),
      async (workers, jobs) => {
        const concurrency = createConcurrency({ type: "fixed", workers });
        let active = 0;
        let most = 0;
        await Promise.all(
          Array.from({ length: jobs }, (_, index) =>
            concurrency.run(async () => {
              active += 1;
              most = Math.max(most, active);
              await Promise.resolve();
              concurrency.record({ latencyMs: index, rejected: index % 3 === 0 });
              active -= 1;
            }),
          ),
        );
        expect([most, concurrency.peak, concurrency.limit, concurrency.active]).toEqual([
          Math.min(workers, jobs),
          Math.min(workers, jobs),
          workers,
          0,
        ]);
      },
    ),
  );
});

test("what work throws is the caller's, and frees its place", async () => {
  const concurrency = createConcurrency({ type: "fixed", workers: 1 });
  const failing = concurrency.run(() => Promise.reject(new Error("mine")));
  expect(await failing.catch((error: unknown) => error)).toEqual(new Error("mine"));
  expect(await concurrency.run(() => Promise.resolve(7))).toBe(7);
});

/** Uploads to a real server under the adaptive limit, sending again what was refused. */
async function uploadAll(
  count: number,
  maxInFlight: number | null,
): Promise<{ limit: number; peak: number; refused: number }> {
  using api = await startSandbox({
    latencyMs: 5,
    retryAfterS: 0,
    ...(maxInFlight === null ? {} : { maxInFlight }),
  });
  using client = testClient(api);
  const concurrency = createConcurrency(AUTO);
  let refused = 0;
  const send = async (index: number): Promise<void> => {
    const outcome = await concurrency.run(async () => {
      const start = performance.now();
      const result = await client.upload(item(`cv ${index}`), NEVER);
      const rejected = result.type === "transient";
      concurrency.record({ latencyMs: performance.now() - start, rejected });
      return result;
    });
    if (outcome.type !== "transient") return;
    refused += 1;
    await send(index);
  };
  await Promise.all(Array.from({ length: count }, (_, index) => send(index)));
  expect([api.stats().stored, api.stats().repeats]).toEqual([count, 0]);
  return { limit: concurrency.limit, peak: concurrency.peak, refused };
}

test("on a server with room for all, it grows beyond where it began", async () => {
  const { peak, refused } = await uploadAll(300, null);
  expect(peak).toBeGreaterThan(8);
  expect(refused).toBe(0);
});

test("on a server with room for six, few are refused", async () => {
  const { refused } = await uploadAll(600, 6);
  // Twenty at once, all the time, would have two in three refused.
  expect(refused).toBeLessThan(180);
});

test("one burst of refusals is one cut", async () => {
  const concurrency = createConcurrency({ ...AUTO, initial: 16 });
  await Promise.all(
    Array.from({ length: 16 }, () =>
      concurrency.run(async () => {
        await Promise.resolve();
        concurrency.record({ latencyMs: 1, rejected: true });
      }),
    ),
  );
  expect(concurrency.limit).toBe(11);
});
