import type { FoundFile } from "../scan/scan.ts";
import type { LookSpan } from "./in-doubt.ts";

/** Why something has failed, or is not stored yet; `status` is the HTTP status, null where there was none. */
export interface Because {
  readonly status: number | null;
  readonly reason: string;
}

/** Where a content is on its way. Times are of the run's clock, in milliseconds. */
export type WorkState =
  /** In line. */
  | { readonly type: "queued" }
  /** Its row is being written: it is about to say `sending`. */
  | { readonly type: "reserving" }
  /** Its row says `sending` on the disk, and not one byte of it was sent. */
  | { readonly type: "reserved" }
  | { readonly type: "sending" }
  /** Certainly not stored, and sent again from `untilMs` on. */
  | { readonly type: "backoff"; readonly untilMs: number }
  /** An upload of it got no clear answer: it is looked for at `lookAtMs`; null while the server is being asked. */
  | {
      readonly type: "in-doubt";
      readonly span: LookSpan;
      /** How often it was looked for. */
      readonly looks: number;
      readonly lookAtMs: number | null;
    }
  /** This run is done with it: recorded, or left to the next run. */
  | { readonly type: "settled" };

export type OpenState = Exclude<WorkState["type"], "settled">;

/** A content on its way to the server in this run. */
export interface Work {
  readonly checksum: string;
  file: FoundFile;
  /** Another file of the same content, which steps in where this one changes or goes. */
  alternate: FoundFile | null;
  state: WorkState;
  /** Uploads of it that were made in this run and are over. */
  attempts: number;
  /** An upload of it, in this run or an earlier one, got no clear answer: what the server has may be ours. */
  isMaybeOurs: boolean;
  /** What asking ahead of the upload has told. */
  asked: "no" | "waiting" | "absent";
  /** Never in a batch again: one it was in was refused as a whole. */
  isSingle: boolean;
  /** Why it is not stored yet. */
  last: Because;
}

export function newWork(checksum: string, file: FoundFile, state: WorkState): Work {
  return {
    checksum,
    file,
    alternate: null,
    state,
    attempts: 0,
    isMaybeOurs: state.type === "in-doubt",
    asked: "no",
    isSingle: false,
    last: { status: null, reason: "it was not sent" },
  };
}
