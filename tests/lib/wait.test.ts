import { expect, jest, test } from "bun:test";
import { nextTurn, wait } from "../../src/lib/wait.ts";

test("a wait returns whether its time passed or was cut short", async () => {
  const cutting = new AbortController();
  expect(await wait(1)).toBe(true);
  expect(await wait(1, cutting.signal)).toBe(true);
  const long = wait(3_600_000, cutting.signal);
  const endless = wait(Infinity, cutting.signal);
  cutting.abort();
  expect(await Promise.all([long, endless, wait(0, cutting.signal)])).toEqual([false, false, false]);
});

test("a wait longer than a timer's limit does not end early, and leaves no timer behind", async () => {
  jest.useFakeTimers();
  try {
    const cutting = new AbortController();
    const ended: boolean[] = [];
    const waiting = wait(Infinity, cutting.signal).then((passed) => ended.push(passed));
    jest.advanceTimersByTime(24 * 24 * 3_600_000);
    await Promise.resolve();
    expect({ ended, timers: jest.getTimerCount() }).toEqual({ ended: [], timers: 1 });
    cutting.abort();
    await waiting;
    expect({ ended, timers: jest.getTimerCount() }).toEqual({ ended: [false], timers: 0 });
  } finally {
    jest.useRealTimers();
  }
});

test("the next turn comes after everything already pending", async () => {
  const order: string[] = [];
  const next = nextTurn().then(() => order.push("next turn"));
  await Promise.resolve().then(() => order.push("promise"));
  await next;
  expect(order).toEqual(["promise", "next turn"]);
});
