import type { HashReply, HashRequest } from "../upload/hash.ts";
import { hashFile } from "../upload/hash-file.ts";
import { unreadableReason } from "../upload/scan/scan.ts";

declare const self: Worker;

self.onmessage = (event: MessageEvent<HashRequest>): void => {
  const { id, path } = event.data;
  const reply = (message: HashReply): void => self.postMessage(message);
  hashFile(path).then(
    (file) => reply({ id, type: "hashed", file }),
    (error: unknown) => reply({ id, type: "unreadable", reason: unreadableReason(error) }),
  );
};
