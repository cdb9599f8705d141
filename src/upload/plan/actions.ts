import type { FoundFile } from "../scan/file-page.ts";
import type { ShareRequest } from "./sharing/share-requests.ts";
import type { Stop } from "./stop.ts";
import type { Because, Work } from "./work.ts";

/** How this run is done with a content. */
export type Settlement =
  | { readonly type: "uploaded" }
  /** The server had it before. */
  | { readonly type: "known" }
  /** Refused for good: not tried again before it is asked for. */
  | { readonly type: "refused"; readonly because: Because }
  /** Failed in this run and certainly not stored: pending again in the next. */
  | { readonly type: "failed"; readonly because: Because }
  /** Failed in this run; its row is as it should be: not sent, or in doubt. */
  | { readonly type: "open"; readonly because: Because }
  /** Counted as waiting for the next run. */
  | { readonly type: "postponed" }
  /** The run ends before it: not counted, and its row is as it should be. */
  | { readonly type: "left" }
  /** No file of it is left; what became of each has been told. */
  | { readonly type: "gone" };

/** What a person should know while a run is at work. Times are of the run's clock. */
export type Notice =
  | { readonly type: "away"; readonly reason: string }
  | { readonly type: "back" }
  /** The server takes nothing before `untilMs`. */
  | { readonly type: "paused"; readonly reason: string; readonly untilMs: number }
  /** An upload got an answer that says nothing, and the server cannot be asked: it is not sent again by itself. */
  | { readonly type: "unaskable"; readonly file: FoundFile; readonly because: Because }
  /** The shared store is waited for until `untilMs` (Infinity: for ever): no upload begins meanwhile. */
  | { readonly type: "share-away"; readonly reason: string; readonly untilMs: number }
  | { readonly type: "share-back" }
  /** The shared store may have forgotten what it was told: uploads go on at `untilMs`. */
  | { readonly type: "share-settling"; readonly untilMs: number };

/** What is remembered of a destination for a day. */
export type DestinationFact =
  | { readonly type: "refuses-batches" }
  /** It answers 409 to what it has, and has it: asking first is not needed. */
  | { readonly type: "refuses-duplicates"; readonly isSo: boolean };

/** What a plan wants done. Whatever ends is told to the plan as an event. */
export type PlanAction =
  /** Ask the server how it is → connected. */
  | { readonly type: "connect" }
  /** Write that they are about to be sent → reserved, once that is on the disk. */
  | { readonly type: "reserve"; readonly unit: number; readonly works: readonly Work[] }
  /** Somebody waits for what is being written. */
  | { readonly type: "hurry" }
  /** Send them, more than one as a batch → answered. */
  | { readonly type: "send"; readonly unit: number; readonly works: readonly Work[] }
  /** Ask whether the server has them → checked. */
  | {
      readonly type: "check";
      readonly check: number;
      readonly checksums: readonly string[];
      readonly inBulk: boolean;
    }
  /** Ask the shared store → shared. */
  | { readonly type: "share"; readonly request: ShareRequest }
  /** They are on their way: their rows say when. */
  | { readonly type: "renew"; readonly checksums: readonly string[] }
  /** It was on its way until now, and may have arrived: its row stays `sending`, and says why. */
  | { readonly type: "doubt"; readonly checksum: string; readonly because: Because }
  /** Certainly not stored: its row is pending. */
  | {
      readonly type: "unsent";
      readonly checksum: string;
      readonly file: FoundFile;
      readonly because: Because;
    }
  | { readonly type: "settle"; readonly work: Work; readonly as: Settlement }
  /** What an earlier run left in doubt is told: there, or never arrived. */
  | { readonly type: "settle-stray"; readonly checksum: string; readonly isThere: boolean }
  /** A file that is not sent: another one of its content is, or was, or it was refused for good earlier. */
  | {
      readonly type: "decline";
      readonly file: FoundFile;
      readonly checksum: string;
      readonly as: "duplicate" | Because;
    }
  /** A file of a content that goes on, or is settled as gone, has failed. */
  | { readonly type: "fail"; readonly file: FoundFile; readonly because: Because }
  /** A content was sent once more. */
  | { readonly type: "retried" }
  /** The file is no longer what was hashed: to be read anew. */
  | { readonly type: "recheck"; readonly file: FoundFile }
  /** Tell what earlier runs left `sending` → strays. */
  | { readonly type: "find-strays" }
  | { readonly type: "remember"; readonly fact: DestinationFact }
  | { readonly type: "notice"; readonly notice: Notice }
  /** Give a tick at that time. The last one said counts. */
  | { readonly type: "wake"; readonly atMs: number }
  /** Cut what is in flight: its grace is over. */
  | { readonly type: "cut" }
  /** The run goes on no longer. */
  | { readonly type: "stop"; readonly stop: Stop };
