import { expect, test } from "bun:test";
import fc from "fast-check";
import { InFlight } from "../../../src/upload/control/in-flight.ts";
import { seededRandom } from "../../../src/lib/seeded-random.ts";

test("a fixed number stays what it is while nothing is refused, however slow the answers are", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20 }), fc.array(fc.nat({ max: 60_000 })), (workers, latencies) => {
      const inFlight = new InFlight({ type: "fixed", workers });
      inFlight.measured(1);
      for (const latencyMs of latencies) {
        inFlight.begin();
        inFlight.end({ latencyMs, rejected: false });
      }
      expect([inFlight.limit, inFlight.active]).toEqual([workers, 0]);
    }),
  );
});

test("the peak is what was in flight at once", () => {
  const inFlight = new InFlight({ type: "fixed", workers: 3 });
  for (let begun = 0; begun < 3; begun += 1) inFlight.begin();
  inFlight.end({ latencyMs: 1, rejected: false });
  inFlight.begin();
  expect([inFlight.active, inFlight.peak]).toEqual([3, 3]);
});

/** Uploads to a server that refuses more than `room` at once; each takes 5 to 6 ms of a clock of the test's own. */
function uploadAll(count: number, room: number): { limit: number; peak: number; refused: number } {
  const inFlight = new InFlight({ type: "adaptive", calm: 4, max: 20, initial: 4 });
  const random = seededRandom(3);
  const running: { endMs: number; startMs: number; rejected: boolean }[] = [];
  let nowMs = 0;
  let refused = 0;
  for (let done = 0; done < count;) {
    while (inFlight.active < inFlight.limit) {
      const rejected = running.filter((each) => !each.rejected).length >= room;
      inFlight.begin();
      running.push({ startMs: nowMs, endMs: nowMs + (rejected ? 0.1 : 5 + random()), rejected });
    }
    running.sort((left, right) => left.endMs - right.endMs);
    const first = running.shift();
    if (first === undefined) break;
    nowMs = first.endMs;
    if (first.rejected) refused += 1;
    else done += 1;
    inFlight.end({ latencyMs: first.endMs - first.startMs, rejected: first.rejected });
  }
  return { limit: inFlight.limit, peak: inFlight.peak, refused };
}

test("on a server with room for all, it grows beyond where it began", () => {
  const { peak, refused } = uploadAll(300, Infinity);
  expect(peak).toBeGreaterThan(8);
  expect(refused).toBe(0);
});

test("on a server with room for six, few are refused", () => {
  // Twenty at once, all the time, would have two in three refused.
  expect(uploadAll(600, 6).refused).toBeLessThan(60);
});

test("one burst of refusals is one cut", () => {
  const inFlight = new InFlight({ type: "adaptive", calm: 5, max: 20, initial: 16 });
  for (let begun = 0; begun < 16; begun += 1) inFlight.begin();
  for (let ended = 0; ended < 16; ended += 1) inFlight.end({ latencyMs: 1, rejected: true });
  expect(inFlight.limit).toBe(11);
});
