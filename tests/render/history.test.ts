import { expect, test } from "bun:test";
import { historyJson, historyText, type ShownDestination } from "../../src/render/history.ts";

const DONE = {
  checksum: "0123456789abcdef".repeat(4),
  state: "done",
  via: "upload",
  path: "cvs/ana.pdf",
  status: 200,
  reason: null,
  updatedAtMs: Date.UTC(2026, 10, 26, 4, 5, 6, 789),
} as const;

const DESTINATIONS: readonly ShownDestination[] = [
  {
    url: "https://tanova.example",
    counts: { pending: 0, sending: 1, done: 2, failed: 1 },
    entries: [
      DONE,
      { ...DONE, state: "failed", via: null, path: null, status: 422, reason: "not a CV" },
      { ...DONE, state: "sending", via: null },
    ],
  },
  { url: "sandbox", counts: { pending: 0, sending: 0, done: 0, failed: 0 }, entries: [] },
];

test("one line for each destination and each entry", () => {
  expect(historyText(DESTINATIONS)).toMatchInlineSnapshot(`
    "https://tanova.example: 0 pending, 1 sending, 2 done, 1 failed
      0123456789ab  2026-11-26T04:05:06Z  done (upload)  cvs/ana.pdf
      0123456789ab  2026-11-26T04:05:06Z  failed         -  not a CV
      0123456789ab  2026-11-26T04:05:06Z  sending        cvs/ana.pdf
    sandbox: 0 pending, 0 sending, 0 done, 0 failed"
  `);
});

test("an empty store says so", () => {
  expect(historyText([])).toMatchInlineSnapshot(`"Nothing has been uploaded yet."`);
});

test("JSON: whole checksums, times to the millisecond, null if unknown", () => {
  const { updatedAtMs: _, ...told } = DONE;
  expect(historyJson(DESTINATIONS.slice(0, 1))).toEqual({
    destinations: [
      {
        url: "https://tanova.example",
        counts: { pending: 0, sending: 1, done: 2, failed: 1 },
        entries: [
          { ...told, updated_at: "2026-11-26T04:05:06.789Z" },
          {
            ...told,
            state: "failed",
            via: null,
            path: null,
            status: 422,
            reason: "not a CV",
            updated_at: "2026-11-26T04:05:06.789Z",
          },
          { ...told, state: "sending", via: null, updated_at: "2026-11-26T04:05:06.789Z" },
        ],
      },
    ],
  });
});
