import type { ContentStanding } from "../ledger/ledger.ts";
import type { Doubt } from "./in-doubt.ts";

/** What is to be done with a file whose checksum is known. */
export type Admission =
  | { readonly type: "send" }
  /** It may be on the server already: check before anything is sent. */
  | { readonly type: "look"; readonly why: Doubt }
  /** This store or this run already has the content. */
  | { readonly type: "duplicate" }
  /** Refused for good in an earlier run. */
  | { readonly type: "failed"; readonly status: number | null; readonly reason: string };

function isSuccess(status: number | null): boolean {
  return status !== null && status >= 200 && status < 300;
}

/**
 * The rule that decides what has to be sent.
 *
 * | in this run | state   | retry failed | admission |
 * | ----------- | ------- | ------------ | --------- |
 * | in flight   | any     | any          | duplicate |
 * | seen        | any     | any          | duplicate |
 * | no          | none    | any          | send      |
 * | no          | pending | any          | send      |
 * | no          | sending | any          | look      |
 * | no          | done    | any          | duplicate |
 * | no          | failed  | no           | failed    |
 * | no          | failed  | yes          | send      |
 */
export function admit(
  content: ContentStanding | null,
  options: { isInFlight: boolean; runId: number; retryFailed: boolean },
): Admission {
  if (options.isInFlight) return { type: "duplicate" };
  if (content === null) return { type: "send" };
  if (content.runId === options.runId) return { type: "duplicate" };
  switch (content.state) {
    case "pending":
      return { type: "send" };
    case "sending":
      return { type: "look", why: isSuccess(content.status) ? "unrecognised" : "lost" };
    case "done":
      return { type: "duplicate" };
    case "failed":
      if (options.retryFailed) return { type: "send" };
      return {
        type: "failed",
        status: content.status,
        reason: content.reason ?? "refused in an earlier run",
      };
  }
}
