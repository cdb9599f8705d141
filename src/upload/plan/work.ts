import type { FoundFile } from "../scan/file-page.ts";
import type { Looking } from "./in-doubt.ts";
import type { Lease } from "./sharing/share-requests.ts";

/** Why something has failed, or is not stored yet; `status` is the HTTP status, null where there was none. */
export interface Because {
  readonly status: number | null;
  readonly reason: string;
}

/** Where a content is on its way. Times are of the run's clock, in milliseconds. */
export type WorkState =
  /** History is shared: to be claimed before anything else. `tries`: so often another machine had it. */
  | (Unclaimed & { readonly type: "unclaimed" })
  | (Unclaimed & { readonly type: "claiming"; readonly lease: Lease })
  /** Another machine is at it: claimed again from `askAtMs` on. */
  | (Unclaimed & { readonly type: "elsewhere"; readonly askAtMs: number })
  /** In line. */
  | { readonly type: "queued" }
  /** Its row is being written: it is about to say `sending`. */
  | { readonly type: "reserving" }
  /** Its row says `sending` on the disk, and not one byte of it was sent. */
  | { readonly type: "reserved" }
  /** The shared store is being told that it is about to be sent. */
  | { readonly type: "marking" }
  | { readonly type: "sending" }
  /** Certainly not stored, and sent again from `untilMs` on. */
  | { readonly type: "backoff"; readonly untilMs: number }
  /** It may be stored: it is looked for at `lookAtMs`; null while the server is being asked. */
  | (Looking & { readonly type: "in-doubt"; readonly lookAtMs: number | null })
  /** This run is done with it: recorded, or left to the next run. */
  | { readonly type: "settled" };

interface Unclaimed {
  /** How it is looked for once it is claimed; null where this run knows of no upload of it. */
  readonly doubt: Looking | null;
  readonly tries: number;
}

export type OpenState = Exclude<WorkState["type"], "settled">;

/** What the server has said of a content before it is sent. */
export type Asked = "no" | "waiting" | "absent";

/** A content on its way to the server in this run. */
export interface Work {
  readonly checksum: string;
  file: FoundFile;
  /** Another file of the same content, which steps in where this one changes or goes. */
  alternate: FoundFile | null;
  state: WorkState;
  asked: Asked;
  /** The claim on it; null where none is held, or history is not shared. */
  lease: Lease | null;
  /** An upload of it was begun, by whichever machine, and it is not known yet what came of it. */
  mayBeThere: boolean;
  /** Questions for it that got no answer. */
  unanswered: number;
  /** Uploads of it that were made in this run and are over. */
  sent: number;
  /** Those of them that it has to pay for with its retries. */
  attempts: number;
  /** An upload of it, in this run or an earlier one, got no clear answer: what the server has may be ours. */
  isMaybeOurs: boolean;
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
