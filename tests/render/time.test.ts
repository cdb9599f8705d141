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
  tolerance: { liars: 0, of: "answered" },
  note: null,
  passedOver: [],
  elapsedNs: 62_000_000n,
  drift: { ppm: -4.25, lowPpm: -5, highPpm: -3.5, samples: 9 },
};

const TRUE_NS = 1_700_000_000_500_000_000n;

test("JSON: unknown is null, durations are seconds, FastDate64 is text", () => {
  const json = timeJson({ result: RESULT, clock: CLOCK_UNTOUCHED, trueNs: TRUE_NS, check: null });
  expect(json).toMatchObject({
    offset_s: 0.0015,
    error_bound_s: 0.011,
    iso: "2023-11-14T22:13:20.5Z",
    fastdate64: "1825361101336870912",
    elapsed_s: 0.062,
    drift_ppm: -4.25,
    drift_interval_ppm: [-5, -3.5],
    check: null,
    clock: { action: "none", applied_s: null, synchronised: null },
    liars_tolerated: 0,
    liars_tolerated_of: "answered",
  });
  expect("offset_mean_s" in json).toBe(false);
  const nothing = timeJson({
    result: { ...RESULT, source: null, offsetNs: null, drift: null },
    clock: CLOCK_UNTOUCHED,
    trueNs: null,
    check: "unknown",
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

test("text: whether the clock is right, time, source, what the bound relies on, drift, and a row for each address", () => {
  expect(
    timeText({ result: RESULT, clock: CLOCK_UNTOUCHED, trueNs: TRUE_NS, check: null }).split("\n"),
  ).toEqual([
    "The clock is right to within 12.500 ms (measured: 1.500 ms slow, ± 11.000 ms).",
    "",
    "time     2023-11-14T22:13:20.5Z",
    "source   ntp, 1 of 1 that answered agree, 2 asked; ntp.example (192.0.2.1), stratum 2",
    "sure if  the one server that answered is right",
    "drift    -4.250 ppm (-5.000 to -3.500, 9 samples)",
    "took     62.0 ms",
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
    rtc: "/dev/rtc0 was set",
    isSynchronised: true,
  } as const;
  expect(timeText({ result: RESULT, clock: stepped, trueNs: TRUE_NS, check: null })).toContain(
    "\nclock    stepped by -2.500 s; /dev/rtc0 was set; marked as synchronised in the kernel\n",
  );
  const refused = {
    ...CLOCK_UNTOUCHED,
    refusal: { type: "refused", reason: "chronyd owns the clock" },
  } as const;
  expect(timeText({ result: RESULT, clock: refused, trueNs: TRUE_NS, check: null })).toContain(
    "\nclock    not set: chronyd owns the clock\n",
  );
});

test("text: the first line says whether the clock is right, by how much it is off, and how certain that is", () => {
  const first = (change: Partial<TimeResult>): string | undefined => {
    const report = { result: { ...RESULT, ...change }, clock: CLOCK_UNTOUCHED, trueNs: null, check: null };
    return timeText(report).split("\n")[0];
  };
  const years = 30n * 365n * 86_400_000_000_000n;
  expect(first({ offsetNs: -5_250_000_000n })).toBe("The clock is 5.250 s fast, ± 11.000 ms.");
  expect(first({ offsetNs: 0n })).toBe(
    "The clock is right to within 11.000 ms (measured: 0.0 µs fast, ± 11.000 ms).",
  );
  const file = {
    source: "file",
    note: "it is only known to be later than a log",
    errorBoundNs: years,
  } as const;
  expect(first({ ...file, offsetNs: 0n })).toBe(
    "It is not known whether the clock is right: it is only known to be later than a log.",
  );
  expect(first({ ...file, offsetNs: 86_400_000_000_000n })).toBe(
    "The clock is at least 1.00 days slow; the error bound is a day or more.",
  );
  expect(first({ source: null, offsetNs: null, errorBoundNs: null, note: "no server answered" })).toBe(
    "It is not known whether the clock is right: no server answered.",
  );
});

test("text: what the bound relies on", () => {
  const rests = (
    tolerance: TimeResult["tolerance"],
    change: Partial<TimeResult> = {},
  ): string | undefined => {
    const result = { ...RESULT, asked: 5, answered: 4, ...change, tolerance };
    const text = timeText({ result, clock: CLOCK_UNTOUCHED, trueNs: null, check: null });
    return /^sure if +(.*)$/m.exec(text)?.[1];
  };
  expect(rests({ liars: 2, of: "asked" })).toBe("no more than 2 of the 5 servers asked are wrong");
  expect(rests({ liars: 1, of: "answered" })).toBe("no more than 1 of the 4 servers that answered is wrong");
  expect(rests({ liars: 0, of: "asked" }, { asked: 1 })).toBe("the one server asked is right");
  expect(rests({ liars: 0, of: "answered" }, { answered: 2 })).toBe("all 2 servers that answered are right");
  expect(rests(null)).toBeUndefined();
});

test("a round of --watch is one line", () => {
  const line = watchText({
    result: RESULT,
    clock: CLOCK_UNTOUCHED,
    trueNs: TRUE_NS,
    check: null,
    meanOffsetS: 0.001,
  });
  expect(line).toBe(
    "2023-11-14T22:13:20.5Z  offset 1.500 ms ± 11.000 ms  mean 1.000 ms  source ntp  servers 1/2",
  );
});
