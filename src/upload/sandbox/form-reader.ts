/** A received file part: its hash, not its bytes. */
interface ReceivedFile {
  readonly part: string;
  readonly filename: string;
  readonly checksum: string;
  readonly sizeBytes: number;
}

export interface ReceivedForm {
  /** The text parts. */
  readonly fields: ReadonlyMap<string, string>;
  readonly files: readonly ReceivedFile[];
  /** Names of all parts, in the order of arrival. */
  readonly order: readonly string[];
}

class MalformedForm extends Error {
  override readonly name = "MalformedForm";
}

const MAX_FIELD_BYTES = 1024 * 1024;
const MAX_PART_HEAD_BYTES = 16 * 1024;
const HEAD_END = Buffer.from("\r\n\r\n");

/** Reads a body up to one delimiter at a time. Memory is bounded by one piece, however large a part is. */
class PieceReader {
  readonly #pieces: AsyncIterator<Uint8Array>;
  #held: Buffer = Buffer.alloc(0);

  constructor(body: AsyncIterable<Uint8Array>) {
    this.#pieces = body[Symbol.asyncIterator]();
  }

  /**
   * Yields what comes before `end`, as it arrives; the bytes are valid only until the next step. `end` itself is
   * skipped. Throws MalformedForm.
   */
  async *until(end: Buffer): AsyncGenerator<Buffer> {
    for (;;) {
      const at = this.#held.indexOf(end);
      // Where `end` may have begun but not ended: its first byte, close enough to the end.
      const start = this.#held.indexOf(end[0] ?? 0, Math.max(0, this.#held.length - end.length + 1));
      const upTo = at >= 0 ? at : start >= 0 ? start : this.#held.length;
      if (upTo > 0) yield this.#held.subarray(0, upTo);
      this.#held = this.#held.subarray(at >= 0 ? at + end.length : upTo);
      if (at >= 0) return;
      await this.#more();
    }
  }

  async take(length: number): Promise<string> {
    while (this.#held.length < length) await this.#more();
    const taken = this.#held.toString("latin1", 0, length);
    this.#held = this.#held.subarray(length);
    return taken;
  }

  /** Reads and drops the rest: an answer before the body is whole would cut it off. */
  async drain(): Promise<void> {
    while ((await this.#pieces.next()).done !== true);
  }

  async #more(): Promise<void> {
    const { value, done } = await this.#pieces.next();
    if (done === true) throw new MalformedForm("the form has no end");
    const piece = Buffer.from(value.buffer, value.byteOffset, value.length);
    this.#held = this.#held.length === 0 ? piece : Buffer.concat([this.#held, piece]);
  }
}

async function textOf(pieces: AsyncIterable<Buffer>, maxBytes: number, name: string): Promise<string> {
  const kept: Buffer[] = [];
  let bytes = 0;
  for await (const piece of pieces) {
    bytes += piece.length;
    if (bytes > maxBytes) throw new MalformedForm(`${name} is too long`);
    kept.push(Buffer.from(piece));
  }
  return Buffer.concat(kept).toString("utf8");
}

/** Undoes the client's escaping (WHATWG: only these three). */
function unescapeName(name: string): string {
  return name.replaceAll("%22", '"').replaceAll("%0D", "\r").replaceAll("%0A", "\n");
}

function parsePartHead(text: string): { readonly name: string; readonly filename: string | null } {
  const line = text.split("\r\n").find((header) => /^content-disposition:/i.test(header)) ?? "";
  const name = /;\s*name="([^"]*)"/i.exec(line)?.[1];
  if (name === undefined) throw new MalformedForm("a part has no name");
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

async function readParts(reader: PieceReader, boundary: string): Promise<ReceivedForm> {
  const delimiter = Buffer.from(`\r\n--${boundary}`);
  const fields = new Map<string, string>();
  const files: ReceivedFile[] = [];
  const order: string[] = [];
  for await (const _preamble of reader.until(Buffer.from(`--${boundary}`)));
  for (;;) {
    const after = await reader.take(2);
    if (after === "--") return { fields, files, order };
    if (after !== "\r\n") throw new MalformedForm("a delimiter is followed by something else");
    const head = await textOf(reader.until(HEAD_END), MAX_PART_HEAD_BYTES, "a part's head");
    const { name, filename } = parsePartHead(head);
    order.push(name);
    if (filename === null) {
      fields.set(name, await textOf(reader.until(delimiter), MAX_FIELD_BYTES, `field ${name}`));
      continue;
    }
    const hasher = new Bun.CryptoHasher("sha256");
    let sizeBytes = 0;
    for await (const piece of reader.until(delimiter)) {
      hasher.update(piece);
      sizeBytes += piece.length;
    }
    files.push({ part: name, filename, checksum: hasher.digest("hex"), sizeBytes });
  }
}

/**
 * Parses multipart/form-data as it arrives: fields are kept, files are hashed as they pass. Returns the form, or why it
 * is not a complete one; errors thrown by `body` are passed on.
 */
export async function readForm(
  body: AsyncIterable<Uint8Array>,
  boundary: string,
): Promise<ReceivedForm | { readonly fault: string }> {
  const reader = new PieceReader(body);
  try {
    return await readParts(reader, boundary);
  } catch (error) {
    if (!(error instanceof MalformedForm)) throw error;
    return { fault: error.message };
  } finally {
    await reader.drain();
  }
}
