import { expect, test } from "bun:test";
import fc from "fast-check";
import {
  adapt,
  type Adaptation,
  beginAdaptation,
  type Round,
} from "../../../src/upload/control/adaptation.ts";

const BOUNDS = { calm: 5, max: 20 };
const CALM: Round = { medianLatencyMs: 50, rejected: false, runDelay: 0, saturated: true };

/** Runs rounds against a model that says what each limit brings. */
function simulate(rounds: number, server: (limit: number) => Partial<Round>, initial = 5): Adaptation[] {
  const states = [beginAdaptation(initial, BOUNDS)];
  for (let round = 0; round < rounds; round += 1) {
    const state = states.at(-1) ?? beginAdaptation(initial, BOUNDS);
    states.push(adapt(state, { ...CALM, ...server(Math.floor(state.limit)) }, BOUNDS));
  }
  return states;
}

function settled(states: readonly Adaptation[]): number {
  const last = states.slice(-40).map(({ limit }) => limit);
  return last.reduce((sum, limit) => sum + limit, 0) / last.length;
}

test("a healthy server is given all there is within three rounds", () => {
  expect(simulate(3, () => ({})).at(-1)).toMatchObject({
    limit: 20,
    ramping: true,
    floorMs: 50,
    ceiling: null,
  });
});

test("a server that refuses above ten in flight is kept near ten, and made to refuse ever more seldom", () => {
  const states = simulate(400, (limit) => ({ rejected: limit > 10 }));
  expect(settled(states)).toBeGreaterThan(9);
  expect(settled(states)).toBeLessThan(10.5);
  const refused = states.flatMap(({ limit }, round) => (Math.floor(limit) > 10 ? [round] : []));
  expect(refused.length).toBeLessThan(12);
  const pauses = refused.slice(2).map((round, index) => round - (refused[index + 1] ?? 0));
  expect(pauses).toEqual(pauses.toSorted((left, right) => left - right));
});

test("a fixed number gives way to a server that refuses some of it, and comes back to it", () => {
  const fixed = { calm: 5, max: 5 };
  let state = beginAdaptation(5, fixed);
  for (let round = 0; round < 60; round += 1)
    state = adapt(state, { ...CALM, rejected: state.limit > 3 }, fixed);
  expect(state.limit).toBeLessThan(4.5);
  for (let round = 0; round < 150; round += 1) state = adapt(state, CALM, fixed);
  expect(state.limit).toBe(5);
});

test("nothing but a reject brings it below what is calm, and nothing below one", () => {
  const slow = simulate(300, () => ({ medianLatencyMs: 5_000 }));
  expect(Math.min(...slow.map(({ limit }) => limit))).toBe(5);
  expect(simulate(20, () => ({ rejected: true })).at(-1)?.limit).toBe(1);
});

test("a link that is full at four: no more than a few wait in its queue", () => {
  const states = simulate(200, (limit) => ({ medianLatencyMs: 50 * Math.max(1, limit / 4) }));
  expect(settled(states)).toBeGreaterThan(4);
  expect(settled(states)).toBeLessThan(13);
});

test("one slow round costs at most half, and is made up for", () => {
  const states = simulate(12, () => ({}));
  const full = states.at(-1) ?? beginAdaptation(5, BOUNDS);
  const after = adapt(full, { ...CALM, medianLatencyMs: 5_000 }, BOUNDS);
  expect(after.limit).toBe(11);
  let state = after;
  for (let round = 0; round < 10; round += 1) state = adapt(state, CALM, BOUNDS);
  expect(state.limit).toBe(20);
});

test("a server that became slower for good is not held back for ever", () => {
  let state = simulate(10, () => ({})).at(-1) ?? beginAdaptation(5, BOUNDS);
  for (let round = 0; round < 150; round += 1)
    state = adapt(state, { ...CALM, medianLatencyMs: 300 }, BOUNDS);
  expect(state.limit).toBe(20);
});

test("a server that bears more than it once did is given it", () => {
  const states = simulate(60, (limit) => ({ rejected: limit > 10 }));
  let state = states.at(-1) ?? beginAdaptation(5, BOUNDS);
  for (let round = 0; round < 80; round += 1) state = adapt(state, CALM, BOUNDS);
  expect(state.limit).toBe(20);
});

test("the floor is measured anew now and then, for one round", () => {
  const limits = simulate(210, () => ({})).map(({ limit }) => limit);
  expect(limits.filter((limit, index) => index > 3 && limit !== 20)).toEqual([5, 5]);
});

test("latency that this machine's own processors may have made brings no fewer in flight", () => {
  const slow = (runDelay: number) => simulate(40, (limit) => ({ medianLatencyMs: 20 * limit, runDelay }));
  expect(slow(0.05).at(-1)?.limit).toBeLessThan(20);
  expect(slow(0.3).at(-1)?.limit).toBe(20);
});

test("a thread that waits for a processor nearly all the time is given all within three rounds, as on an idle machine", () => {
  // Every upload waits for the thread's turn beside the server; the more there are, the more a turn deals with.
  const busy = simulate(3, (limit) => ({ medianLatencyMs: 50 + 400 / limit + 10 * limit, runDelay: 0.95 }));
  expect(busy.map(({ limit }) => limit)).toEqual([5, 10, 20, 20]);
});

test("a limit that was not reached is not raised", () => {
  expect(adapt(beginAdaptation(5, BOUNDS), { ...CALM, saturated: false }, BOUNDS).limit).toBe(5);
});

test("whatever comes, the limit stays within its bounds", () => {
  const round = fc.record({
    medianLatencyMs: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 1e6, noNaN: true })),
    rejected: fc.boolean(),
    runDelay: fc.double({ min: 0, max: 1, noNaN: true }),
    saturated: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.integer({ min: -5, max: 50 }), fc.array(round), (initial, rounds) => {
      let state = beginAdaptation(initial, BOUNDS);
      for (const one of rounds) {
        state = adapt(state, one, BOUNDS);
        expect(state.limit).toBeGreaterThanOrEqual(1);
        expect(state.limit).toBeLessThanOrEqual(BOUNDS.max);
      }
    }),
  );
});
