import { expect, test } from "bun:test";
import fc from "fast-check";
import { readEarlierConfig } from "../../../src/upload/ledger/earlier-client.ts";

test("no text makes the reader throw", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      readEarlierConfig(text);
    }),
  );
});

test("the earlier client's config is read, with what it leaves out as not known", () => {
  const full = {
    folder_path: "/srv/cvs",
    api_key: "tanova_sk_1",
    tanova_url: "https://tanova.ai",
    retry_count: 3,
    retry_delay: 5,
    max_workers: 5,
    something_else: true,
  };
  expect(readEarlierConfig(JSON.stringify(full))).toEqual({
    type: "read",
    value: {
      folderPath: "/srv/cvs",
      apiKey: "tanova_sk_1",
      url: "https://tanova.ai",
      retries: 3,
      retryDelayMs: 5_000,
      workers: 5,
    },
  });
  expect(readEarlierConfig("{}")).toEqual({
    type: "read",
    value: { folderPath: null, apiKey: null, url: null, retries: null, retryDelayMs: null, workers: null },
  });
  expect(readEarlierConfig('{"max_workers": "five", "retry_count": -1}')).toMatchObject({
    type: "refused",
    faults: [expect.stringContaining("retry_count"), expect.stringContaining("max_workers")],
  });
});
