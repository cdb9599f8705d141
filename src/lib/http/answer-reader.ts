/** The peer sent something other than HTTP/1.1. */
export class MalformedAnswer extends Error {
  override readonly name = "MalformedAnswer";
}

/** Names are asked for in lower case; values of repeated headers are joined by ", ". */
export interface Headers {
  get(name: string): string | undefined;
}

export interface AnswerHead {
  readonly status: number;
  readonly headers: Headers;
  /** The server keeps the connection open for another request. */
  readonly keepsAlive: boolean;
}

type State =
  | { readonly type: "head" }
  | { readonly type: "length"; left: number }
  | { readonly type: "chunk-line" }
  | { readonly type: "chunk"; left: number }
  | { readonly type: "chunk-end" }
  | { readonly type: "trailers" }
  | { readonly type: "until-close" }
  | { readonly type: "done" };

const MAX_HEAD_BYTES = 64 * 1024;
const MAX_CHUNK_LINE_BYTES = 1024;
const HEAD_END = "\r\n\r\n";
const LINE_END = Buffer.from("\r\n");
const NOTHING: Buffer = Buffer.alloc(0);

/** Lines of a name and a value, to the end. */
const HEADER_LINES = /^(?:\r\n[!#$%&'*+.^_`|~0-9A-Za-z-]+:[^\r\n]*)*$/;

/** Finds headers in the text of a head: of most of them nobody asks. */
class HeaderLines implements Headers {
  /** Each line begins with CRLF. */
  readonly #text: string;
  readonly #lowerCase: string;

  constructor(text: string) {
    if (!HEADER_LINES.test(text)) throw new MalformedAnswer("a header line is malformed");
    this.#text = text;
    this.#lowerCase = text.toLowerCase();
  }

  get(name: string): string | undefined {
    const start = `\r\n${name}:`;
    let value: string | undefined;
    for (let at = this.#lowerCase.indexOf(start); at >= 0; at = this.#lowerCase.indexOf(start, at + 1)) {
      const end = this.#text.indexOf("\r\n", at + start.length);
      const one = withoutBlanks(this.#text, at + start.length, end < 0 ? this.#text.length : end);
      value = value === undefined ? one : `${value}, ${one}`;
    }
    return value;
  }
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

/** A part of a text without the spaces and tabs around it. */
function withoutBlanks(text: string, from: number, until: number): string {
  let [start, end] = [from, until];
  while (start < end && isBlank(text.charCodeAt(start))) start += 1;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

function parseHead(text: string): AnswerHead {
  const start = /^HTTP\/1\.([01]) (\d{3})(?: [^\r\n]*)?(?=\r\n|$)/.exec(text);
  if (start === null) throw new MalformedAnswer("the answer is not HTTP/1.1");
  const headers = new HeaderLines(text.slice(start[0].length));
  const isClosed = /\bclose\b/i.test(headers.get("connection") ?? "");
  return { status: Number(start[2]), headers, keepsAlive: start[1] === "1" && !isClosed };
}

/**
 * How the body of an answer with these headers is framed. Answers with both headers, or with differing lengths,
 * are refused: they can be used for smuggling (RFC 9112, 6.3).
 */
function bodyState(headers: Headers): State {
  const encoding = headers.get("transfer-encoding");
  const length = headers.get("content-length");
  if (encoding !== undefined) {
    if (length !== undefined)
      throw new MalformedAnswer("both transfer-encoding and content-length are given");
    if (encoding.toLowerCase() !== "chunked")
      throw new MalformedAnswer(`transfer-encoding ${encoding} is not supported`);
    return { type: "chunk-line" };
  }
  if (length === undefined) return { type: "until-close" };
  if (!/^\d{1,15}$/.test(length)) throw new MalformedAnswer("content-length is not a number");
  return length === "0" ? { type: "done" } : { type: "length", left: Number(length) };
}

export interface AnswerReaderOptions {
  /** Longer bodies are refused. */
  readonly maxBodyBytes: number;
  /** This answers CONNECT: after a 2xx there is no body, and the tunnel begins (RFC 9110, 9.3.6). */
  readonly isTunnel: boolean;
}

/** Sockets deliver Buffers, which need no view. */
function viewOf(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/**
 * Reads the answer to one request from the pieces that a socket delivers, skipping interim answers (1xx). Memory
 * is bounded by one head and one body.
 */
export class AnswerReader {
  readonly #options: AnswerReaderOptions;
  #state: State = { type: "head" };
  #head: AnswerHead | null = null;
  #isTouched = false;
  #body: Buffer[] = [];
  #bodyBytes = 0;
  /** Bytes of an incomplete head or chunk line. */
  #held = NOTHING;

  constructor(options: AnswerReaderOptions) {
    this.#options = options;
  }

  /** null until it is complete. */
  get head(): AnswerHead | null {
    return this.#head;
  }

  get done(): boolean {
    return this.#state.type === "done";
  }

  /** Not one byte has arrived, not even of an interim answer. */
  get untouched(): boolean {
    return !this.#isTouched;
  }

  /** The body received so far. */
  body(): Buffer {
    const [first = NOTHING] = this.#body;
    return this.#body.length > 1 ? Buffer.concat(this.#body) : first;
  }

  /** Takes bytes up to the end of the answer and returns the rest. Throws MalformedAnswer. */
  push(bytes: Uint8Array): Uint8Array {
    if (bytes.length > 0) this.#isTouched = true;
    let rest = bytes;
    while (rest.length > 0 && this.#state.type !== "done") rest = this.#step(rest, this.#state);
    return rest;
  }

  /** The peer closed the connection properly: returns whether that completes the answer. */
  close(): boolean {
    if (this.#state.type === "until-close") this.#state = { type: "done" };
    return this.done;
  }

  #step(bytes: Uint8Array, state: State): Uint8Array {
    switch (state.type) {
      case "head":
        return this.#readHead(bytes);
      case "length":
      case "chunk": {
        const taken = bytes.subarray(0, state.left);
        this.#keep(taken);
        state.left -= taken.length;
        if (state.left === 0) this.#state = { type: state.type === "chunk" ? "chunk-end" : "done" };
        return bytes.subarray(taken.length);
      }
      case "chunk-line":
        return this.#until(bytes, LINE_END, MAX_CHUNK_LINE_BYTES, (line) => {
          const size = /^([0-9a-f]{1,12})[ \t]*(?:;.*)?$/i.exec(line.toString("latin1"))?.[1];
          if (size === undefined) throw new MalformedAnswer("a chunk has no size");
          const left = Number.parseInt(size, 16);
          this.#state = left === 0 ? { type: "trailers" } : { type: "chunk", left };
        });
      case "chunk-end":
        return this.#until(bytes, LINE_END, LINE_END.length, (line) => {
          if (line.length > 0) throw new MalformedAnswer("a chunk is longer than it says");
          this.#state = { type: "chunk-line" };
        });
      case "trailers":
        return this.#until(bytes, LINE_END, MAX_HEAD_BYTES, (line) => {
          if (line.length === 0) this.#state = { type: "done" };
        });
      case "until-close":
        this.#keep(bytes);
        return bytes.subarray(bytes.length);
      case "done":
        return bytes;
    }
  }

  /** Most answers come whole, so the head is searched for as text, which it is parsed from anyway. */
  #readHead(bytes: Uint8Array): Uint8Array {
    const all = this.#withHeld(bytes);
    const text = all.toString("latin1", 0, MAX_HEAD_BYTES + HEAD_END.length);
    const at = text.indexOf(HEAD_END);
    if (at < 0) return this.#hold(all, bytes, MAX_HEAD_BYTES + HEAD_END.length);
    this.#held = NOTHING;
    this.#enter(text.slice(0, at));
    return all.subarray(at + HEAD_END.length);
  }

  /** Sockets reuse their buffers, so the bytes are copied. */
  #keep(bytes: Uint8Array): void {
    this.#bodyBytes += bytes.length;
    if (this.#bodyBytes > this.#options.maxBodyBytes) throw new MalformedAnswer("the answer has no end");
    this.#body.push(Buffer.from(bytes));
  }

  /** Collects bytes up to `end`, then calls `go` with what came before it. */
  #until(bytes: Uint8Array, end: Buffer, limit: number, go: (before: Buffer) => void): Uint8Array {
    const held = this.#held.length;
    const all = this.#withHeld(bytes);
    const at = all.indexOf(end, Math.max(0, held - end.length + 1));
    if (at > limit) throw new MalformedAnswer("a line or head is too long");
    if (at < 0) return this.#hold(all, bytes, limit + end.length);
    this.#held = NOTHING;
    go(all.subarray(0, at));
    return all.subarray(at + end.length);
  }

  #withHeld(bytes: Uint8Array): Buffer {
    return this.#held.length > 0 ? Buffer.concat([this.#held, bytes]) : viewOf(bytes);
  }

  /** Keeps what is not complete yet: all that was held, and the bytes that just came. */
  #hold(all: Buffer, bytes: Uint8Array, limit: number): Uint8Array {
    if (all.length > limit) throw new MalformedAnswer("a line or head is too long");
    this.#held = this.#held.length > 0 ? all : Buffer.from(all);
    return bytes.subarray(bytes.length);
  }

  #enter(text: string): void {
    const head = parseHead(text);
    const { status } = head;
    // An interim answer: the final one follows.
    if (status < 200) return;
    this.#head = head;
    const hasNoBody = status === 204 || status === 304 || (this.#options.isTunnel && status < 300);
    this.#state = hasNoBody ? { type: "done" } : bodyState(head.headers);
  }
}
