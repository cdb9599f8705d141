import { closeSync, openSync, writeSync } from "node:fs";
import { Failure, messageOf } from "../lib/errors.ts";
import { paperPlace, type Papers } from "./papers.ts";

const BLOCK = 512;

interface Member {
  readonly name: string;
  readonly size: number;
  /** A regular file: not a link, folder or device. */
  readonly isFile: boolean;
}

/** A ustar header → its file; null for the block of zeros that ends an archive. */
function readHeader(block: Uint8Array): Member | null {
  if (block.every((byte) => byte === 0)) return null;
  const field = (start: number, end: number): string =>
    Buffer.from(block.subarray(start, end)).toString("latin1").replace(/\0.*$/s, "").trim();
  const sum = block.reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 0x20 : byte), 0);
  const size = field(124, 136);
  if (field(257, 263) !== "ustar" || Number.parseInt(field(148, 156), 8) !== sum || !/^[0-7]+$/.test(size)) {
    throw new Error("not a tar archive, or a damaged one");
  }
  return {
    name: field(0, 100).replace(/^\.\//, ""),
    size: Number.parseInt(size, 8),
    isFile: block[156] === 0x30 || block[156] === 0,
  };
}

/** Receives the bytes of one member, chunk by chunk. */
type Sink = (chunk: Uint8Array) => void;

/**
 * Reads regular files from a tar stream, piece by piece; memory does not grow with the archive.
 *
 * @param sinkOf returns the receiver of a member's bytes, or null to skip it. Never called for links.
 * @returns the names of the members that were complete.
 */
export async function readMembers(
  archive: AsyncIterable<Uint8Array>,
  sinkOf: (name: string) => Sink | null,
): Promise<ReadonlySet<string>> {
  const whole = new Set<string>();
  let head = Buffer.alloc(0);
  let member: { readonly name: string; readonly sink: Sink } | null = null;
  let wanted = 0;
  let skip = 0;
  for await (const chunk of archive) {
    let rest: Uint8Array = chunk;
    while (rest.length > 0) {
      if (member !== null) {
        const part = rest.subarray(0, wanted);
        member.sink(part);
        wanted -= part.length;
        rest = rest.subarray(part.length);
        if (wanted > 0) continue;
        whole.add(member.name);
        member = null;
      } else if (skip > 0) {
        const passed = Math.min(skip, rest.length);
        skip -= passed;
        rest = rest.subarray(passed);
      } else {
        const part = rest.subarray(0, BLOCK - head.length);
        head = Buffer.concat([head, part]);
        rest = rest.subarray(part.length);
        if (head.length < BLOCK) continue;
        const found = readHeader(head);
        head = Buffer.alloc(0);
        if (found === null) return whole;
        const sink = found.isFile ? sinkOf(found.name) : null;
        skip = Math.ceil(found.size / BLOCK) * BLOCK;
        if (sink === null) continue;
        if (found.size === 0) {
          whole.add(found.name);
          continue;
        }
        member = { name: found.name, sink };
        wanted = found.size;
        // The padding of the last block.
        skip -= found.size;
      }
    }
  }
  return whole;
}

/** A failure to write, not the archive's fault. */
class WriteError extends Error {}

/** Larger files are refused: a man page has a few kilobytes. */
const PAPER_BYTES = 1024 * 1024;

/**
 * Unpacks the program from a .tar.gz to `path`, executable.
 *
 * @returns the other files that have a known place.
 */
export async function extractRelease(archive: string, program: string, path: string): Promise<Papers> {
  const papers = new Map<string, Uint8Array>();
  const descriptor = openSync(path, "wx", 0o755);
  const write: Sink = (chunk) => {
    try {
      for (let rest = chunk; rest.length > 0;) rest = rest.subarray(writeSync(descriptor, rest));
    } catch (error) {
      throw new WriteError("", { cause: error });
    }
  };
  const keep = (place: string): Sink => {
    papers.set(place, new Uint8Array());
    return (chunk) => {
      const bytes = Buffer.concat([papers.get(place) ?? Buffer.alloc(0), chunk]);
      if (bytes.length > PAPER_BYTES) throw new Error(`its ${place} is larger than ${PAPER_BYTES} bytes`);
      papers.set(place, bytes);
    };
  };
  try {
    const unpacked = Bun.file(archive).stream().pipeThrough(new DecompressionStream("gzip"));
    const whole = await readMembers(unpacked, (name) => {
      if (name === program) return write;
      const place = paperPlace(name);
      return place === null ? null : keep(place);
    });
    if (!whole.has(program)) throw new Error(`it holds no ${program}, or not all of it`);
    return papers;
  } catch (error) {
    if (error instanceof WriteError) throw error.cause;
    throw new Failure("failed", `cannot unpack the release: ${messageOf(error)}; nothing was changed`, {
      cause: error,
    });
  } finally {
    closeSync(descriptor);
  }
}
