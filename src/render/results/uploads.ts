import { CONTENT_STATES } from "../../db/tables/upload.ts";
import type { SyncResult } from "../../upload/report/tally.ts";
import type * as z from "zod";
import { count, flag, list, maybe, moment, number, object, oneOf, text, whole } from "./fields.ts";

const destination = text("the API's base URL, or `sandbox`");

const syncError = object({
  kind: text("kind of failure: busy, unreachable, unauthorized, rate_limited, store or another"),
  reason: text("what happened, in a sentence"),
  pid: maybe(whole("process ID of the run at work; only if `kind` is busy")).optional(),
  until: maybe(moment("when the server accepts uploads again; only if `kind` is rate_limited")).optional(),
});

/** `nodupe sync`; with `--watch` one for each pass. */
export const syncResult = object({
  found: maybe(count("CV files in the folder; null if not all were counted")),
  uploaded: count("CVs uploaded in this run; with `--dry-run`, CVs that would be"),
  duplicate_local: count("CVs not sent because this store or this run has their content"),
  duplicate_remote: count("CVs not sent because the server or the shared store has their content"),
  skipped: maybe(count("files that are excluded or are not CVs; not counted in `found`")),
  failed: count("CVs that failed; `failures` lists them"),
  pending: count("CVs left for the next run"),
  retries: count("number of requests that were repeated"),
  sent_bytes: count("bytes that were sent"),
  elapsed_s: number("duration of the run in seconds"),
  workers_peak: count("largest number of uploads in flight at once"),
  interrupted: flag("whether a signal or a fault ended the run early"),
  error: maybe(syncError.describe("why the run could not go on; null if it finished")),
  dry_run: flag("whether this was a dry run, which sends nothing"),
  destination,
  failures: list(
    object({
      path: text("the CV, or a folder that cannot be read"),
      reason: text("why the CV failed"),
      status: maybe(whole("HTTP status of the last answer; null if there was none")),
    }),
    "CVs that failed",
  ),
}) satisfies z.ZodType<SyncResult>;

export const historyImportResult = object({
  destination,
  imported: count("contents that were new to the store"),
  known: count("contents that the store had already"),
  dry_run: flag("whether this was a dry run, which writes nothing"),
});

export const historyExportResult = object({
  destination,
  checksums: list(
    text("SHA-256 in hexadecimal"),
    "checksums of all contents that the destination has, sorted",
  ),
});

const states = object({
  pending: count("contents not yet sent, or to be sent again"),
  sending: count("contents being sent, or whose outcome is unknown"),
  done: count("contents that the destination has"),
  failed: count("contents that the server refused for good"),
});

/** A content that was uploaded or is to be. */
export const historyEntry = object({
  checksum: text("SHA-256 in hexadecimal"),
  state: oneOf(CONTENT_STATES, "state of the content"),
  via: maybe(oneOf(["upload", "server", "import"], "how the content became done")),
  path: maybe(text("path of the file that was or would be sent")),
  status: maybe(whole("HTTP status of the last answer")),
  reason: maybe(text("why the content failed or waits")),
  updated_at: moment("when the state last changed"),
});

export const historyListResult = object({
  destinations: list(
    object({
      url: destination,
      counts: states.describe("number of contents in each state"),
      entries: list(historyEntry, "newest contents, up to `--limit`"),
    }),
    "every server that CVs were sent to",
  ),
});

export const historyVerifyResult = object({
  destination,
  checked: count("contents that the server was asked about"),
  present: count("contents that the server has"),
  missing: count("contents that the server lacks; they are pending again"),
  elapsed_s: number("duration of the command in seconds"),
});

export const historyForgetResult = object({ destination, forgotten: count("contents that were forgotten") });

export const sandboxResult = object({
  url: text("address that the sandbox listens on"),
  api_key: text("API key that the sandbox accepts"),
  pid: whole("process ID of the sandbox"),
});
