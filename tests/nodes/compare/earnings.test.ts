import { expect, test } from "bun:test";
import type { Snapshot } from "../../../src/nodes/store/node-snapshot.ts";
import { type Earnings, earningsOf, heldShare } from "../../../src/nodes/compare/earnings.ts";
import { DAY_START, NO_SNAPSHOT, nodeData, ONE_DAY, RATES } from "../../support/node-data.ts";

const TB = 1e12;
const MONTH_MS = (365.25 * 86_400_000) / 12;
/** One TB of egress, half a TB of repair, a tenth of audits; uploads and canceled downloads earn nothing. */
const TRAFFIC = nodeData([
  {
    hour: 0,
    operations: [
      { action: "GET", count: 1, sizeBytes: TB },
      { action: "GET_REPAIR", count: 1, sizeBytes: TB / 2 },
      { action: "GET_AUDIT", count: 1, sizeBytes: TB / 10 },
      { action: "GET", outcome: "canceled", count: 1, sizeBytes: TB },
      { action: "PUT", count: 1, sizeBytes: TB },
    ],
  },
]).cells;

function earned(snapshot: Partial<Snapshot> | null): Earnings {
  return earningsOf(TRAFFIC, snapshot === null ? null : { ...NO_SNAPSHOT, ...snapshot }, {
    rates: { ...RATES, repairUsd: 4, auditUsd: 10 },
    windowMs: 720 * 3_600_000,
    untilMs: ONE_DAY.untilMs,
    hasOperations: true,
  });
}

test("egress, repair and audits by their rates; storage where the API tells it", () => {
  expect(earned(null)).toMatchObject({
    modelUsd: 2 + 2 + 1,
    modelHasStorage: false,
    perTbUsd: null,
    source: "model",
  });
  expect(earned({ usedBytes: 4 * TB })).toMatchObject({
    modelUsd: 5 + 6,
    modelHasStorage: true,
    perTbUsd: 11 / 4,
  });
});

test("held back by the node's age: three quarters, half, a quarter, nothing", () => {
  expect([0, 2.9, 3, 5.9, 6, 8.9, 9, 100].map(heldShare)).toEqual([0.75, 0.75, 0.5, 0.5, 0.25, 0.25, 0, 0]);
  expect(earned({ joinedMs: ONE_DAY.untilMs - 4 * MONTH_MS }).modelUsd).toBe(2.5);
});

test("the API's figure is the truth where it can be had; both are told apart", () => {
  expect(earned({ payoutUsd: 7, takenMs: DAY_START })).toMatchObject({
    totalUsd: 7,
    source: "api",
    apiUsd: 7,
    modelUsd: 5,
  });
});

test("nothing known earns null, not 0", () => {
  const nothing = earningsOf(new Map(), null, {
    rates: RATES,
    windowMs: 1,
    untilMs: 1,
    hasOperations: false,
  });
  expect([nothing.totalUsd, nothing.modelUsd, nothing.source]).toEqual([null, null, null]);
});
