import { closeSync, createReadStream, fstatSync, openSync, readSync, statSync } from "node:fs";
import type { Readable } from "node:stream";
import { codeOf, Failure, messageOf, reasonOf } from "../../lib/errors.ts";
import { readRange } from "./checkpoint.ts";
import { isWholeZstd } from "../log/zstd-frames.ts";

/** A source of log bytes. */
export interface Source extends Disposable {
  /** Fills the beginning of `into`; 0 at the end (in a growing file, the end for now). */
  read(into: Uint8Array): number | Promise<number>;
  /** The open plain file, which can be resumed at an offset; null for a pipe or a compressed file. */
  readonly descriptor: number | null;
  /** The name used in messages. */
  readonly name: string;
  /** Lines come as they are written, so there may be none for hours: a pipe. */
  readonly isLive: boolean;
}

/** A plain file read from `offset` on. */
export class FileSource implements Source {
  readonly descriptor: number;
  readonly name: string;
  readonly isLive = false;
  #offset = 0;

  constructor(descriptor: number, name = "the file") {
    this.descriptor = descriptor;
    this.name = name;
  }

  get sizeBytes(): number {
    return fstatSync(this.descriptor).size;
  }

  seek(offset: number): void {
    this.#offset = offset;
  }

  read(into: Uint8Array): number {
    const count = readSync(this.descriptor, into, 0, into.length, this.#offset);
    this.#offset += count;
    return count;
  }

  [Symbol.dispose](): void {
    closeSync(this.descriptor);
  }
}

/** Data that comes in chunks, and how to cancel it; the chunk being waited for may never come. */
interface Chunks {
  readonly each: AsyncIterable<Uint8Array>;
  readonly close: () => void;
  /** The end of the chunks is not the end of the data. */
  readonly isCut?: boolean;
}

/** A stream of chunks, passed on in pieces that fit. */
class ChunkSource implements Source {
  readonly descriptor = null;
  readonly name: string;
  readonly isLive: boolean;
  readonly #chunks: AsyncIterator<Uint8Array>;
  readonly #close: () => void;
  readonly #isCut: boolean;
  #chunk: Uint8Array = new Uint8Array(0);

  constructor({ each, close, isCut = false }: Chunks, name: string, isLive: boolean) {
    this.#chunks = each[Symbol.asyncIterator]();
    this.#close = close;
    this.#isCut = isCut;
    this.name = name;
    this.isLive = isLive;
  }

  async read(into: Uint8Array): Promise<number> {
    while (this.#chunk.length === 0) {
      let next: IteratorResult<Uint8Array>;
      try {
        next = await this.#chunks.next();
      } catch (error) {
        throw this.#unreadable(messageOf(error), error);
      }
      if (next.done === true) {
        if (this.#isCut) throw this.#unreadable("unexpected end of file", null);
        return 0;
      }
      this.#chunk = next.value;
    }
    const count = Math.min(into.length, this.#chunk.length);
    into.set(this.#chunk.subarray(0, count));
    this.#chunk = this.#chunk.subarray(count);
    return count;
  }

  #unreadable(reason: string, cause: unknown): Failure {
    return new Failure(
      "failed",
      `cannot read ${this.name} to its end: ${reason}; what was read before that is stored`,
      { cause },
    );
  }

  [Symbol.dispose](): void {
    this.#close();
  }
}

async function* standardInput(): AsyncGenerator<Uint8Array> {
  for await (const chunk of Bun.stdin.stream()) yield chunk;
}

function streamed(stream: Readable): Chunks {
  return { each: stream, close: () => stream.destroy() };
}

const GZIP_MAGIC = [0x1f, 0x8b];
const ZSTD_MAGIC = [0x28, 0xb5, 0x2f, 0xfd];

function startsWith(bytes: Uint8Array, magic: readonly number[]): boolean {
  return magic.every((byte, index) => bytes[index] === byte);
}

/** Opens a plain file for reading. A missing or unreadable file is a usage or permission error. */
export function openDescriptor(path: string): number {
  try {
    const descriptor = openSync(path, "r");
    if (fstatSync(descriptor).isDirectory()) {
      closeSync(descriptor);
      throw new Failure("usage", `${path} is a folder; expected a log file`);
    }
    return descriptor;
  } catch (error) {
    if (error instanceof Failure) throw error;
    const code = codeOf(error);
    if (code === "EACCES" || code === "EPERM")
      throw new Failure("not-permitted", `cannot read ${path}: permission denied`);
    const reason = code === "ENOENT" ? "no such file" : reasonOf(error);
    throw new Failure("usage", `cannot read ${path}: ${reason}`);
  }
}

/**
 * @throws Failure if a file named on the command line cannot be read. A pipe is not opened: that would wait for its
 * writer.
 */
export function checkReadable(path: string): void {
  if (path === "-" || statSync(path, { throwIfNoEntry: false })?.isFIFO() === true) return;
  closeSync(openDescriptor(path));
}

/**
 * Opens `-` (standard input), a plain file, or one compressed with gzip or zstd, which is detected from its first
 * bytes.
 */
export function openSource(path: string): Source {
  // Standard input belongs to the process, and is closed with it.
  if (path === "-") {
    return new ChunkSource({ each: standardInput(), close: () => undefined }, "standard input", true);
  }
  const descriptor = openDescriptor(path);
  if (!fstatSync(descriptor).isFile()) {
    return new ChunkSource(streamed(createReadStream(path, { fd: descriptor })), path, true);
  }
  const magic = readRange(descriptor, 0, 4);
  const isGzip = startsWith(magic, GZIP_MAGIC);
  if (!isGzip && !startsWith(magic, ZSTD_MAGIC)) return new FileSource(descriptor, path);
  const bytesAt = (offset: number, count: number): Uint8Array =>
    readRange(descriptor, offset, offset + count);
  const isCut = !isGzip && !isWholeZstd(bytesAt, fstatSync(descriptor).size);
  const compressed = createReadStream(path, { fd: descriptor, start: 0 });
  const { createGunzip, createZstdDecompress } = process.getBuiltinModule("node:zlib");
  const plain = isGzip ? createGunzip() : createZstdDecompress();
  compressed.on("error", (error) => plain.destroy(error));
  const close = (): void => {
    compressed.destroy();
    plain.destroy();
  };
  return new ChunkSource({ each: compressed.pipe(plain), close, isCut }, path, false);
}
