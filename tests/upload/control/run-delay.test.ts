import { expect, test } from "bun:test";
import {
  parsePressure,
  parseSchedstat,
  runDelayBetween,
  runDelayMeter,
} from "../../../src/upload/control/run-delay.ts";

test("what the kernel tells, and what is no such thing", () => {
  expect(parseSchedstat("123456 7890 12\n", 5)).toEqual({ atNs: 5, delayedNs: 7_890 });
  expect([parseSchedstat("0 0 0\n", 5), parseSchedstat("", 5), parseSchedstat("-1 x", 5)]).toEqual([
    null,
    null,
    null,
  ]);
  const pressure =
    "some avg10=12.50 avg60=3.00 avg300=1.00 total=123\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n";
  expect([parsePressure(pressure), parsePressure("")]).toEqual([0.125, null]);
});

test("the share of the time in which it waited, never more than all of it", () => {
  const start = { atNs: 0, delayedNs: 0 };
  const between = (delayedNs: number) => runDelayBetween(start, { atNs: 1_000, delayedNs });
  expect([between(0), between(300), between(1_001)]).toEqual([0, 0.3, 1]);
  expect(runDelayBetween(start, start)).toBe(0);
});

test("two looks that follow each other at once are one", () => {
  const meter = runDelayMeter();
  expect(meter()).toBeNull();
});
