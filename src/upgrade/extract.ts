import { closeSync, openSync, writeSync } from "node:fs";
import { Failure, messageOf } from "../lib/errors.ts";

const BLOCK = 512;

interface Member {
  readonly name: string;
  readonly size: number;
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
  return { name: field(0, 100).replace(/^\.\//, ""), size: Number.parseInt(size, 8) };
}

/**
 * Reads one member of a tar stream, a piece at a time; memory does not grow with the archive.
 *
 * @returns whether the whole member was there.
 */
export async function readMember(
  archive: AsyncIterable<Uint8Array>,
  name: string,
  take: (chunk: Uint8Array) => void,
): Promise<boolean> {
  let head = Buffer.alloc(0);
  let wanted = 0;
  let skip = 0;
  let isFound = false;
  for await (const chunk of archive) {
    let rest: Uint8Array = chunk;
    while (rest.length > 0) {
      if (wanted > 0) {
        const part = rest.subarray(0, wanted);
        take(part);
        wanted -= part.length;
        rest = rest.subarray(part.length);
        if (wanted === 0) return true;
      } else if (skip > 0) {
        const passed = Math.min(skip, rest.length);
        skip -= passed;
        rest = rest.subarray(passed);
      } else {
        const part = rest.subarray(0, BLOCK - head.length);
        head = Buffer.concat([head, part]);
        rest = rest.subarray(part.length);
        if (head.length < BLOCK) continue;
        const member = readHeader(head);
        head = Buffer.alloc(0);
        if (member === null) return isFound;
        if (member.name === name) {
          wanted = member.size;
          isFound = wanted === 0;
          if (isFound) return true;
        } else skip = Math.ceil(member.size / BLOCK) * BLOCK;
      }
    }
  }
  return isFound;
}

/** Unpacks one file of a .tar.gz to `path`, executable. */
export async function extractFile(archive: string, name: string, path: string): Promise<void> {
  const descriptor = openSync(path, "wx", 0o755);
  let failure: unknown = null;
  try {
    const unpacked = Bun.file(archive).stream().pipeThrough(new DecompressionStream("gzip"));
    const isThere = await readMember(unpacked, name, (chunk) => {
      try {
        for (let rest = chunk; rest.length > 0;) rest = rest.subarray(writeSync(descriptor, rest));
      } catch (error) {
        failure = error;
        throw error;
      }
    });
    if (!isThere) throw new Error(`it holds no ${name}, or not all of it`);
  } catch (error) {
    if (failure !== null) throw failure;
    throw new Failure("failed", `cannot unpack the release: ${messageOf(error)}; nothing was changed`, {
      cause: error,
    });
  } finally {
    closeSync(descriptor);
  }
}
