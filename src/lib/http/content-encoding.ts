/** Loaded only for an answer that is encoded though none was asked for. */
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
 * A body as it was before its `Content-Encoding` (RFC 9110, 8.4), which some gateways apply unasked; null where that
 * cannot be undone: an unknown encoding, broken bytes, more than `maxBytes`.
 */
export function decodeContent(body: Buffer, encodings: string | undefined, maxBytes: number): Buffer | null {
  let bytes = body;
  const applied = (encodings ?? "").toLowerCase().split(/[\s,]+/);
  for (const encoding of applied.filter((name) => name !== "" && name !== "identity").toReversed()) {
    // An empty body (204, or an error without a word) is often sent with the header all the same.
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
