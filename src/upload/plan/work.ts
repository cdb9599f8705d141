import type { FoundFile } from "../scan/file-page.ts";
import type { Looking } from "./in-doubt.ts";
import type { Lease } from "./sharing/share-requests.ts";

/** Why something has failed, or is not stored yet; `status` is the HTTP status, null if there was none. */
export interface Because {
  readonly status: number | null;
  readonly reason: string;
}

/** The state of a content on its way to the server. Times are of the run's clock, in milliseconds. */
export type WorkState =
  /** History is shared: it must be claimed before anything else. `tries`: how often another machine had it. */
  | (Unclaimed & { readonly type: "unclaimed" })
  | (Unclaimed & { readonly type: "claiming"; readonly lease: Lease })
  /** Another machine has claimed it: claimed again from `askAtMs` on. */
  | (Unclaimed & { readonly type: "elsewhere"; readonly askAtMs: number })
  /** In line. */
  | { readonly type: "queued" }
  /** Its row is being written and will say `sending`. */
  | { readonly type: "reserving" }
  /** Its row says `sending` on the disk, but not one byte was sent. */
  | { readonly type: "reserved" }
  /** The shared store is being informed that it is about to be sent. */
  | { readonly type: "marking" }
  | { readonly type: "sending" }
  /** Certainly not stored; sent again from `untilMs` on. */
  | { readonly type: "backoff"; readonly untilMs: number }
  /** It may be stored: the server is asked at `lookAtMs`; null while it is being asked. */
  | (Looking & { readonly type: "in-doubt"; readonly lookAtMs: number | null })
  /** This run has finished with it: recorded, or left to the next run. */
  | { readonly type: "settled" };

interface Unclaimed {
  /** How to look for it once it is claimed; null if this run knows of no upload of it. */
  readonly doubt: Looking | null;
  readonly tries: number;
}

export type OpenState = Exclude<WorkState["type"], "settled">;

/** What the server has said about a content before it is sent. */
export type Asked = "no" | "waiting" | "absent";

/** A content on its way to the server in this run. */
export interface Work {
  readonly checksum: string;
  file: FoundFile;
  /** Another file with the same content, used if this one changes or disappears. */
  alternate: FoundFile | null;
  state: WorkState;
  asked: Asked;
  /** The claim on it; null if none is held, or history is not shared. */
  lease: Lease | null;
  /** An upload of it was begun, by any machine, and the result is not known yet. */
  mayBeThere: boolean;
  /** Checks for it that got no answer. */
  unanswered: number;
  /** Uploads of it made in this run that have ended. */
  sent: number;
  /** Those of them that count against its retries. */
  attempts: number;
  /** An upload of it, in this run or an earlier one, got no clear answer: the copy on the server may be ours. */
  isMaybeOurs: boolean;
  /** Never put in a batch again: a batch with it was refused as a whole. */
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
    asked: "no",
    lease: null,
    mayBeThere: false,
    unanswered: 0,
    sent: 0,
    attempts: 0,
    isMaybeOurs: state.type === "in-doubt" || (state.type === "unclaimed" && state.doubt !== null),
    isSingle: false,
    last: { status: null, reason: "it was not sent" },
  };
}
