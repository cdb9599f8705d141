import { CONTENT_STATES } from "../../db/tables/upload.ts";
import type { SyncResult } from "../../upload/report/tally.ts";
import type * as z from "zod";
import { count, flag, list, maybe, moment, number, object, oneOf, text, whole } from "./fields.ts";

const destination = text("the API's base URL, or `sandbox`");

const syncError = object({
  kind: text("busy, unreachable, unauthorized, rate_limited, store, or what kind of failure it was"),
  reason: text("what happened, in a sentence"),
  pid: maybe(whole("busy: the process of the run at work")).optional(),
  until: maybe(moment("rate_limited: when the server takes more")).optional(),
});

/** `nodupe sync`; with `--watch` one for each pass. */
export const syncResult = object({
  found: maybe(count("CV files in the tree; null where it was not counted to its end")),
  uploaded: count("uploaded in this run; with --dry-run what would be"),
  duplicate_local: count("not sent: this store or this run has the content"),
  duplicate_remote: count("not sent: the server or the shared store has the content"),
  skipped: maybe(count("other files, and what is excluded; not among those found")),
  failed: count("CVs that failed; `failures` names them"),
  pending: count("CVs left for the next run"),
  retries: count("requests that were repeated"),
  sent_bytes: count("bytes that went out"),
  elapsed_s: number("how long it took"),
  workers_peak: count("the most uploads that were in flight at once"),
  interrupted: flag("ended by a signal, or by a fault, before its end"),
  error: maybe(syncError.describe("why the run could not go on; null where it went to its end")),
  dry_run: flag("nothing was sent"),
  destination,
  failures: list(
    object({
      path: text("below the folder"),
      reason: text("why"),
      status: maybe(whole("the HTTP status; null where there was none")),
    }),
    "the CVs that failed",
  ),
}) satisfies z.ZodType<SyncResult>;

export const historyImportResult = object({
  destination,
  imported: count("contents that are new to the store"),
  known: count("contents that it knew already"),
  dry_run: flag("nothing was written"),
});

export const historyExportResult = object({
  destination,
  checksums: list(text("SHA-256 in hexadecimal"), "every content that is there, in order"),
});

const states = object({
  pending: count("not yet sent, or to be sent again"),
  sending: count("on their way, or in doubt"),
  done: count("at the destination"),
  failed: count("refused for good"),
});

/** A content that was uploaded or is to be. */
export const historyEntry = object({
  checksum: text("SHA-256 in hexadecimal"),
  state: oneOf(CONTENT_STATES, "the content's state"),
  via: maybe(oneOf(["upload", "server", "import"], "how it came to be done")),
  path: maybe(text("the file that was, or was to be, sent")),
  status: maybe(whole("the last HTTP status")),
  reason: maybe(text("why it failed, or waits")),
  updated_at: moment("when the state changed last"),
});

export const historyListResult = object({
  destinations: list(
    object({
      url: destination,
      counts: states.describe("contents by state"),
      entries: list(historyEntry, "the newest, as many as --limit says"),
    }),
    "every server that CVs were sent to",
  ),
});

export const historyVerifyResult = object({
  destination,
  checked: count("contents that the server was asked for"),
  present: count("of them, those that it has"),
  missing: count("of them, those that it lacks: pending again"),
  elapsed_s: number("how long it took"),
});

export const historyForgetResult = object({ destination, forgotten: count("contents that were forgotten") });

export const sandboxResult = object({
  url: text("where it listens"),
  api_key: text("the key that it takes"),
  pid: whole("its process"),
});
