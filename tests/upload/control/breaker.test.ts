import { expect, test } from "bun:test";
import { Breaker, type BreakerOptions } from "../../../src/upload/control/breaker.ts";

const AWAY = { retryAfterMs: null };

function breaker(changes: Partial<BreakerOptions> = {}): Breaker {
  return new Breaker({
    failuresToOpen: 3,
    backoff: { baseMs: 1_000, maxMs: 4_000 },
    retries: 2,
    outageWaitMs: 10_000,
    random: () => 0.5,
    ...changes,
  });
}

function closedBreaker(changes: Partial<BreakerOptions> = {}): Breaker {
  const made = breaker(changes);
  made.next(0);
  made.success();
  return made;
}

test("nothing is asked before there is something to be sent, and then once", () => {
  const made = breaker();
  expect([made.isClosed, made.wakeAtMs]).toEqual([false, Infinity]);
  expect([made.next(0), made.next(0), made.isClosed]).toEqual(["ask", null, false]);
  expect([made.success(), made.isClosed, made.next(1)]).toEqual([false, true, null]);
});

test("before the first upload it is asked as often as there are retries, after growing waits, and given up then", () => {
  const made = breaker();
  expect(made.next(0)).toBe("ask");
  expect([made.unwell(AWAY, 0), made.wakeAtMs]).toEqual(["waiting", 500]);
  expect([made.next(499), made.next(500), made.next(501)]).toEqual([null, "ask", null]);
  expect([made.unwell(AWAY, 600), made.wakeAtMs]).toEqual(["waiting", 1_600]);
  expect([made.next(1_600), made.unwell(AWAY, 1_700)]).toEqual(["ask", "given-up"]);
});

test("the server says itself when it is to be asked again", () => {
  const made = breaker();
  made.next(0);
  expect([made.unwell({ retryAfterMs: 7_000 }, 100), made.wakeAtMs]).toEqual(["waiting", 7_100]);
});

test("so many failures in a row open it; a success between them forgets those before", () => {
  const made = closedBreaker();
  expect([made.failure(1), made.failure(2), made.success(), made.failure(3), made.failure(4)]).toEqual([
    false,
    false,
    false,
    false,
    false,
  ]);
  expect([made.isClosed, made.failure(5), made.isClosed, made.failure(6)]).toEqual([
    true,
    true,
    false,
    false,
  ]);
});

test("open it has one ask at a time, never at once, until the server is well, or an upload comes through", () => {
  const made = closedBreaker({ failuresToOpen: 1 });
  made.failure(100);
  // Half of the step, and half of the other half.
  expect([made.next(100), made.wakeAtMs, made.next(850), made.next(851)]).toEqual([null, 850, "ask", null]);
  expect([made.unwell(AWAY, 900), made.wakeAtMs]).toEqual(["waiting", 900 + 1_500]);
  expect([made.next(2_400), made.success(), made.isClosed]).toEqual(["ask", true, true]);
  // The answer to what was asked last comes too late to say anything.
  expect([made.unwell(AWAY, 2_500), made.isClosed]).toEqual(["waiting", true]);
});

test("a server that stays away is given up once the outage has lasted for so long, question under way or not", () => {
  const made = closedBreaker({ failuresToOpen: 1, outageWaitMs: 2_000 });
  made.failure(100);
  expect([made.next(850), made.wakeAtMs]).toEqual(["ask", 2_100]);
  expect([made.next(2_099), made.next(2_100)]).toEqual([null, "given-up"]);
});
