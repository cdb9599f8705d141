import { expect, test } from "bun:test";
import { duration, integer } from "../../src/settings/kind.ts";
import { option } from "../../src/settings/option.ts";
import { unknownVariables } from "../../src/settings/unknown-variables.ts";

const SECTIONS = {
  sync: {
    workers: option(integer(1), 5, "how many at once"),
    retryDelay: option(duration, 5_000, "how long"),
  },
  time: { timeout: option(duration, 3_000, "how long") },
  store: { db: option(integer(1), 1, "which", { env: ["NODUPE_DB"] }) },
};

test("a variable that only looks like a setting is reported, with the one that was probably meant", () => {
  const names = ["NODUPE_SYNC_WORKER", "NODUPE_TIME_TIMOUT", "NODUPE_SYNC_ZZZZZZZZZZZZ"];
  expect(unknownVariables(names, SECTIONS)).toEqual([
    "the environment variable NODUPE_SYNC_WORKER is not a setting; did you mean NODUPE_SYNC_WORKERS?",
    "the environment variable NODUPE_SYNC_ZZZZZZZZZZZZ is not a setting; for a list run: nodupe config show",
    "the environment variable NODUPE_TIME_TIMOUT is not a setting; did you mean NODUPE_TIME_TIMEOUT?",
  ]);
});

test("settings, and variables outside of any section, are not reported", () => {
  const names = ["NODUPE_SYNC_WORKERS", "NODUPE_SYNC_RETRY_DELAY", "NODUPE_BASE_URL", "NODUPE_DB", "PATH"];
  expect(unknownVariables(names, SECTIONS)).toEqual([]);
});
