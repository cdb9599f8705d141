import { expect, test } from "bun:test";
import { expectedDelayNs, updatedHealth } from "../../src/time/health.ts";

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
  // Only an address that answered last time has an expected delay.
  expect([undefined, first, second, failed].map(expectedDelayNs)).toEqual([
    null,
    20_000_000n,
    25_000_000n,
    null,
  ]);
});

test("an untrusted answer counts as a success with a reason, until one is trusted", () => {
  const identity = { key: "192.0.2.1:123", host: "liar.example" };
  const outcome = { queries: 1, answers: 1, delayMs: 20 };
  const lying = updatedHealth(undefined, identity, { ...outcome, reason: "it is 37 s off" }, 1_000);
  expect(lying).toMatchObject({
    failuresInRow: 0,
    lastSuccessMs: 1_000,
    lastFailureMs: 1_000,
    lastReason: "it is 37 s off",
  });
  const honest = updatedHealth(lying, identity, { ...outcome, reason: null }, 2_000);
  expect(honest).toMatchObject({ failuresInRow: 0, lastSuccessMs: 2_000, lastFailureMs: 1_000 });
});
