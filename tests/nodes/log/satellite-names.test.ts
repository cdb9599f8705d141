import { expect, test } from "bun:test";
import { satelliteName } from "../../../src/nodes/log/satellite-names.ts";

test("satellites have the names people know; others the ends of their ids", () => {
  expect(satelliteName("12EayRS2V1kEsWESU9QMRseFhdxYxKicsiFmxrsLZHeLUtdps3S")).toBe("us1");
  expect(satelliteName("1wFTAgs9DP5RSnCqKV1eLf6N9wtk4EAtmN5DpSxcs8EjT69tGE")).toBe("saltlake");
  expect(satelliteName("1AnotherSatelliteThatNobodyKnowsYet")).toBe("1Anoth…sYet");
  expect(satelliteName("short")).toBe("short");
  expect(satelliteName("")).toBe("no satellite");
});
