import { expect, test } from "bun:test";
import { stopText, syncResult, syncText, unknownResult } from "../../src/render/sync.ts";
import { type SyncResult, Tally } from "../../src/upload/report/tally.ts";

const RESULT: SyncResult = {
  found: 12,
  uploaded: 7,
  duplicate_local: 3,
  duplicate_remote: 1,
  skipped: 2,
  failed: 1,
  pending: 0,
  retries: 1,
  sent_bytes: 3 * 1024 ** 2,
  elapsed_s: 2.345,
  workers_peak: 5,
  interrupted: false,
  error: null,
  dry_run: false,
  destination: "https://tanova.example",
  failures: [{ path: "Cook/ana.pdf", reason: "not a CV", status: 422 }],
};

test("one line for the result, and one for each failure", () => {
  expect(syncText(RESULT)).toMatchInlineSnapshot(`
    "12 CVs for https://tanova.example: 7 uploaded, 3 already known here, 1 already on the server, 1 failed. 3.0 MiB sent in 2.3s, 1 retry, 2 other files skipped.
    Failed:
      Cook/ana.pdf: not a CV (HTTP 422)"
  `);
});

test("a dry run says what would happen, and nothing about a server that it did not query", () => {
  expect(syncText({ ...RESULT, dry_run: true, failed: 0, failures: [], retries: 0 })).toMatchInlineSnapshot(
    `"12 CVs for https://tanova.example: 7 to be uploaded, 3 already known here, 0 failed. 2 other files skipped."`,
  );
});

test("where nothing was found it says what would have been", () => {
  const nothing = { ...RESULT, found: 0, uploaded: 0, duplicate_local: 0, duplicate_remote: 0, failed: 0 };
  expect(syncText({ ...nothing, failures: [], retries: 0, sent_bytes: 0 })).toMatchInlineSnapshot(`
    "0 CVs for https://tanova.example: 0 uploaded, 0 already known here, 0 already on the server, 0 failed. 0 B sent in 2.3s, 2 other files skipped.
    No CVs found: nodupe uploads .pdf, .docx, .doc, .txt, .md files that are not empty."
  `);
});

test("an interrupted run says how to continue; a status included in the reason is not repeated", () => {
  const failures = [{ path: "a.pdf", reason: "the server answered 503", status: 503 }];
  expect(syncText({ ...RESULT, interrupted: true, elapsed_s: 75.4, retries: 4, failures }))
    .toMatchInlineSnapshot(`
    "12 CVs for https://tanova.example: 7 uploaded, 3 already known here, 1 already on the server, 1 failed. 3.0 MiB sent in 1m15s, 4 retries, 2 other files skipped.
    Interrupted. Run it again to continue: nothing that was uploaded is sent again.
    Failed:
      a.pdf: the server answered 503"
  `);
});

test("text from outside is shown escaped", () => {
  const failures = [{ path: "a\u001B[2Jb\n\u202Ec.pdf", reason: "refused", status: null }];
  expect(
    syncText({ ...RESULT, failures })
      .split("\n")
      .at(-1),
  ).toMatchInlineSnapshot(`"  a\\x1b[2Jb\\n\\u202ec.pdf: refused"`);
});

test("of many failures twenty are listed and the rest counted", () => {
  const failures = Array.from({ length: 23 }, (_, index) => ({
    path: `${index}.pdf`,
    reason: "unreadable",
    status: null,
  }));
  const lines = syncText({ ...RESULT, failed: 23, failures }).split("\n");
  expect(lines.slice(1, 3)).toEqual(["Failed:", "  0.pdf: unreadable"]);
  expect(lines.slice(-2)).toEqual(["  19.pdf: unreadable", "  … and 3 more: --json names them all"]);
});

test("JSON: the counts, and null if unknown", () => {
  const run = { elapsedS: 0.5, dryRun: false, destination: "sandbox" };
  const tally = Object.assign(new Tally(), {
    found: 12,
    uploaded: 7,
    duplicateLocal: 3,
    duplicateRemote: 1,
    pending: 0,
    skipped: 2,
    failures: RESULT.failures,
    retries: 1,
    workersPeak: 5,
  });
  expect(syncResult(tally, { ...run, found: 12, sentBytes: 9, interrupted: true, error: null })).toEqual({
    ...RESULT,
    sent_bytes: 9,
    elapsed_s: 0.5,
    interrupted: true,
    destination: "sandbox",
  });
  const error = { kind: "busy", reason: "process 7 is at work", pid: 7 };
  expect(unknownResult({ ...run, error })).toMatchObject({
    found: null,
    skipped: null,
    uploaded: 0,
    failures: [],
    error,
  });
});

test("why a run could not go on, in one line, with the time if the server gave one", () => {
  const limited = { kind: "rate_limited", reason: "slow down" } as const;
  const until = new Date(2026, 10, 27, 14, 5, 9).toISOString();
  expect(stopText({ ...limited, until }, 1_200)).toBe(
    "the server accepts nothing before 2026-11-27 14:05 (slow down); 1,200 CVs left for the next run",
  );
  expect(stopText({ ...limited, until: null }, 1)).toBe(
    "the server has accepted nothing for too long (slow down); 1 CV left for the next run",
  );
  expect(stopText({ kind: "unreachable", reason: "connection refused" }, 0)).toBe("connection refused");
  expect(syncText({ ...RESULT, pending: 3 })).toContain("1 failed, 3 left for the next run.");
});
