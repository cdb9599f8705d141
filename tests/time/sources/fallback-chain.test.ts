import { expect, test } from "bun:test";
import { ntpServer, silentServer } from "../../support/time/ntp.ts";
import { memoryStore, sessionOn, settingsFor } from "../../support/time/time-session.ts";

const QUICK = { timeout: 150, httpsServer: [] };

test("servers that answer are the source, and later sources are not consulted", async () => {
  using store = memoryStore();
  using server = await ntpServer({ offsetS: 4 });
  using session = sessionOn(store, settingsFor([server], { fallback: true }));
  const { result } = await session.measure();
  expect(result).toMatchObject({
    source: "ntp",
    agreeing: 1,
    tolerance: { liars: 0, of: "asked" },
    passedOver: [],
    note: null,
  });
});

test("without --fallback silence means no answer; with it each source is tried, and says why it was not used", async () => {
  using store = memoryStore();
  using silent = await silentServer();
  using alone = sessionOn(store, settingsFor([silent], QUICK));
  const nothing = (await alone.measure()).result;
  expect([nothing.source, nothing.offsetNs, nothing.tolerance]).toEqual([null, null, null]);
  expect(nothing.note).toBe("the server gave no valid answer");
  using falling = sessionOn(store, settingsFor([silent], { ...QUICK, fallback: true }));
  const { result, obtained } = await falling.measure();
  expect(result).toMatchObject({ source: "build", authenticated: false, leap: "unknown", stratum: null });
  expect(result.passedOver).toEqual([
    "ntp: the server gave no valid answer",
    "https: no HTTPS server answered in time",
    expect.stringMatching(/^rtc: there is no RTC/),
    "file: no trusted file found",
  ]);
  // The servers' results are reported all the same.
  expect(obtained.servers?.assessment.asked).toBe(1);
  expect(result.reports.map(({ status }) => status)).toEqual(["unreachable"]);
});

test("offline queries nobody", async () => {
  using store = memoryStore();
  using server = await ntpServer();
  using session = sessionOn(store, settingsFor([server], { offline: true }));
  const { result, obtained } = await session.measure();
  expect([result.source, obtained.servers, result.reports, server.requests]).toEqual(["build", null, [], 0]);
});
