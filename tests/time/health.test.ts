import { expect, test } from "bun:test";
import { chooseTargets, type Health, isHeldBack, updatedHealth } from "../../src/time/health.ts";
import type { Target } from "../../src/time/ntp/peer.ts";

function failing(times: number, lastFailureMs: number): Health {
  return {
    key: "192.0.2.9:123",
    host: "dead",
    queries: times,
    answers: 0,
    failuresInRow: times,
    delayMs: null,
    lastSuccessMs: null,
    lastFailureMs,
    lastReason: "no answer",
  };
}

function target(number: number): Target {
  const endpoint = { address: `192.0.2.${number}`, family: 4, port: 123 } as const;
  return { server: `s${number}`, host: `s${number}`, endpoint, expectedDelayNs: null };
}

test("an address is held back after three failures, for longer with each one more", () => {
  const now = 1_000_000_000;
  expect([2, 3, 4, 5].map((times) => isHeldBack(failing(times, now - 899_000), now))).toEqual([
    false,
    true,
    true,
    true,
  ]);
  expect([3, 4, 5].map((times) => isHeldBack(failing(times, now - 1_500_000), now))).toEqual([
    false,
    true,
    true,
  ]);
  expect(isHeldBack(failing(60, now - 86_400_001), now)).toBe(false);
  // The clock was set back since: nothing is known.
  expect(isHeldBack(failing(9, now + 5_000), now)).toBe(false);
});

test("holding back never leaves too few", () => {
  const health = new Map([["192.0.2.9:123", failing(3, 1_000)]]);
  const four = [1, 2, 3, 4].map((number) => target(number));
  expect(chooseTargets([...four, target(9)], health, 2_000)).toEqual({ ask: four, reserve: [target(9)] });
  const few = [...four.slice(1), target(9)];
  expect(chooseTargets(few, health, 2_000)).toEqual({ ask: few, reserve: [] });
});

test("health after answers and failures", () => {
  const identity = { key: "192.0.2.9:123", host: "dead" };
  const first = updatedHealth(
    undefined,
    identity,
    { queries: 1, answers: 1, delayMs: 20, reason: null },
    1_000,
  );
  const second = updatedHealth(first, identity, { queries: 1, answers: 1, delayMs: 40, reason: null }, 2_000);
  const failed = updatedHealth(
    second,
    identity,
    { queries: 3, answers: 0, delayMs: null, reason: "dead" },
    3_000,
  );
  const unneeded = updatedHealth(
    failed,
    identity,
    { queries: 1, answers: 0, delayMs: null, reason: null },
    4_000,
  );
  expect(unneeded).toEqual({
    ...identity,
    queries: 6,
    answers: 2,
    failuresInRow: 1,
    delayMs: 25,
    lastSuccessMs: 2_000,
    lastFailureMs: 3_000,
    lastReason: "dead",
  });
});
