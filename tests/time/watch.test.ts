import { expect, test } from "bun:test";
import { WATCH_START, type WatchRound, type WatchState, watchStep } from "../../src/time/watch.ts";

const MAX_OFFSET_S = 1;
const all = { asked: 4, answered: 4 };

function play(rounds: readonly WatchRound[]): { state: WatchState; alerts: readonly number[] } {
  let state = WATCH_START;
  const alerts = rounds.map((round) => {
    const step = watchStep(state, round, MAX_OFFSET_S);
    ({ state } = step);
    return step.alerts.length;
  });
  return { state, alerts };
}

test("the average is exponential; a round without an offset leaves it unchanged", () => {
  const { state } = play([
    { offsetS: 0.4, isBeyond: false, servers: all },
    { offsetS: null, isBeyond: false, servers: all },
    { offsetS: 0.2, isBeyond: false, servers: all },
  ]);
  expect(state.meanOffsetS).toBeCloseTo(0.36, 12);
});

test("alerts: at once if beyond the bound, after three rounds with too few servers", () => {
  const sparse = { offsetS: null, isBeyond: false, servers: { asked: 4, answered: 1 } };
  const half = { offsetS: 0, isBeyond: false, servers: { asked: 4, answered: 2 } };
  expect(play([{ offsetS: -1.1, isBeyond: true, servers: all }]).alerts).toEqual([1]);
  expect(play([sparse, sparse, half, sparse, sparse, sparse, sparse]).alerts).toEqual([0, 0, 0, 0, 0, 1, 1]);
  expect(play([{ offsetS: 0, isBeyond: false, servers: null }]).alerts).toEqual([0]);
});
