const FRAME_MAGIC = 0xfd2fb528;
/** The lowest of 16 magic numbers of frames that a reader skips. */
const SKIPPABLE_MAGIC = 0x184d2a50;
const MAGIC_BYTES = 4;
const BLOCK_HEADER_BYTES = 3;
const CHECKSUM_BYTES = 4;
const DICTIONARY_BYTES = [0, 1, 2, 4] as const;
const CONTENT_SIZE_BYTES = [0, 2, 4, 8] as const;
const BLOCK_RLE = 1;

/** The number in `bytes` bytes at an offset, little-endian. */
type ReadNumber = (offset: number, bytes: number) => number;

/** Where the blocks of the frame at `offset` begin, and whether a checksum follows them. */
function readHeader(read: ReadNumber, offset: number): { blocksAt: number; hasChecksum: boolean } {
  const descriptor = read(offset + MAGIC_BYTES, 1);
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
 * Whether data consists of whole zstd frames: the runtime's decompressor ends in the middle of one without an error.
 * Only the headers of frames and blocks are read. Source: RFC 8878, section 3.1.
 *
 * @param bytesAt returns fewer bytes at the end of the data, and none beyond it.
 * @param sizeBytes of all data.
 */
export function isWholeZstd(
  bytesAt: (offset: number, count: number) => Uint8Array,
  sizeBytes: number,
): boolean {
  const read: ReadNumber = (offset, bytes) =>
    bytesAt(offset, bytes).reduceRight((value, byte) => value * 256 + byte, 0);
  let at = 0;
  while (at < sizeBytes) {
    const magic = read(at, MAGIC_BYTES);
    if (magic >= SKIPPABLE_MAGIC && magic < SKIPPABLE_MAGIC + 16) {
      at += 2 * MAGIC_BYTES + read(at + MAGIC_BYTES, MAGIC_BYTES);
      continue;
    }
    if (magic !== FRAME_MAGIC) return false;
    const { blocksAt, hasChecksum } = readHeader(read, at);
    at = blocksAt;
    for (let isLast = false; !isLast;) {
      if (at + BLOCK_HEADER_BYTES > sizeBytes) return false;
      const header = read(at, BLOCK_HEADER_BYTES);
      isLast = (header & 1) === 1;
      at += BLOCK_HEADER_BYTES + (((header >> 1) & 3) === BLOCK_RLE ? 1 : header >> 3);
    }
    if (hasChecksum) at += CHECKSUM_BYTES;
  }
  return at === sizeBytes;
}
