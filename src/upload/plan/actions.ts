import type { FoundFile } from "../scan/file-page.ts";
import type { ShareRequest } from "./sharing/share-requests.ts";
import type { Stop } from "./stop.ts";
import type { Because, Work } from "./work.ts";

/** How this run has finished with a content. */
export type Settlement =
  | { readonly type: "uploaded" }
  /** The server already had it. */
  | { readonly type: "known" }
  /** Refused for good: not retried until the user asks for it. */
  | { readonly type: "refused"; readonly because: Because }
  /** Failed in this run and certainly not stored: pending again in the next. */
  | { readonly type: "failed"; readonly because: Because }
  /** Failed in this run; its row stays as it is: not sent, or in doubt. */
  | { readonly type: "open"; readonly because: Because }
  /** Counted as waiting for the next run. */
  | { readonly type: "postponed" }
  /** The run ends first: not counted, and its row stays as it is. */
  | { readonly type: "left" }
  /** No file is left for it; the outcome of each file has been reported. */
  | { readonly type: "gone" };

/** What the user should know while a run is in progress. Times are of the run's clock. */
export type Notice =
  | { readonly type: "away"; readonly reason: string }
  | { readonly type: "back" }
  /** The server accepts nothing before `untilMs`. */
  | { readonly type: "paused"; readonly reason: string; readonly untilMs: number }
  /** An upload got an unclear answer, and the server cannot be asked: it is not sent again automatically. */
  | { readonly type: "unaskable"; readonly file: FoundFile; readonly because: Because }
  /** Waiting for the shared store until `untilMs` (Infinity: without limit): no upload begins before it is back. */
  | { readonly type: "share-away"; readonly reason: string; readonly untilMs: number }
  | { readonly type: "share-back" }
  /** The shared store may have lost data: uploads go on at `untilMs`. */
  | { readonly type: "share-settling"; readonly untilMs: number };

/** A fact about a destination, remembered for a day. */
export type DestinationFact =
  | { readonly type: "refuses-batches" }
  /** Whether it correctly answers 409 to contents it has: then asking first is not needed. */
  | { readonly type: "refuses-duplicates"; readonly isSo: boolean };

/** What a plan wants done. The result comes back to the plan as the event after the arrow. */
export type PlanAction =
  /** Check the server's health → connected. */
  | { readonly type: "connect" }
  /** Record that the works are about to be sent → reserved, once that is on the disk. */
  | { readonly type: "reserve"; readonly unit: number; readonly works: readonly Work[] }
  /** Commit without delay: somebody waits for what is being written. */
  | { readonly type: "hurry" }
  /** Send the works, more than one as a batch → answered. */
  | { readonly type: "send"; readonly unit: number; readonly works: readonly Work[] }
  /** Ask whether the server has these contents → checked. */
  | {
      readonly type: "check";
      readonly check: number;
      readonly checksums: readonly string[];
      readonly inBulk: boolean;
    }
  /** Send a request to the shared store → shared. */
  | { readonly type: "share"; readonly request: ShareRequest }
  /** The uploads are in flight: renew the time in their rows. */
  | { readonly type: "renew"; readonly checksums: readonly string[] }
  /** The upload has ended and may have arrived: its row stays `sending`, and gives the reason. */
  | { readonly type: "doubt"; readonly checksum: string; readonly because: Because }
  /** Certainly not stored: its row becomes pending. */
  | {
      readonly type: "unsent";
      readonly checksum: string;
      readonly file: FoundFile;
      readonly because: Because;
    }
  | { readonly type: "settle"; readonly work: Work; readonly as: Settlement }
  /** Record whether a content that an earlier run left in doubt is on the server or never arrived. */
  | { readonly type: "settle-stray"; readonly checksum: string; readonly isThere: boolean }
  /** A file that is not sent: another file with its content is or was, or the content was refused for good earlier. */
  | {
      readonly type: "decline";
      readonly file: FoundFile;
      readonly checksum: string;
      readonly as: "duplicate" | Because;
    }
  /** A file has failed while its content goes on, or is settled as gone. */
  | { readonly type: "fail"; readonly file: FoundFile; readonly because: Because }
  /** A content was sent again. */
  | { readonly type: "retried" }
  /** The file has changed since it was hashed: read it again. */
  | { readonly type: "recheck"; readonly file: FoundFile }
  /** Look up what earlier runs left `sending` → strays. */
  | { readonly type: "find-strays" }
  | { readonly type: "remember"; readonly fact: DestinationFact }
  | { readonly type: "notice"; readonly notice: Notice }
  /** Send a tick at that time. A later wake replaces an earlier one. */
  | { readonly type: "wake"; readonly atMs: number }
  /** Abort what is in flight: its grace period is over. */
  | { readonly type: "cut" }
  /** The run must stop. */
  | { readonly type: "stop"; readonly stop: Stop };
