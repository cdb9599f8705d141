/** Headers of every answer: it must not be framed, sniffed, cached, or read by another site. */
const HEADERS: Readonly<Record<string, string>> = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

/** Whether the client takes this encoding; `q=0` says that it does not (RFC 9110, 12.4.2). */
export function accepts(request: Request, encoding: "gzip" | "zstd"): boolean {
  const accepted = request.headers.get("accept-encoding")?.toLowerCase().split(",") ?? [];
  return accepted.some((item) => {
    const [name, ...parameters] = item.split(";").map((part) => part.trim());
    return name === encoding && !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter));
  });
}

/** Shorter texts are not worth compressing. */
const COMPRESSED_FROM = 1_024;

function withBody(
  request: Request,
  text: string,
  init: { status: number; headers: Record<string, string> },
): Response {
  const mayCompress = accepts(request, "gzip");
  const headers = { ...HEADERS, ...init.headers, vary: "accept-encoding" };
  if (!mayCompress || text.length < COMPRESSED_FROM) return new Response(text, { ...init, headers });
  const body = Bun.gzipSync(Buffer.from(text), { level: 6 });
  return new Response(body, { ...init, headers: { ...headers, "content-encoding": "gzip" } });
}

export function jsonReply(
  request: Request,
  value: unknown,
  init: { readonly status?: number; readonly headers?: Record<string, string> } = {},
): Response {
  return jsonTextReply(request, JSON.stringify(value), init);
}

/** Like `jsonReply`, for a value that is already serialized. */
function jsonTextReply(
  request: Request,
  text: string,
  init: { readonly status?: number; readonly headers?: Record<string, string> } = {},
): Response {
  const headers = { ...init.headers, "content-type": "application/json; charset=utf-8" };
  return withBody(request, `${text}\n`, { status: init.status ?? 200, headers });
}

/** JSON that is sent to many clients: encoded and compressed once. */
export class ReplyText {
  readonly text: string;
  #bytes: Uint8Array<ArrayBuffer> | null = null;
  #packed: Uint8Array<ArrayBuffer> | null = null;

  constructor(text: string) {
    this.text = text;
  }

  bytes(): Uint8Array<ArrayBuffer> {
    this.#bytes ??= Buffer.from(`${this.text}\n`);
    return this.#bytes;
  }

  packed(): Uint8Array<ArrayBuffer> {
    this.#packed ??= Bun.gzipSync(this.bytes(), { level: 6 });
    return this.#packed;
  }
}

const SHARED_HEADERS = new Headers({
  ...HEADERS,
  "content-type": "application/json; charset=utf-8",
  vary: "accept-encoding",
});
const PACKED_HEADERS = new Headers({ ...Object.fromEntries(SHARED_HEADERS), "content-encoding": "gzip" });

export function sharedReply(request: Request, of: ReplyText): Response {
  return accepts(request, "gzip")
    ? new Response(of.packed(), { headers: PACKED_HEADERS })
    : new Response(of.bytes(), { headers: SHARED_HEADERS });
}

export function textReply(request: Request, text: string, contentType: string): Response {
  return withBody(request, text, { status: 200, headers: { "content-type": contentType } });
}

const ZSTD_LEVEL = 3;

/** A binary answer for another board. Compressed asynchronously, so that other requests are not held up. */
export async function binaryReply(request: Request, bytes: Uint8Array<ArrayBuffer>): Promise<Response> {
  const headers = { ...HEADERS, "content-type": "application/octet-stream", vary: "accept-encoding" };
  if (!accepts(request, "zstd")) return new Response(bytes, { headers });
  const packed = (await Bun.zstdCompress(bytes, { level: ZSTD_LEVEL })) as Buffer<ArrayBuffer>;
  return new Response(packed, { headers: { ...headers, "content-encoding": "zstd" } });
}

/** A refusal: one sentence about what was wrong with the request, and nothing about the internals. */
export function refusal(
  request: Request,
  status: number,
  error: string,
  headers: Record<string, string> = {},
): Response {
  return jsonReply(request, { error }, { status, headers });
}
