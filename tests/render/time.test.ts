import { expect, test } from "bun:test";
import { timeJson, timeText, watchText } from "../../src/render/time.ts";
import { CLOCK_UNTOUCHED, type TimeResult } from "../../src/time/result.ts";

const REPORT = {
  server: "a:123",
  host: "ntp.example",
  address: "192.0.2.1",
  port: 123,
  status: "selected",
  offsetNs: 1_500_000n,
  delayNs: 20_000_000n,
  jitterNs: null,
  stratum: 2,
  reason: null,
} as const;

const RESULT: TimeResult = {
  source: "ntp",
  authenticated: false,
  offsetNs: 1_500_000n,
  offsetRawNs: 1n,
  delayNs: 20_000_000n,
  errorBoundNs: 11_000_000n,
  stratum: 2,
  leap: "none",
  server: "ntp.example",
  address: "192.0.2.1",
  reports: [
    REPORT,
    { ...REPORT, address: null, status: "unreachable", offsetNs: null, delayNs: null, reason: "gone" },
  ],
  asked: 2,
  answered: 1,
  agreeing: 1,
  note: null,
  passedOver: [],
  elapsedNs: 62_000_000n,
  drift: { ppm: -4.25, lowPpm: -5, highPpm: -3.5, samples: 9 },
};

const TRUE_NS = 1_700_000_000_500_000_000n;

test("JSON: unknown is null, durations are seconds, FastDate64 is text", () => {
  const json = timeJson({ result: RESULT, clock: CLOCK_UNTOUCHED, trueNs: TRUE_NS });
  expect(json).toMatchObject({
    offset_s: 0.0015,
    error_bound_s: 0.011,
    iso: "2023-11-14T22:13:20.5Z",
    fastdate64: "1825361101336870912",
    elapsed_s: 0.062,
    drift_ppm: -4.25,
    drift_interval_ppm: [-5, -3.5],
    clock: { action: "none", applied_s: null },
  });
  expect("offset_mean_s" in json).toBe(false);
  const nothing = timeJson({
    result: { ...RESULT, source: null, offsetNs: null, drift: null },
    clock: CLOCK_UNTOUCHED,
    trueNs: null,
    meanOffsetS: null,
  });
  expect(nothing).toMatchObject({
    offset_s: null,
    iso: null,
    fastdate64: null,
    drift_ppm: null,
    offset_mean_s: null,
  });
});

test("text: time, offset with its bound, source, drift, and a row for each address", () => {
  expect(timeText({ result: RESULT, clock: CLOCK_UNTOUCHED, trueNs: TRUE_NS }).split("\n")).toEqual([
    "time    2023-11-14T22:13:20.5Z",
    "offset  the clock is 1.500 ms slow (± 11.000 ms)",
    "source  ntp, 1 of 1 that answered agree, 2 asked; nothing confirms it; ntp.example (192.0.2.1), stratum 2",
    "drift   -4.250 ppm (-5.000 to -3.500, 9 samples)",
    "took    62.0 ms",
    "",
    "SERVER                 STATUS       OFFSET    DELAY",
    "ntp.example 192.0.2.1  selected     1.500 ms  20.000 ms",
    "ntp.example -          unreachable  -         -          gone",
  ]);
});

test("text: what was done to the clock, or why it was not", () => {
  const stepped = {
    action: "step",
    appliedNs: -2_500_000_000n,
    refusal: null,
    rtc: "/dev/rtc0 was told",
  } as const;
  expect(timeText({ result: RESULT, clock: stepped, trueNs: TRUE_NS })).toContain(
    "\nclock   stepped by -2.500 s; /dev/rtc0 was told\n",
  );
  const refused = {
    ...CLOCK_UNTOUCHED,
    refusal: { kind: "refused", reason: "chronyd owns the clock" },
  } as const;
  expect(timeText({ result: RESULT, clock: refused, trueNs: TRUE_NS })).toContain(
    "\nclock   not set: chronyd owns the clock\n",
  );
});

test("a round of --watch is one line", () => {
  const line = watchText({ result: RESULT, clock: CLOCK_UNTOUCHED, trueNs: TRUE_NS, meanOffsetS: 0.001 });
  expect(line).toBe("2023-11-14T22:13:20.5Z  offset 1.500 ms  mean 1.000 ms  source ntp  servers 1/2");
});
