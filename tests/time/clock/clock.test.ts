import { expect, test } from "bun:test";
import { type Clock, rawOfStamp, type Reading } from "../../../src/time/clock/clock.ts";
import { sampleOf } from "../../../src/time/ntp/sample.ts";
import { ntpOfUnixNs } from "../../../src/time/ntp/timestamp.ts";
import { honestAnswer } from "../../support/time/ntp-packet.ts";
import { systemClock } from "../../../src/time/clock/system-clock.ts";

const MS = 1_000_000n;
const HOUR = 3_600_000n * MS;
const EPOCH = 1_790_000_000_000n * MS;

/** The system clock is `leadNs` ahead of the raw one. */
function reading(rawMs: number, leadNs: bigint): Reading {
  const rawNs = BigInt(rawMs) * MS;
  return { rawNs, realNs: rawNs + leadNs };
}

test("a timestamp is converted to the raw clock using the readings around it", () => {
  const before = reading(0, EPOCH);
  expect(rawOfStamp(EPOCH + 10n * MS, before, reading(20, EPOCH))).toBe(10n * MS);
  // A slew makes the clocks diverge slightly; the later reading counts.
  expect(rawOfStamp(EPOCH + 10n * MS, before, reading(20, EPOCH + 5_000n))).toBe(10n * MS - 5_000n);
  expect(rawOfStamp(EPOCH + HOUR, before, reading(20, EPOCH))).toBeNull();
});

test("a step in between is recognized, on whichever side of it the timestamp is", () => {
  const before = reading(0, EPOCH);
  for (const step of [HOUR, -HOUR, 900n * MS]) {
    const after = reading(20, EPOCH + step);
    expect(rawOfStamp(EPOCH + 10n * MS, before, after)).toBe(10n * MS);
    expect(rawOfStamp(EPOCH + step + 15n * MS, before, after)).toBe(15n * MS);
  }
  // A step smaller than the time between the readings leaves both sides possible.
  expect(rawOfStamp(EPOCH + 10n * MS, before, reading(20, EPOCH + 2n * MS))).toBeNull();
});

test("stepping the clock between request and answer affects neither offset nor delay", () => {
  let rawNs = 0n;
  let leadNs = EPOCH;
  const clock: Clock = {
    rawNs: () => rawNs,
    read: () => ({ rawNs, realNs: rawNs + leadNs }),
    epoch: () => "test",
  };
  const trueLeadNs = EPOCH + 3n * HOUR;
  const sentRawNs = clock.rawNs();
  rawNs = 10n * MS;
  const at = ntpOfUnixNs(rawNs + trueLeadNs);
  leadNs += 100n * HOUR;
  rawNs = 20n * MS;
  const sample = sampleOf(
    honestAnswer(1n, at, at),
    { sentRawNs, receivedRawNs: clock.rawNs(), precisionNs: 1_000n },
    1_790_000_000,
  );
  const now = clock.read();
  expect(sample).toMatchObject({ delayNs: 20n * MS, offsetNs: trueLeadNs });
  expect(trueLeadNs - (now.realNs - now.rawNs)).toBe(-97n * HOUR);
});

test("the machine's clocks run together", () => {
  const clock = systemClock();
  const first = clock.read();
  const second = clock.read();
  expect(second.rawNs > first.rawNs).toBe(true);
  const apart = second.realNs - second.rawNs - (first.realNs - first.rawNs);
  expect(Math.abs(Number(apart))).toBeLessThan(50_000);
  expect(Math.abs(Number(first.realNs) / 1e6 - Date.now())).toBeLessThan(1_000);
  expect(clock.epoch()).toBe(clock.epoch());
});
