import { refusal } from "../replies.ts";
import type { Bus } from "./bus.ts";

/** A reader that falls this far behind is disconnected: it reconnects and gets the current state. */
const MOST_BUFFERED = 256 * 1024;
/** The most event streams at a time; further readers are told to come back later. */
const MOST_STREAMS = 500;
/** How often a comment is sent, to keep proxies from closing a quiet connection. */
const KEEP_ALIVE_MS = 15_000;

const encoder = new TextEncoder();

/**
 * The bus as server-sent events: first the current state, then every message, until the reader disconnects or the
 * server stops.
 */
export function eventStream(request: Request, bus: Bus, signal: AbortSignal): Response {
  if (bus.listeners >= MOST_STREAMS)
    return refusal(request, 503, "too many connections", { "retry-after": "10" });
  let end = (): void => undefined;
  const body = new ReadableStream<Uint8Array>(
    {
      start: (controller) => {
        const send = (text: string): void => {
          controller.enqueue(encoder.encode(text));
          if ((controller.desiredSize ?? 0) < -MOST_BUFFERED) end();
        };
        const leave = bus.subscribe((message) => send(`data: ${message}\n\n`));
        const alive = setInterval(() => send(":\n\n"), KEEP_ALIVE_MS);
        end = () => {
          end = () => undefined;
          leave();
          clearInterval(alive);
          signal.removeEventListener("abort", onAbort);
          try {
            controller.close();
          } catch {
            // The reader disconnected first.
          }
        };
        const onAbort = (): void => end();
        signal.addEventListener("abort", onAbort, { once: true });
        send("retry: 2000\n\n");
        for (const message of bus.snapshot()) send(`data: ${message}\n\n`);
        if (signal.aborted) end();
      },
      cancel: () => end(),
    },
    new ByteLengthQueuingStrategy({ highWaterMark: 0 }),
  );
  return new Response(body, {
    headers: { "content-type": "text/event-stream", "cache-control": "no-store", "x-accel-buffering": "no" },
  });
}
