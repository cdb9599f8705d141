import { expect, test } from "bun:test";
import { duration, integer, list, text } from "../../src/settings/kind.ts";
import { option, optional } from "../../src/settings/option.ts";
import { resolveOptions } from "../../src/settings/resolve.ts";

const options = {
  retries: option(integer(0, 100), 3, "how often"),
  retryDelay: option(duration, 5_000, "how long"),
  include: option(list(text("GLOB")), [], "which"),
  folder: optional(text("FOLDER"), "where", { env: ["EARLIER_FOLDER"], example: "cvs" }),
  apiKey: optional(text("KEY"), "key", { scope: "settings", secret: true, example: "k" }),
  dryRun: optional(text("X"), "a one-off", { scope: "flag" }),
};

function resolve(flags: object, environment: Record<string, string>, file: object) {
  return resolveOptions("sync", options, {
    flags: new Map(Object.entries(flags)),
    environment,
    file: new Map(Object.entries(file)),
    filePath: "config.toml",
  });
}

test("flags win over the environment, the environment over the file, the file over defaults", () => {
  const environment = { NODUPE_SYNC_RETRIES: "7", NODUPE_SYNC_RETRY_DELAY: "2s", EARLIER_FOLDER: "cvs" };
  const { values, origins, faults } = resolve({ retries: 9 }, environment, {
    retries: 8,
    retryDelay: 1,
    apiKey: "k",
  });
  expect({ values, origins, faults }).toEqual({
    values: { retries: 9, retryDelay: 2_000, include: [], folder: "cvs", apiKey: "k", dryRun: null },
    origins: {
      retries: { source: "flag", name: "retries" },
      retryDelay: { source: "environment", name: "NODUPE_SYNC_RETRY_DELAY" },
      include: { source: "default", name: null },
      folder: { source: "environment", name: "EARLIER_FOLDER" },
      apiKey: { source: "file", name: "config.toml" },
      dryRun: { source: "default", name: null },
    },
    faults: [],
  });
});

test("our own variable wins over an earlier client's, an empty one is ignored, a list is split at commas", () => {
  const environment = {
    NODUPE_SYNC_FOLDER: "new",
    EARLIER_FOLDER: "old",
    NODUPE_SYNC_RETRIES: "",
    NODUPE_SYNC_INCLUDE: "*.pdf, *.md",
    NODUPE_SYNC_DRY_RUN: "ignored",
  };
  expect(resolve({}, environment, {}).values).toEqual({
    retries: 3,
    retryDelay: 5_000,
    include: ["*.pdf", "*.md"],
    folder: "new",
    apiKey: null,
    dryRun: null,
  });
});

test("every variable that cannot be parsed is reported", () => {
  const { faults } = resolve({}, { NODUPE_SYNC_RETRIES: "many", NODUPE_SYNC_RETRY_DELAY: "5" }, {});
  expect(faults).toEqual([
    'NODUPE_SYNC_RETRIES: found "many", expected a whole number from 0 to 100',
    'NODUPE_SYNC_RETRY_DELAY: found "5", expected a number with ms, s, m, h or d, such as 1.5s, and at most 36500d',
  ]);
});
