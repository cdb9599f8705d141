import { expect, test } from "bun:test";
import { ingestJson, type IngestReport, ingestText } from "../../src/render/ingest.ts";

const REPORT: IngestReport = {
  node: "alpha",
  files: 2,
  lines: 1_234_567,
  events: 1_000_000,
  started: 1_000,
  facts: 3,
  known: 0,
  ignored: 233_000,
  malformed: 564,
  elapsedS: 2.5,
  malformedSamples: ["2026 nonsense"],
  failures: [],
  imported: null,
  api: [],
  pruned: 0,
  interrupted: false,
};

test("one line: what is new, what is not, and how fast", () => {
  expect(ingestText(REPORT)).toMatchInlineSnapshot(
    `"alpha: 1,000,000 new events, 1,000 starts, 3 facts, 233,000 ignored, 564 malformed; 1,234,567 lines in 2.5s, 493,827 lines/s"`,
  );
});

test("zero counts are omitted, except for events", () => {
  const nothing = { events: 0, started: 0, facts: 0, ignored: 0, malformed: 0, lines: 7, known: 7 };
  expect(ingestText({ ...REPORT, ...nothing, elapsedS: 0 })).toMatchInlineSnapshot(
    `"alpha: 0 new events, 7 lines already known; 7 lines in 0.0s"`,
  );
  expect(ingestText({ ...REPORT, ...nothing, imported: 1_200, pruned: 50 })).toMatchInlineSnapshot(
    `"alpha: 0 new events, 7 lines already known, 1,200 imported from storj_monitor, 50 old events pruned; 7 lines in 2.5s, 3 lines/s"`,
  );
});

test("JSON: the contract's keys in snake_case, the rest unchanged", () => {
  const { elapsedS: _, malformedSamples: __, ...rest } = REPORT;
  expect(ingestJson(REPORT)).toEqual({ ...rest, elapsed_s: 2.5, malformed_samples: ["2026 nonsense"] });
});
