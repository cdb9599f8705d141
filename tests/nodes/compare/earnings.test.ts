import { expect, test } from "bun:test";
import { createActionSums } from "../../../src/nodes/store/action-sums.ts";
import type { Snapshot } from "../../../src/nodes/store/node-snapshot.ts";
import {
  commonSource,
  type Earnings,
  earningsOf,
  type EarningsSource,
  heldShare,
} from "../../../src/nodes/compare/earnings.ts";
import { DAY_START, NO_SNAPSHOT, nodeData, ONE_DAY, RATES } from "../../support/nodes/node-data.ts";

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
]).actions;

/** 720 hours that end in March 2026. */
const MONTH = { sinceMs: ONE_DAY.untilMs - 720 * 3_600_000, untilMs: ONE_DAY.untilMs };

function earned(snapshot: Partial<Snapshot> | null, source: EarningsSource = "model"): Earnings {
  return earningsOf(TRAFFIC, snapshot === null ? null : { ...NO_SNAPSHOT, ...snapshot }, {
    rates: { ...RATES, repairUsd: 4, auditUsd: 10 },
    window: MONTH,
    source,
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

test("the API's figure stands where all nodes have one, with its date and what is held back", () => {
  const told = { payoutUsd: 7, heldUsd: 2, takenMs: DAY_START };
  expect(earned(told, "api")).toMatchObject({
    totalUsd: 7,
    source: "api",
    apiUsd: 7,
    apiAtMs: DAY_START,
    heldUsd: 2,
    modelUsd: 5,
  });
  expect(earned(told)).toMatchObject({ totalUsd: 5, source: "model", apiUsd: 7 });
  const withApi = { ...NO_SNAPSHOT, ...told };
  expect(commonSource([withApi, withApi], MONTH)).toBe("api");
  expect(commonSource([withApi, NO_SNAPSHOT], MONTH)).toBe("model");
  expect(commonSource([withApi, null], MONTH)).toBe("model");
  expect(commonSource([], MONTH)).toBe("model");
});

test("an API's figure is never told outside of its month", () => {
  const february = { payoutUsd: 7, heldUsd: 2, takenMs: DAY_START - 1 };
  expect(earned(february)).toMatchObject({ apiUsd: null, apiAtMs: null, heldUsd: null, totalUsd: 5 });
  expect(commonSource([{ ...NO_SNAPSHOT, ...february }], MONTH)).toBe("model");
});

test("nothing known earns null, not 0", () => {
  const nothing = earningsOf(createActionSums(), null, {
    rates: RATES,
    window: { sinceMs: 0, untilMs: 1 },
    source: "model",
    hasOperations: false,
  });
  expect([nothing.totalUsd, nothing.modelUsd, nothing.source]).toEqual([null, null, null]);
});
