import { expect, test } from "bun:test";
import fc from "fast-check";
import { backoffMs } from "../../src/lib/backoff.ts";
import { wait } from "../../src/lib/wait.ts";

test("a wait is between zero and the doubled base, and never above the limit", () => {
  const policy = { baseMs: 500, maxMs: 60_000 };
  fc.assert(
    fc.property(
      fc.nat({ max: 2_000 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (attempt, random) => {
        const ms = backoffMs(policy, attempt, () => random);
        expect(ms).toBeGreaterThanOrEqual(0);
        expect(ms).toBeLessThanOrEqual(Math.min(policy.maxMs, policy.baseMs * 2 ** attempt));
      },
    ),
  );
});

test("a wait ends when its time has passed or its signal aborts", async () => {
  const controller = new AbortController();
  const long = wait(60_000, controller.signal);
  expect(await wait(1)).toBe(true);
  controller.abort();
  expect(await long).toBe(false);
  expect(await wait(60_000, controller.signal)).toBe(false);
});
