import { afterEach, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { readRtc, rtcTime } from "../../../src/time/sources/rtc.ts";
import { tempFolder, type TempFolder } from "../../support/temp.ts";

const zone = process.env["TZ"];
afterEach(() => {
  process.env["TZ"] = zone ?? "";
});

/** The reading of an RTC that shows this wall time, with /etc/adjtime as given. */
function reading(folder: TempFolder, wall: string, runsIn: "UTC" | "LOCAL"): unknown {
  mkdirSync(folder.file("rtc0"), { recursive: true });
  writeFileSync(folder.file("rtc0/since_epoch"), `${Date.parse(`${wall}Z`) / 1_000}\n`);
  writeFileSync(folder.file("adjtime"), `0.0 0 0.0\n0\n${runsIn}\n`);
  const found = readRtc({ sysfs: folder.file("rtc0"), device: "/dev/null", adjtime: folder.file("adjtime") });
  if (!found.ok) return found;
  return [new Date(Number(found.ns / 1_000_000n)).toISOString(), Number(found.ambiguousNs) / 1e9];
}

test("an RTC in local time is read as such, and the repeated hour is reported as ambiguous", () => {
  process.env["TZ"] = "Europe/Berlin";
  using folder = tempFolder();
  expect(reading(folder, "2026-07-01T12:00:00", "UTC")).toEqual(["2026-07-01T12:00:00.000Z", 0]);
  expect(reading(folder, "2026-07-01T12:00:00", "LOCAL")).toEqual(["2026-07-01T10:00:00.000Z", 0]);
  expect(reading(folder, "2026-12-01T12:00:00", "LOCAL")).toEqual(["2026-12-01T11:00:00.000Z", 0]);
  // 02:30 that night is 00:30 or 01:30 in UTC.
  expect(reading(folder, "2026-10-25T02:30:00", "LOCAL")).toEqual(["2026-10-25T01:00:00.000Z", 1_800]);
});

test("an RTC in local time is set to local time", () => {
  process.env["TZ"] = "Europe/Berlin";
  using folder = tempFolder();
  const ns = BigInt(Date.parse("2026-07-01T22:30:05Z")) * 1_000_000n;
  const told = (runsIn: string): number[] => {
    writeFileSync(folder.file("adjtime"), `0.0 0 0.0\n0\n${runsIn}\n`);
    return [...rtcTime(ns, folder.file("adjtime"))].slice(0, 6);
  };
  expect(told("UTC")).toEqual([5, 30, 22, 1, 6, 126]);
  expect(told("LOCAL")).toEqual([5, 30, 0, 2, 6, 126]);
});
