import { type HashReply, type HashRequest, hashLarge } from "../upload/intake/hash.ts";
import { readSmall } from "../upload/intake/read-small.ts";

declare const self: Worker;

self.onmessage = async (event: MessageEvent<HashRequest>): Promise<void> => {
  const request = event.data;
  const outcome =
    request.type === "small" ? await readSmall(request.file, request.bytes) : await hashLarge(request.path);
  const reply: HashReply = { id: request.id, outcome };
  self.postMessage(reply);
};
