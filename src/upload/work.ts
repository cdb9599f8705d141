import type { UploadItem } from "./tanova/types.ts";
import type { SharedBytes } from "./hash.ts";
import { emailHint, jobHint } from "./hints.ts";
import type { LookSpan } from "./next-step.ts";
import type { FoundFile } from "./scan/scan.ts";

/** Up to this size a content is held in memory and hashed from the very buffer that is sent; above, it is streamed. */
export const HELD_UP_TO_BYTES = 1024 * 1024;

/** A content on its way to the server in this run. */
export interface Work {
  readonly checksum: string;
  file: FoundFile;
  /** The content, where it is small and in memory just now. */
  bytes: SharedBytes | null;
  /** Uploads made in this run. */
  attempts: number;
  /** An upload of it, in this run or an earlier one, got no clear answer. */
  isMaybeOurs: boolean;
  /** How often it has been looked for since, and for how long it is. */
  looks: number;
  lookSpan: LookSpan;
  last: { readonly status: number | null; readonly reason: string; readonly retryAfterMs: number | null };
  /** What asking ahead of the upload has told. */
  asked: "no" | "waiting" | "absent";
  /** Never in a batch again: one it was in was refused as a whole. */
  isSingle: boolean;
  /** Another file of the same content, which steps in where this one changes or goes. */
  alternate: FoundFile | null;
}

export function newWork(checksum: string, file: FoundFile, bytes: SharedBytes | null): Work {
  return {
    checksum,
    file,
    bytes,
    attempts: 0,
    isMaybeOurs: false,
    looks: 0,
    lookSpan: { untilMs: 0, giveUpMs: 0 },
    last: { status: null, reason: "it was not sent", retryAfterMs: null },
    asked: "no",
    isSingle: false,
    alternate: null,
  };
}

/** What the client is told of a work. Its body is in memory until it was handed over, and the file from then on. */
export function uploadItem(work: Work, onHandedOver: (work: Work) => void): UploadItem {
  const { file } = work;
  return {
    checksum: work.checksum,
    filename: file.name,
    jobHint: jobHint(file.relativePath),
    email: emailHint(file.name),
    sizeBytes: file.sizeBytes,
    get body(): UploadItem["body"] {
      const { bytes } = work;
      return bytes === null ? { type: "file", path: file.path } : { type: "bytes", bytes };
    },
    onHandedOver: () => onHandedOver(work),
  };
}
