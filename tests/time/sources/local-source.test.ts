import { expect, test } from "bun:test";
import { mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { type LocalOptions, localAnswer } from "../../../src/time/sources/local-source.ts";
import { LOCAL_SOURCES } from "../../../src/time/sources/source.ts";
import { tempFolder, type TempFolder } from "../../support/temp.ts";

const S = 1_000_000_000n;
const FLOOR = 1_790_000_000n * S;
/** 30 years of 365.25 days. */
const HORIZON = 946_728_000n * S;

/** A machine with the RTC, files and logs of a folder. */
function machine(folder: TempFolder, change: Partial<LocalOptions> = {}): LocalOptions {
  mkdirSync(folder.file("rtc0"), { recursive: true });
  mkdirSync(folder.file("log"), { recursive: true });
  return {
    sources: LOCAL_SOURCES,
    rtc: { sysfs: folder.file("rtc0"), device: folder.file("none"), adjtime: folder.file("adjtime") },
    scan: { files: [folder.file("fake-hwclock.data")], folders: [folder.file("log")], depth: 2, limit: 100 },
    lastGoodNs: null,
    savedNs: null,
    floorNs: FLOOR,
    ...change,
  };
}

function at(seconds: bigint): { rawNs: bigint; realNs: bigint } {
  return { rawNs: 5n * S, realNs: seconds * S };
}

function logWritten(path: string, seconds: number): void {
  writeFileSync(path, "a line\n");
  utimesSync(path, seconds, seconds);
}

test("the RTC comes first, with its possible drift in the bound", () => {
  using folder = tempFolder();
  const options = machine(folder, { lastGoodNs: 1_790_100_000n * S });
  writeFileSync(folder.file("rtc0/since_epoch"), "1790200000\n");
  expect(localAnswer(options, at(0n))).toEqual({
    answer: {
      source: "rtc",
      offsetNs: 1_790_200_000n * S + S / 2n,
      errorBoundNs: S + 10n * S,
      basis: expect.stringContaining("hardware clock"),
    },
    passedOver: [],
  });
});

test("an RTC that is behind known time, beyond the horizon or missing is skipped, with the reason", () => {
  using folder = tempFolder();
  const options = machine(folder);
  const why = (change: Partial<LocalOptions> = {}): string | undefined =>
    localAnswer({ ...options, ...change }, at(0n)).passedOver[0];
  expect(why()).toMatch(/^rtc: there is no RTC/);
  writeFileSync(folder.file("rtc0/since_epoch"), "946684800\n");
  expect(why()).toMatch(/^rtc: the RTC is behind/);
  writeFileSync(folder.file("rtc0/since_epoch"), `${1_790_000_000 + 30 * 365.25 * 86_400}\n`);
  expect(why()).toBe("rtc: the RTC is more than 30 years ahead of this program");
  writeFileSync(folder.file("rtc0/since_epoch"), "tomorrow\n");
  expect(why()).toBe('rtc: the RTC says "tomorrow"');
  // A last good time from a wrong majority is no reason to skip the RTC.
  writeFileSync(folder.file("rtc0/since_epoch"), "1790200000\n");
  expect(why({ lastGoodNs: 5_900_000_000n * S })).toBeUndefined();
});

test("the newest trusted file moves a clock forward, never back; its bound reaches to the horizon", () => {
  using folder = tempFolder();
  const options = machine(folder);
  writeFileSync(folder.file("fake-hwclock.data"), "2026-10-01 00:00:00\n");
  mkdirSync(folder.file("log/nginx"));
  logWritten(folder.file("log/nginx/access.log"), 1_795_000_000);
  logWritten(folder.file("log/syslog"), 1_794_990_000);
  const behind = localAnswer(options, at(1_000n)).answer;
  expect(behind).toMatchObject({ source: "file", offsetNs: (1_795_000_000n - 1_000n) * S });
  expect(behind.basis).toContain("log/nginx/access.log");
  expect(behind.errorBoundNs).toBe(FLOOR + HORIZON - 1_795_000_000n * S);
  expect(localAnswer(options, at(1_796_000_000n)).answer).toMatchObject({ source: "file", offsetNs: 0n });
  const stored = localAnswer({ ...options, lastGoodNs: 1_795_500_000n * S }, at(0n)).answer;
  expect(stored).toMatchObject({ source: "file", offsetNs: 1_795_500_000n * S });
  const saved = localAnswer({ ...options, savedNs: 1_795_600_000n * S }, at(0n)).answer;
  expect(saved).toMatchObject({ source: "file", offsetNs: 1_795_600_000n * S });
  expect(saved.basis).toBe("it is only known to be later than the clock that the store saved last");
});

test("a clock beyond the horizon is not trusted to the second: its bound reaches back to what is known", () => {
  using folder = tempFolder();
  const now = at(1_790_000_000n + 5_000_000_000n);
  expect(localAnswer(machine(folder, { sources: ["build"] }), now).answer).toMatchObject({
    source: "build",
    offsetNs: 0n,
    errorBoundNs: 5_000_000_000n * S,
  });
});

test("if files are older than the program, its build time counts; without that only the monotonic clock is left", () => {
  using folder = tempFolder();
  const options = machine(folder);
  logWritten(folder.file("log/old.log"), 1_000_000_000);
  logWritten(folder.file("log/older.log"), 999_990_000);
  const { answer, passedOver } = localAnswer(options, at(0n));
  expect(answer).toMatchObject({ source: "build", offsetNs: FLOOR });
  expect(passedOver).toEqual([
    expect.stringMatching(/^rtc: /),
    "file: the newest trusted file is older than this program",
  ]);
  expect(localAnswer({ ...options, sources: ["file", "monotonic"] }, at(0n)).answer).toEqual({
    source: "monotonic",
    offsetNs: null,
    errorBoundNs: null,
    basis: expect.any(String),
  });
});

test("a file from beyond the horizon proves nothing", () => {
  using folder = tempFolder();
  logWritten(folder.file("beyond.log"), 1_790_000_000 + 30 * 365.25 * 86_400);
  const scan = { files: [folder.file("beyond.log")], folders: [], depth: 1, limit: 1 };
  expect(localAnswer(machine(folder, { scan }), at(0n)).answer.source).toBe("build");
});
