import { createParseServer, type ParseFrom, type ParseNext } from "../nodes/ingest/parse-ahead.ts";

declare const self: Worker;

const answer = createParseServer((batch, transfer) => self.postMessage(batch, transfer));

self.onmessage = (event: MessageEvent<ParseFrom | ParseNext>): void => answer(event.data);
