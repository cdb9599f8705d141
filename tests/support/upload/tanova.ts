import { createTanovaClient } from "../../../src/upload/tanova/client.ts";
import type { ClientOptions, TanovaClient, UploadItem } from "../../../src/upload/tanova/types.ts";

/** A client with timeouts short enough for tests. */
export function testClient(options: Partial<ClientOptions> & Pick<ClientOptions, "url">): TanovaClient {
  return createTanovaClient({
    apiKey: "tanova_sk_test",
    connectTimeoutMs: 5_000,
    silenceTimeoutMs: 5_000,
    checkTimeoutMs: 5_000,
    ...options,
  });
}

export function sha256(bytes: Uint8Array | string): string {
  return new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
}

/** A CV in memory. */
export function item(content: string | Uint8Array, changes: Partial<UploadItem> = {}): UploadItem {
  const bytes = typeof content === "string" ? Buffer.from(content) : content;
  return {
    checksum: sha256(bytes),
    filename: "cv.pdf",
    jobHint: null,
    email: null,
    sizeBytes: bytes.length,
    body: { type: "bytes", bytes },
    ...changes,
  };
}

/** A signal that never aborts. */
export const NEVER: AbortSignal = new AbortController().signal;
