import { createParseServer, type ParseSegments, type ParseNext } from "../nodes/ingest/parse-ahead.ts";

declare const self: Worker;

const answer = createParseServer((batch, transfer) => self.postMessage(batch, transfer));

self.onmessage = (event: MessageEvent<ParseSegments | ParseNext>): void => answer(event.data);
