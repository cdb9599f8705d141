import { open, type FileHandle } from "node:fs/promises";
import { openPatiently } from "../../lib/descriptors.ts";
import { BodyWithdrawn, type RequestBody, type Sink } from "../../lib/http/client.ts";
import type { Piece } from "../../lib/http/pieces.ts";
import { systemPath } from "../../lib/path-bytes.ts";
import { unreadableReason } from "../intake/unreadable.ts";
import { closingDelimiter, filePartHead, PART_END, textPart } from "./multipart.ts";
import type { UploadItem } from "./types.ts";

/** The file has changed since it was hashed. */
export class ContentChanged extends BodyWithdrawn {
  override readonly name = "ContentChanged";
  readonly checksum: string;

  constructor(checksum: string, reason: string) {
    super(reason);
    this.checksum = checksum;
  }
}

export class ContentUnreadable extends BodyWithdrawn {
  override readonly name = "ContentUnreadable";
}

/** Another machine may be sending the content by now. */
class ClaimLost extends BodyWithdrawn {
  override readonly name = "ClaimLost";
}

/** Large enough that a read costs little compared with its hash, small enough for twenty at once. */
const FILE_CHUNK_BYTES = 256 * 1024;

/** Buffers for files being sent: as many exist as files were ever sent at once. */
const spareBuffers: Buffer[] = [];

async function sendOpenFile(handle: FileHandle, item: UploadItem, sink: Sink): Promise<boolean> {
  const before = await handle.stat();
  if (before.size !== item.sizeBytes) throw new ContentChanged(item.checksum, "its size has changed");
  const buffer = spareBuffers.pop() ?? Buffer.allocUnsafeSlow(FILE_CHUNK_BYTES);
  try {
    const hasher = new Bun.CryptoHasher("sha256");
    for (let left = item.sizeBytes; left > 0;) {
      const { bytesRead } = await handle.read(buffer, 0, Math.min(left, buffer.length), null);
      if (bytesRead === 0) throw new ContentChanged(item.checksum, "it was cut short while it was sent");
      const chunk = buffer.subarray(0, bytesRead);
      hasher.update(chunk);
      left -= bytesRead;
      if (!(await sink(chunk))) return false;
    }
    const after = await handle.stat();
    if (after.size !== before.size || hasher.digest("hex") !== item.checksum) {
      throw new ContentChanged(item.checksum, "it changed while it was sent");
    }
    return true;
  } finally {
    spareBuffers.push(buffer);
  }
}

async function sendContent(item: UploadItem, sink: Sink): Promise<boolean> {
  const { body } = item;
  if (body.type === "bytes") {
    const goesOn = await sink(body.bytes);
    if (goesOn) item.onHandedOver?.();
    return goesOn;
  }
  const opened = await openPatiently(() => open(systemPath(body.path), "r")).catch((error: unknown) => {
    throw new ContentUnreadable(unreadableReason(error), { cause: error });
  });
  try {
    return await sendOpenFile(opened, item, sink);
  } finally {
    await opened.close();
  }
}

/** A content with the head that precedes it. */
interface Part {
  readonly head: string;
  readonly item: UploadItem;
}

/** A body of parts in order, then a tail. All lengths are known in advance. */
function multipart(boundary: string, parts: readonly Part[]): RequestBody {
  const heads = parts.map(({ head }, index) => Buffer.from(index === 0 ? head : PART_END + head));
  const tail = Buffer.from(PART_END + closingDelimiter(boundary));
  const length = parts.reduce(
    (sum, { item }, index) => sum + (heads[index]?.length ?? 0) + item.sizeBytes,
    tail.length,
  );
  return {
    contentType: `multipart/form-data; boundary=${boundary}`,
    length,
    send: async (sink) => {
      for (const [index, { item }] of parts.entries()) {
        const head = heads[index];
        if (head !== undefined && !(await sink(head))) return;
        if (!(await sendContent(item, sink))) return;
      }
      for (const { item } of parts)
        if (item.mayFinish != null && !(await item.mayFinish()))
          throw new ClaimLost("its claim on the shared history did not hold to its last byte");
      await sink(tail);
    },
    pieces: () => piecesOf(parts, heads, tail),
  };
}

/** A whole body if it is in memory and nothing has to be asked before its last byte; otherwise null. */
function piecesOf(parts: readonly Part[], heads: readonly Buffer[], tail: Buffer): readonly Piece[] | null {
  const pieces: Piece[] = [];
  for (const [index, { item }] of parts.entries()) {
    const { body, mayFinish, onHandedOver } = item;
    const head = heads[index];
    if (body.type !== "bytes" || mayFinish != null || head === undefined) return null;
    pieces.push({ bytes: head }, { bytes: body.bytes, room: body.room, onHandedOver });
  }
  pieces.push({ bytes: tail });
  return pieces;
}

/** 122 random bits: no content contains them by chance or on purpose. */
function newBoundary(): string {
  return `nodupe-${crypto.randomUUID()}`;
}

/** One CV, with its parts in the order that the API expects. */
export function uploadBody(item: UploadItem): RequestBody {
  const boundary = newBoundary();
  const head =
    textPart(boundary, "checksum", item.checksum) +
    (item.jobHint === null ? "" : textPart(boundary, "job_hint", item.jobHint)) +
    (item.email === null ? "" : textPart(boundary, "email", item.email)) +
    filePartHead(boundary, "file", item.filename);
  return multipart(boundary, [{ head, item }]);
}

/** Several CVs in one request: a manifest, then their contents in the same order. */
export function batchBody(items: readonly UploadItem[]): RequestBody {
  const boundary = newBoundary();
  const manifest = {
    items: items.map((item, index) => ({
      part: `file${index}`,
      checksum: item.checksum,
      filename: item.filename,
      ...(item.jobHint === null ? {} : { job_hint: item.jobHint }),
      ...(item.email === null ? {} : { email: item.email }),
    })),
  };
  return multipart(
    boundary,
    items.map((item, index) => ({
      item,
      head:
        (index === 0 ? textPart(boundary, "manifest", JSON.stringify(manifest)) : "") +
        filePartHead(boundary, `file${index}`, item.filename),
    })),
  );
}

export function jsonBody(value: unknown): RequestBody {
  const bytes = Buffer.from(JSON.stringify(value));
  return {
    contentType: "application/json",
    length: bytes.length,
    send: async (sink) => {
      await sink(bytes);
    },
    pieces: () => [{ bytes }],
  };
}
