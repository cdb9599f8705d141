import { codeOf, Failure, messageOf } from "../../lib/errors.ts";
import { type Now, unixOf } from "./notice-text.ts";
import type { Stop } from "../plan/stop.ts";
import { StoreGone } from "../ledger/store-guard.ts";

/** Why a run could not go on, in a form for scripts. */
export type SyncError =
  | { readonly kind: "busy"; readonly reason: string; readonly pid: number | null }
  /** `until` is ISO 8601; null if the server has not said when it accepts more. */
  | { readonly kind: "rate_limited"; readonly reason: string; readonly until: string | null }
  /** `unreachable`, `unauthorized`, `store`, or another kind of failure. */
  | { readonly kind: string; readonly reason: string };

/** Another run is at work on the same store and destination. */
export class Busy extends Failure {
  readonly pid: number | null;

  constructor(message: string, pid: number | null) {
    super("failed", message);
    this.pid = pid;
  }
}

/** Converts a thrown error for scripts. */
export function errorOfThrown(thrown: unknown): SyncError {
  const reason = messageOf(thrown);
  if (thrown instanceof Busy) return { kind: "busy", reason, pid: thrown.pid };
  if (thrown instanceof StoreGone || codeOf(thrown)?.startsWith("SQLITE_") === true)
    return { kind: "store", reason };
  if (thrown instanceof Failure) return { kind: thrown.kind.replaceAll("-", "_"), reason };
  return { kind: "unexpected", reason };
}

/** Why a run has stopped; null if it was asked to stop, or has not stopped. */
export function errorOfStop(stop: Stop | null, now: Now): SyncError | null {
  switch (stop?.type) {
    case undefined:
    case "interrupted":
      return null;
    case "unauthorized":
    case "unreachable":
      return { kind: stop.type, reason: stop.reason };
    case "rate-limited": {
      const until = stop.untilMs === null ? null : new Date(unixOf(stop.untilMs, now)).toISOString();
      return { kind: "rate_limited", reason: stop.reason, until };
    }
    case "broken":
      return errorOfThrown(stop.error);
  }
}
