import { messageOf } from "../lib/errors.ts";
import { type HashedFile, hashFile } from "../upload/hash-file.ts";
import { unreadableReason } from "../upload/scan/scan.ts";

/** A file to hash, told by the main thread. */
export interface HashRequest {
  readonly id: number;
  readonly path: string;
}

export type HashReply =
  | { readonly id: number; readonly type: "hashed"; readonly file: HashedFile }
  | { readonly id: number; readonly type: "unreadable"; readonly reason: string };

declare const self: Worker;

self.onmessage = (event: MessageEvent<HashRequest>): void => {
  const { id, path } = event.data;
  const reply = (message: HashReply): void => self.postMessage(message);
  hashFile(path).then(
    (file) => reply({ id, type: "hashed", file }),
    (error: unknown) =>
      reply({ id, type: "unreadable", reason: unreadableReason(error) || messageOf(error) }),
  );
};
