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

test("a server that asks for a longer wait than an outage's is given up at once", () => {
  const made = breaker();
  made.next(0);
  expect(made.unwell({ retryAfterMs: 10_000 }, 0)).toBe("waiting");
  expect(made.next(10_000)).toBe("ask");
  expect(made.unwell({ retryAfterMs: 10_001 }, 10_000)).toBe("given-up");
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

test("an outage lasts until an upload has come through, one at a time, whatever the server says of itself", () => {
  const made = closedBreaker({ failuresToOpen: 1, outageWaitMs: 10_000 });
  made.failure(100);
  expect([made.next(850), made.well(), made.isClosed, made.most]).toEqual(["ask", true, true, 1]);
  // It is well and takes no upload: the waits grow, and patience runs on from where it began.
  expect([made.failure(900), made.isClosed, made.wakeAtMs]).toEqual([true, false, 900 + 1_500]);
  expect([made.next(2_400), made.well(), made.failure(9_000)]).toEqual(["ask", true, true]);
  expect([made.next(10_100), made.givenUpAtMs]).toEqual(["given-up", 10_100]);
});

test("an upload that comes through ends the trial", () => {
  const made = closedBreaker({ failuresToOpen: 1 });
  made.failure(100);
  made.next(850);
  made.well();
  expect([made.success(), made.most, made.failure(5_000), made.givenUpAtMs]).toEqual([
    false,
    Infinity,
    true,
    15_000,
  ]);
});

test("what answers is not the API: one such answer opens it", () => {
  const made = closedBreaker();
  expect([made.open(100), made.isClosed, made.open(101)]).toEqual([true, false, false]);
});

test("to verify it asks at once, and where the server is well there was no outage", () => {
  const made = closedBreaker();
  made.verify(100);
  expect([made.isClosed, made.next(100), made.well(), made.most]).toEqual([false, "ask", false, Infinity]);
  made.verify(200);
  made.next(200);
  expect([made.unwell(AWAY, 300), made.givenUpAtMs]).toEqual(["waiting", 10_200]);
});
