import { closeSync, openSync, writeSync } from "node:fs";
import { Failure, messageOf } from "../lib/errors.ts";
import { connectLoss } from "../lib/http/connection-lost.ts";
import { isAllowed } from "./source.ts";

export interface FetchOptions {
  readonly signal: AbortSignal;
  /** How long the server may be silent. */
  readonly silenceMs: number;
  /** Larger files are refused: no release is that large. */
  readonly maxBytes: number;
}

const REDIRECTS = 5;

/** Follows redirects itself, because each target must be as trustworthy as the first address. */
async function open(url: URL, signal: AbortSignal): Promise<Response> {
  let at = url;
  for (let redirect = 0; redirect <= REDIRECTS; redirect += 1) {
    // Set explicitly, so that NODE_TLS_REJECT_UNAUTHORIZED in the environment cannot switch it off.
    const tls = { rejectUnauthorized: true };
    const response = await fetch(at.href, { signal, redirect: "manual", tls });
    const location = response.headers.get("location");
    if (response.status < 300 || response.status > 399 || location === null) return response;
    await response.body?.cancel();
    const next = URL.parse(location, at.href);
    if (next === null || !isAllowed(next)) {
      throw new Failure("failed", `${at.href} redirects to ${location}: expected https; nothing was changed`);
    }
    at = next;
  }
  throw new Failure("unreachable", `${url.href} redirects more than ${REDIRECTS} times; nothing was changed`);
}

/** Streams a URL into `take`, chunk by chunk; null if the server has no such file. */
async function stream(
  url: URL,
  options: FetchOptions,
  take: (chunk: Uint8Array) => void,
): Promise<number | null> {
  const silence = new AbortController();
  const signal = AbortSignal.any([options.signal, silence.signal]);
  const timer = setTimeout(
    () => silence.abort(new Error(`no answer for ${options.silenceMs / 1_000} s`)),
    options.silenceMs,
  );
  let bytes = 0;
  let failure: unknown = null;
  try {
    const response = await open(url, signal);
    if ([403, 404, 410].includes(response.status)) return null;
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    for await (const chunk of response.body ?? []) {
      timer.refresh();
      bytes += chunk.length;
      if (bytes > options.maxBytes) {
        throw new Failure(
          "failed",
          `${url.href} is larger than ${options.maxBytes} bytes; nothing was changed`,
        );
      }
      try {
        take(chunk);
      } catch (error) {
        failure = error;
        throw error;
      }
    }
    const announced = response.headers.get("content-length");
    if (
      announced !== null &&
      response.headers.get("content-encoding") === null &&
      Number(announced) !== bytes
    ) {
      throw new Error(`cut off after ${bytes} of ${announced} bytes`);
    }
    return bytes;
  } catch (error) {
    // A failure to write is not the network's fault.
    if (error instanceof Failure || error === failure) throw error;
    const why = silence.signal.aborted
      ? messageOf(silence.signal.reason)
      : connectLoss(error, url.hostname).message;
    throw new Failure("unreachable", `cannot download ${url.href}: ${why}; nothing was changed`, {
      cause: error,
    });
  } finally {
    clearTimeout(timer);
  }
}

/** Fetches a small file into memory; null if there is none. */
export async function fetchBytes(url: URL, options: FetchOptions): Promise<Uint8Array | null> {
  const chunks: Uint8Array[] = [];
  const bytes = await stream(url, options, (chunk) => chunks.push(chunk));
  return bytes === null ? null : Buffer.concat(chunks);
}

/**
 * Fetches a large file into `path`, which must not exist; its SHA-256 in hex, or null if the server has no such file.
 */
export async function fetchFile(url: URL, path: string, options: FetchOptions): Promise<string | null> {
  const hasher = new Bun.CryptoHasher("sha256");
  const descriptor = openSync(path, "wx", 0o600);
  try {
    const bytes = await stream(url, options, (chunk) => {
      hasher.update(chunk);
      for (let rest = chunk; rest.length > 0;) rest = rest.subarray(writeSync(descriptor, rest));
    });
    return bytes === null ? null : hasher.digest("hex");
  } finally {
    closeSync(descriptor);
  }
}
