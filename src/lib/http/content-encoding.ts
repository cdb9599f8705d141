/** Loaded only if an answer is encoded although no encoding was asked for. */
const zlib = (): typeof import("node:zlib") => process.getBuiltinModule("node:zlib");

type Decode = (bytes: Uint8Array, options: { maxOutputLength: number }) => Buffer;

function decoderOf(encoding: string): Decode | null {
  switch (encoding) {
    case "gzip":
    case "x-gzip":
      return zlib().gunzipSync;
    case "deflate":
      return zlib().inflateSync;
    case "br":
      return zlib().brotliDecompressSync;
    case "zstd":
      return zlib().zstdDecompressSync;
    default:
      return null;
  }
}

/**
 * Undoes the `Content-Encoding` of a body (RFC 9110, 8.4), which some gateways apply unasked. Returns null if that
 * is not possible: an unknown encoding, broken bytes, or more than `maxBytes`.
 */
export function decodeContent(body: Buffer, encodings: string | undefined, maxBytes: number): Buffer | null {
  if (encodings === undefined) return body;
  let bytes = body;
  const applied = encodings.toLowerCase().split(/[\s,]+/);
  for (const encoding of applied.filter((name) => name !== "" && name !== "identity").toReversed()) {
    // An empty body (204, or a bare error) often comes with the header all the same.
    if (bytes.length === 0) return bytes;
    const decode = decoderOf(encoding);
    if (decode === null) return null;
    try {
      bytes = decode(bytes, { maxOutputLength: maxBytes });
    } catch {
      return null;
    }
  }
  return bytes;
}
