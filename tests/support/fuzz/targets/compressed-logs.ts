import { writeFileSync } from "node:fs";
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { Failure } from "../../../../src/lib/errors.ts";
import { openSource } from "../../../../src/nodes/ingest/source.ts";
import { tempFolder } from "../../temp.ts";
import { type FuzzTarget, mustEqual, mustHold, shapeOf, sizeWord } from "../fuzz-target.ts";

/** How much of a decompression bomb is read: a log can have any length. */
const MOST_PLAIN = 4 * 1024 * 1024;

/** Decompresses all at once; null if that fails. */
function plainly(input: Uint8Array<ArrayBuffer>): Uint8Array | null {
  try {
    if (input[0] === 0x1f && input[1] === 0x8b) return gunzipSync(input);
    const isZstd = input.length >= 4 && Buffer.from(input).readUInt32BE(0) === 0x28b52ffd;
    return isZstd ? zstdDecompressSync(input) : input;
  } catch {
    return null;
  }
}

/** A compressed log decompresses to the original or fails with our own message; memory is limited to one piece. */
export function compressedLogs(): FuzzTarget {
  const folder = tempFolder();
  const path = folder.file("log");
  const lines = Buffer.from("2026-01-01T00:00:00Z\tINFO\tpiecestore\tdownloaded\t{}\n".repeat(40));
  const zeros = Buffer.alloc(300_000);
  const [gzip, zstd] = [Bun.gzipSync(lines), Bun.zstdCompressSync(lines)];
  return {
    seeds: [
      lines,
      gzip,
      zstd,
      Buffer.concat([gzip, gzip]),
      Buffer.concat([zstd, zstd]),
      Bun.gzipSync(zeros),
      Bun.zstdCompressSync(zeros),
      Buffer.concat([gzip, Buffer.alloc(50)]),
    ].map((bytes) => new Uint8Array(bytes)),
    dictionary: [
      "\x1f\x8b\x08",
      "\x1f\x8b\x08\x1c\0\0\0\0",
      "\x28\xb5\x2f\xfd",
      "\x50\x2a\x4d\x18\x08\0\0\0",
      "\0\0\xff\xff",
      "\x03\0\0\0\0\0\0\0\0\0",
      "\n",
    ],
    mostBytes: 4_096,
    run: async (input) => {
      writeFileSync(path, input);
      const into = new Uint8Array(65_536);
      const hasher = new Bun.CryptoHasher("sha256");
      let bytes = 0;
      using source = openSource(path);
      try {
        for (;;) {
          const count = await source.read(into);
          if (count === 0) break;
          mustHold(count <= into.length, "no more is read than there is room for");
          hasher.update(into.subarray(0, count));
          bytes += count;
          if (bytes > MOST_PLAIN) return "a bomb";
        }
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        mustHold(
          error.message.startsWith(`cannot read ${path} to its end: `),
          "a failure says what it is of",
        );
        return shapeOf(error.message.slice(`cannot read ${path} `.length));
      }
      const whole = plainly(new Uint8Array(input));
      // After the first frame both ignore trailing garbage; exactly where they stop depends on the libraries.
      if (whole !== null)
        mustEqual(
          hasher.digest("hex"),
          new Bun.CryptoHasher("sha256").update(whole).digest("hex"),
          "what is read at once",
        );
      return `read ${source.descriptor === null ? "compressed" : "plain"} ${sizeWord(bytes)} ${whole === null}`;
    },
  };
}
