import { readRange } from "./checkpoint.ts";

const FRAME_MAGIC = 0xfd2fb528;
/** The lowest of 16 magic numbers of frames that a reader skips. */
const SKIPPABLE_MAGIC = 0x184d2a50;
const MAGIC_BYTES = 4;
const CHECKSUM_BYTES = 4;
const DICTIONARY_BYTES = [0, 1, 2, 4] as const;
const CONTENT_SIZE_BYTES = [0, 2, 4, 8] as const;
const BLOCK_RLE = 1;

/** Whole numbers at an offset, little-endian; 0 beyond the end. */
type ReadAt = (offset: number, bytes: number) => number;

/** Where the blocks of the frame at `offset` begin, and whether a checksum follows them. */
function readHeader(readAt: ReadAt, offset: number): { blocksAt: number; hasChecksum: boolean } {
  const descriptor = readAt(offset + MAGIC_BYTES, 1);
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const sizeFlag = descriptor >> 6;
  const sizeBytes = sizeFlag === 0 && isSingleSegment ? 1 : (CONTENT_SIZE_BYTES[sizeFlag] ?? 0);
  const windowBytes = isSingleSegment ? 0 : 1;
  const dictionaryBytes = DICTIONARY_BYTES[descriptor & 3] ?? 0;
  return {
    blocksAt: offset + MAGIC_BYTES + 1 + windowBytes + dictionaryBytes + sizeBytes,
    hasChecksum: (descriptor & 4) !== 0,
  };
}

/**
 * Whether a file consists of whole zstd frames: the runtime's decompressor ends in the middle of one without an error.
 * Only the headers of frames and blocks are read. Source: RFC 8878, section 3.1.
 *
 * @param sizeBytes of the file.
 */
export function isWholeZstd(fileDescriptor: number, sizeBytes: number): boolean {
  const readAt: ReadAt = (offset, bytes) =>
    readRange(fileDescriptor, offset, offset + bytes).reduceRight((value, byte) => value * 256 + byte, 0);
  let at = 0;
  while (at < sizeBytes) {
    const magic = readAt(at, MAGIC_BYTES);
    if (magic >= SKIPPABLE_MAGIC && magic < SKIPPABLE_MAGIC + 16) {
      at += 2 * MAGIC_BYTES + readAt(at + MAGIC_BYTES, MAGIC_BYTES);
      continue;
    }
    if (magic !== FRAME_MAGIC) return false;
    const { blocksAt, hasChecksum } = readHeader(readAt, at);
    at = blocksAt;
    for (let isLast = false; !isLast;) {
      if (at + 3 > sizeBytes) return false;
      const header = readAt(at, 3);
      isLast = (header & 1) === 1;
      at += 3 + (((header >> 1) & 3) === BLOCK_RLE ? 1 : header >> 3);
    }
    if (hasChecksum) at += CHECKSUM_BYTES;
  }
  return at === sizeBytes;
}
