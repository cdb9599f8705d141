import type { UploadItem } from "../tanova/types.ts";
import type { SharedBytes } from "../intake/hash.ts";
import { emailHint, jobHint } from "./hints.ts";
import type { FoundFile } from "../scan/file-page.ts";

/**
 * What the client is told of a content. Where it is in memory that is so until it was handed over, and then it is read
 * from the file.
 *
 * @param held its bytes, where they are in memory just now.
 */
export function uploadItem(
  checksum: string,
  file: FoundFile,
  held: {
    bytes: () => SharedBytes | undefined;
    onHandedOver: () => void;
    mayFinish: (() => Promise<boolean>) | null;
  },
): UploadItem {
  return {
    checksum,
    filename: file.name,
    jobHint: jobHint(file.relativePath),
    email: emailHint(file.name),
    sizeBytes: file.sizeBytes,
    get body(): UploadItem["body"] {
      const bytes = held.bytes();
      return bytes === undefined ? { type: "file", path: file.path } : { type: "bytes", bytes };
    },
    onHandedOver: held.onHandedOver,
    mayFinish: held.mayFinish,
  };
}
