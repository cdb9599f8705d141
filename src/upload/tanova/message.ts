/** The start line and headers of an HTTP/1.1 message. Header names are lower-case; repeated ones are joined by ", ". */
export interface MessageHead {
  readonly startLine: string;
  readonly headers: ReadonlyMap<string, string>;
}

export interface MessageHandlers {
  /** Says how the body that follows is framed: requests and answers differ (RFC 9112, 6.3). */
  head(head: MessageHead): Framing;
  /** The bytes are only lent: copy what is kept. */
  body(bytes: Uint8Array): void;
  end(): void;
}

/** `none`: no body; `skip`: an interim answer (1xx), after which another head follows. */
export type Framing = "none" | "skip" | "chunked" | "until-close" | { readonly length: number };

/** What a peer sent is not HTTP/1.1. */
export class MalformedMessage extends Error {
  override readonly name = "MalformedMessage";
}

const MAX_HEAD_BYTES = 64 * 1024;
const MAX_CHUNK_LINE_BYTES = 1024;
const HEAD_END = Buffer.from("\r\n\r\n");
const LINE_END = Buffer.from("\r\n");

function parseHead(text: string): MessageHead {
  const [startLine = "", ...lines] = text.split("\r\n");
  const headers = new Map<string, string>();
  for (const line of lines) {
    const match = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*$/.exec(line);
    if (match === null) throw new MalformedMessage("a header line is not one");
    const name = (match[1] ?? "").toLowerCase();
    const before = headers.get(name);
    headers.set(name, before === undefined ? (match[2] ?? "") : `${before}, ${match[2]}`);
  }
  return { startLine, headers };
}

/**
 * How a message with these headers frames its body; null where they say nothing of it. Both headers at once, or
 * lengths that differ, are how requests are smuggled: refused (RFC 9112, 6.3).
 */
export function framingOf(headers: ReadonlyMap<string, string>): Framing | null {
  const encoding = headers.get("transfer-encoding");
  const length = headers.get("content-length");
  if (encoding !== undefined) {
    if (length !== undefined)
      throw new MalformedMessage("both transfer-encoding and content-length are given");
    if (encoding.toLowerCase() !== "chunked")
      throw new MalformedMessage(`transfer-encoding ${encoding} is not known`);
    return "chunked";
  }
  if (length === undefined) return null;
  if (!/^\d{1,15}$/.test(length)) throw new MalformedMessage("content-length is not a number");
  return { length: Number(length) };
}

type State =
  | { readonly at: "head" }
  | { readonly at: "length"; left: number }
  | { readonly at: "chunk-line" }
  | { readonly at: "chunk"; left: number }
  | { readonly at: "chunk-end" }
  | { readonly at: "trailers" }
  | { readonly at: "until-close" }
  | { readonly at: "done" };

/**
 * Reads one HTTP/1.1 message at a time out of the pieces that a socket delivers. Bodies are passed on as they come, so
 * memory is bounded by one head. After `end`, `next()` makes it ready for the following message.
 */
export class MessageReader {
  readonly #handlers: MessageHandlers;
  #state: State = { at: "head" };
  /** Bytes of a head or a chunk line that is not whole yet. */
  #held: Buffer = Buffer.alloc(0);

  constructor(handlers: MessageHandlers) {
    this.#handlers = handlers;
  }

  get done(): boolean {
    return this.#state.at === "done";
  }

  /** No byte of a message has come. */
  get untouched(): boolean {
    return this.#state.at === "head" && this.#held.length === 0;
  }

  next(): void {
    this.#state = { at: "head" };
  }

  /** Takes bytes up to the end of the message; what is left over is returned. Throws MalformedMessage. */
  push(bytes: Uint8Array): Uint8Array {
    let rest = bytes;
    while (rest.length > 0 && this.#state.at !== "done") rest = this.#step(rest, this.#state);
    return rest;
  }

  /** The connection has ended: true where that completes the message. */
  close(): boolean {
    if (this.#state.at === "until-close") this.#finish();
    return this.done;
  }

  #step(bytes: Uint8Array, state: State): Uint8Array {
    switch (state.at) {
      case "head":
        return this.#until(bytes, HEAD_END, MAX_HEAD_BYTES, (head) => this.#enter(head.toString("latin1")));
      case "length":
      case "chunk": {
        const taken = bytes.subarray(0, state.left);
        this.#handlers.body(taken);
        state.left -= taken.length;
        if (state.left === 0) {
          if (state.at === "chunk") this.#state = { at: "chunk-end" };
          else this.#finish();
        }
        return bytes.subarray(taken.length);
      }
      case "chunk-line":
        return this.#until(bytes, LINE_END, MAX_CHUNK_LINE_BYTES, (line) => {
          const size = /^([0-9a-f]{1,12})[ \t]*(?:;.*)?$/i.exec(line.toString("latin1"))?.[1];
          if (size === undefined) throw new MalformedMessage("a chunk has no size");
          const left = Number.parseInt(size, 16);
          this.#state = left === 0 ? { at: "trailers" } : { at: "chunk", left };
        });
      case "chunk-end":
        return this.#until(bytes, LINE_END, LINE_END.length, (line) => {
          if (line.length > 0) throw new MalformedMessage("a chunk is longer than it says");
          this.#state = { at: "chunk-line" };
        });
      case "trailers":
        return this.#until(bytes, LINE_END, MAX_HEAD_BYTES, (line) => {
          if (line.length === 0) this.#finish();
        });
      case "until-close":
        this.#handlers.body(bytes);
        return bytes.subarray(bytes.length);
      case "done":
        return bytes;
    }
  }

  /** Collects up to `end`, then goes on with what stands before it. */
  #until(bytes: Uint8Array, end: Buffer, limit: number, go: (before: Buffer) => void): Uint8Array {
    const held = this.#held.length;
    const all = Buffer.concat([this.#held, bytes]);
    const at = all.indexOf(end, Math.max(0, held - end.length + 1));
    if (at > limit || (at < 0 && all.length > limit + end.length)) {
      throw new MalformedMessage("a line or head is too long");
    }
    if (at < 0) {
      this.#held = all;
      return bytes.subarray(bytes.length);
    }
    this.#held = Buffer.alloc(0);
    go(all.subarray(0, at));
    return all.subarray(at + end.length);
  }

  #enter(text: string): void {
    const framing = this.#handlers.head(parseHead(text));
    if (framing === "skip") return;
    if (framing === "none") this.#finish();
    else if (framing === "chunked") this.#state = { at: "chunk-line" };
    else if (framing === "until-close") this.#state = { at: "until-close" };
    else if (framing.length === 0) this.#finish();
    else this.#state = { at: "length", left: framing.length };
  }

  #finish(): void {
    this.#state = { at: "done" };
    this.#handlers.end();
  }
}
