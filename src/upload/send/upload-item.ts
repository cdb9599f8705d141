import { roomAround } from "../intake/buffer-pool.ts";
import type { UploadItem } from "../tanova/types.ts";
import type { SharedBytes } from "../intake/hash.ts";
import { emailHint, jobHint } from "./hints.ts";
import type { FoundFile } from "../scan/file-page.ts";

/**
 * A content in the form that the client takes. It is sent from memory if it is there, otherwise from the file.
 *
 * @param held its bytes, if they are in memory now.
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
      if (bytes === undefined) return { type: "file", path: file.path };
      return { type: "bytes", bytes, room: roomAround(bytes.length) };
    },
    onHandedOver: held.onHandedOver,
    mayFinish: held.mayFinish,
  };
}
