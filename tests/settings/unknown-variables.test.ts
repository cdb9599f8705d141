import { expect, test } from "bun:test";
import { unknownVariables } from "../../src/settings/unknown-variables.ts";

test("a variable that looks like a setting and is none is told, with the one that was meant", () => {
  expect(unknownVariables(["NODUPE_SYNC_WORKER", "NODUPE_TIME_TIMOUT", "NODUPE_SYNC_ZZZZZZZZZZZZ"])).toEqual([
    "the environment variable NODUPE_SYNC_WORKER sets nothing; did you mean NODUPE_SYNC_WORKERS?",
    "the environment variable NODUPE_SYNC_ZZZZZZZZZZZZ sets nothing; nodupe config show lists the settings",
    "the environment variable NODUPE_TIME_TIMOUT sets nothing; did you mean NODUPE_TIME_TIMEOUT?",
  ]);
});

test("settings, and variables that are no section's, are left alone", () => {
  expect(
    unknownVariables([
      "NODUPE_SYNC_WORKERS",
      "NODUPE_SYNC_RETRY_DELAY",
      "NODUPE_BASE_URL",
      "NODUPE_DB",
      "PATH",
    ]),
  ).toEqual([]);
});
