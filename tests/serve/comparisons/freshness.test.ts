import { expect, test } from "bun:test";
import { type Basis, isFresh } from "../../../src/serve/comparisons/freshness.ts";
import type { NodeState } from "../../../src/serve/comparisons/node-states.ts";

const HOUR_MS = 3_600_000;
const TTL_MS = 60_000;
const STORED: NodeState = { type: "stored", version: 7, added: 0, snapshotMs: 1 };
const REMOTE: NodeState = { type: "remote", isReachable: true, newestLine: "2026-11-26T04:00:00.000Z" };

/** An answer over a day of a node with 10,000 operations, computed at 0. */
const asked: Basis = {
  computedMs: 0,
  sinceMs: -24 * HOUR_MS,
  lastMs: 24 * HOUR_MS,
  isReady: false,
  nodes: [{ state: STORED, operations: 10_000 }],
};
const ready: Basis = { ...asked, isReady: true };
const remote: Basis = { ...ready, nodes: [{ state: REMOTE, operations: 10_000 }] };

const more = (events: number): NodeState => ({ ...STORED, version: 8, added: events });

const CASES: readonly (readonly [
  what: string,
  basis: Basis,
  ageMs: number,
  state: NodeState,
  fresh: boolean,
])[] = [
  ["nothing new, just computed", asked, 1, STORED, true],
  ["nothing new, past the TTL", asked, TTL_MS, STORED, false],
  ["a thousandth more events", asked, 1, more(10), true],
  ["more than that", asked, 1, more(11), false],
  ["another batch that brought no event: nobody knows what", asked, 1, more(0), false],
  ["events that have gone", asked, 1, more(-1), false],
  ["its API has told something", asked, 1, { ...STORED, snapshotMs: 2 }, false],
  ["the node has gone", asked, 1, { type: "unknown" }, false],
  ["a clock that was set back", asked, -1, STORED, false],
  ["kept ready, nothing new, past the TTL", ready, 50 * 60_000, STORED, true],
  ["kept ready, a few events, past the TTL", ready, 119_000, more(10), true],
  ["kept ready, a few events, too old for a day's window", ready, 121_000, more(10), false],
  ["kept ready, many events", ready, 1, more(11), false],
  ["kept ready, a clock that was set back", ready, -1, STORED, false],
  [
    "another board's node, newer lines",
    remote,
    119_000,
    { ...REMOTE, newestLine: "2026-11-26T04:01:00.000Z" },
    true,
  ],
  ["another board's node, newer lines, too old", remote, 121_000, { ...REMOTE, newestLine: null }, false],
  ["another board's node, the board has gone", remote, 1, { ...REMOTE, isReachable: false }, false],
];

test.each(CASES)("%s", (_what, basis, ageMs, state, fresh) => {
  expect(isFresh(basis, { nowMs: ageMs, sinceMs: basis.sinceMs, states: [state] }, TTL_MS)).toBe(fresh);
});

test("kept ready, and the window has moved on by an hour: computed anew once the TTL is over", () => {
  const later = { sinceMs: ready.sinceMs + HOUR_MS, states: [STORED] };
  expect(isFresh(ready, { ...later, nowMs: TTL_MS - 1 }, TTL_MS)).toBe(true);
  expect(isFresh(ready, { ...later, nowMs: TTL_MS }, TTL_MS)).toBe(false);
});
