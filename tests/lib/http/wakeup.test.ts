import { expect, spyOn, test } from "bun:test";
import { Wakeup } from "../../../src/lib/http/wakeup.ts";

const LONG_MS = 600_000;

/** Waits for the next event, and says how it ended. */
async function outcomeOf(wakeup: Wakeup, silenceMs: number): Promise<{ isSilent: boolean; afterMs: number }> {
  const startedMs = performance.now();
  let isSilent = false;
  await wakeup.next(silenceMs, () => (isSilent = true));
  return { isSilent, afterMs: performance.now() - startedMs };
}

test("an event ends a wait; what nobody waits for is forgotten", async () => {
  using wakeup = new Wakeup();
  wakeup.fire();
  const waiting = outcomeOf(wakeup, LONG_MS);
  wakeup.fire();
  wakeup.fire();
  expect((await waiting).isSilent).toBe(false);
  expect((await outcomeOf(wakeup, 1)).isSilent).toBe(true);
});

test("a wait is never shorter than its own silence, whatever an earlier one allowed", async () => {
  using wakeup = new Wakeup();
  const first = outcomeOf(wakeup, 20);
  wakeup.fire();
  await first;
  const { isSilent, afterMs } = await outcomeOf(wakeup, 60);
  expect(isSilent).toBe(true);
  expect(afterMs).toBeGreaterThanOrEqual(60);
});

test("a wait with a short silence ends, though one with a long silence came before", async () => {
  using wakeup = new Wakeup();
  const first = outcomeOf(wakeup, LONG_MS);
  wakeup.fire();
  await first;
  expect((await outcomeOf(wakeup, 5)).isSilent).toBe(true);
  // Nor does the timer's end take the next wait with it.
  const last = outcomeOf(wakeup, LONG_MS);
  wakeup.fire();
  expect((await last).isSilent).toBe(false);
});

test("whoever is told of a silence may end the wait itself", async () => {
  using wakeup = new Wakeup();
  await wakeup.next(1, () => {
    wakeup[Symbol.dispose]();
    wakeup.fire();
  });
  expect((await outcomeOf(wakeup, 1)).isSilent).toBe(true);
});

test("many waits need one timer", async () => {
  using wakeup = new Wakeup();
  using timers = spyOn(globalThis, "setTimeout");
  for (let round = 0; round < 100; round += 1) {
    const waiting = wakeup.next(LONG_MS, () => {});
    wakeup.fire();
    await waiting;
  }
  expect(timers).toHaveBeenCalledTimes(1);
});
