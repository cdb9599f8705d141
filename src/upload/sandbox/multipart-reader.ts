interface PartHead {
  readonly name: string;
  readonly filename: string | null;
}

export interface PartHandlers {
  part(head: PartHead): void;
  /** The bytes are only lent: copy what is kept. */
  data(bytes: Uint8Array): void;
  partEnd(): void;
}

export class MalformedMultipart extends Error {
  override readonly name = "MalformedMultipart";
}

const MAX_PART_HEAD_BYTES = 16 * 1024;
const HEAD_END = Buffer.from("\r\n\r\n");
const CR = 13;

/** Undoes what a client escaped (WHATWG: only these three). */
function unescapeName(name: string): string {
  return name.replaceAll("%22", '"').replaceAll("%0D", "\r").replaceAll("%0A", "\n");
}

function parsePartHead(text: string): PartHead {
  const line = text.split("\r\n").find((header) => /^content-disposition:/i.test(header)) ?? "";
  const name = /;\s*name="([^"]*)"/i.exec(line)?.[1];
  if (name === undefined) throw new MalformedMultipart("a part has no name");
  const filename = /;\s*filename="([^"]*)"/i.exec(line)?.[1];
  return { name: unescapeName(name), filename: filename === undefined ? null : unescapeName(filename) };
}

/** The boundary of a multipart/form-data content type, or null. */
export function boundaryOf(contentType: string | undefined): string | null {
  const match = /^multipart\/form-data\s*;\s*boundary=(?:"([^"]{1,200})"|([^\s;"]{1,200}))/i.exec(
    contentType ?? "",
  );
  return match?.[1] ?? match?.[2] ?? null;
}

/**
 * Reads multipart/form-data out of pieces of any size, passing contents on as they come: memory is bounded by one
 * part's head, however large a file is. `complete` only once the closing delimiter has been read.
 */
export class MultipartReader {
  readonly #handlers: PartHandlers;
  readonly #delimiter: Buffer;
  #at: "preamble" | "delimiter" | "head" | "data" | "closed" = "preamble";
  /** Bytes that cannot be told yet; the first delimiter's line end is taken as read. */
  #held: Buffer = Buffer.from("\r\n");

  constructor(boundary: string, handlers: PartHandlers) {
    this.#handlers = handlers;
    this.#delimiter = Buffer.from(`\r\n--${boundary}`);
  }

  get complete(): boolean {
    return this.#at === "closed";
  }

  /** Throws MalformedMultipart. */
  push(bytes: Uint8Array): void {
    let rest =
      this.#held.length === 0
        ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
        : Buffer.concat([this.#held, bytes]);
    for (;;) {
      const before = rest.length;
      const at = this.#at;
      rest = this.#step(rest);
      if (this.#at === at && rest.length === before) break;
    }
    this.#held = this.complete ? Buffer.alloc(0) : Buffer.from(rest);
  }

  #step(bytes: Buffer): Buffer {
    switch (this.#at) {
      case "preamble":
      case "data":
        return this.#toDelimiter(bytes);
      case "delimiter":
        if (bytes.length < 2) return bytes;
        if (bytes[0] === 45 && bytes[1] === 45) this.#at = "closed";
        else if (bytes[0] === CR && bytes[1] === 10) this.#at = "head";
        else throw new MalformedMultipart("a delimiter is followed by something else");
        return bytes.subarray(2);
      case "head": {
        const end = bytes.indexOf(HEAD_END);
        if (end > MAX_PART_HEAD_BYTES || (end < 0 && bytes.length > MAX_PART_HEAD_BYTES)) {
          throw new MalformedMultipart("a part's head is too long");
        }
        if (end < 0) return bytes;
        this.#at = "data";
        this.#handlers.part(parsePartHead(bytes.toString("utf8", 0, end)));
        return bytes.subarray(end + HEAD_END.length);
      }
      case "closed":
        return bytes.subarray(bytes.length);
    }
  }

  #toDelimiter(bytes: Buffer): Buffer {
    const found = bytes.indexOf(this.#delimiter);
    const end = found < 0 ? possibleStart(bytes, this.#delimiter.length) : found;
    if (this.#at === "data" && end > 0) this.#handlers.data(bytes.subarray(0, end));
    if (found < 0) return bytes.subarray(end);
    if (this.#at === "data") this.#handlers.partEnd();
    this.#at = "delimiter";
    return bytes.subarray(found + this.#delimiter.length);
  }
}

/** Where a delimiter of `length` bytes may have begun without having ended: the first CR that is near enough to the end. */
function possibleStart(bytes: Buffer, length: number): number {
  const at = bytes.indexOf(CR, Math.max(0, bytes.length - length + 1));
  return at < 0 ? bytes.length : at;
}
