import { expect, test } from "bun:test";
import {
  parsePressure,
  parseSchedstat,
  shortageMeter,
  shortageBetween,
} from "../../../src/upload/control/starvation.ts";

test("what the kernel tells, and what is no such thing", () => {
  expect(parseSchedstat("123456 7890 12\n", 5)).toEqual({ atNs: 5, ranNs: 123_456, waitedNs: 7_890 });
  expect([parseSchedstat("0 0 0\n", 5), parseSchedstat("", 5), parseSchedstat("-1 x", 5)]).toEqual([
    null,
    null,
    null,
  ]);
  const pressure =
    "some avg10=12.50 avg60=3.00 avg300=1.00 total=123\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n";
  expect([parsePressure(pressure), parsePressure("")]).toEqual([0.125, null]);
});

test("only who wants a processor nearly all the time is short of one", () => {
  const start = { atNs: 0, ranNs: 0, waitedNs: 0 };
  const between = (ranNs: number, waitedNs: number) =>
    shortageBetween(start, { atNs: 1_000, ranNs, waitedNs });
  // It waits for a network most of the time: that others keep the processors busy costs it little.
  expect([between(100, 300), between(900, 0), between(500, 500), between(100, 850)]).toEqual([
    { starved: 0, waited: 0.3 },
    { starved: 0, waited: 0 },
    { starved: 0.5, waited: 0.5 },
    { starved: 850 / 950, waited: 0.85 },
  ]);
  expect(shortageBetween(start, start)).toEqual({ starved: 0, waited: 0 });
});

test("it is looked at twice a second at most", () => {
  const meter = shortageMeter();
  meter();
  expect(meter()).toBeNull();
});
