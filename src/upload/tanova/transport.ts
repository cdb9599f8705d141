import { VERSION } from "../../lib/version.ts";
import { messageOf } from "../../lib/errors.ts";
import { nextTurn } from "../../lib/wait.ts";
import { Connection, ConnectionLost, type Answer, type Route } from "./connection.ts";
import { ContentChanged, ContentUnreadable, type RequestBody } from "./request-body.ts";
import type { Bandwidth } from "./types.ts";

export interface Request {
  readonly method: "GET" | "POST";
  /** Below the base URL, with a leading slash. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: RequestBody;
  /** Changes nothing on the server: where a kept-alive connection turns out dead it is simply asked again. */
  readonly safe: boolean;
  /** For the whole exchange; without it only silence ends it. */
  readonly timeoutMs?: number;
  /** Its bytes are counted, and held back by the bandwidth limit. */
  readonly isUpload?: boolean;
}

export type Exchange =
  /** `whole`: the request had been handed over to its last byte. */
  | { readonly type: "answer"; readonly answer: Answer; readonly whole: boolean }
  | {
      readonly type: "lost";
      readonly reason: string;
      readonly whole: boolean;
      readonly refusedBy: number | null;
    }
  | { readonly type: "changed"; readonly checksum: string; readonly reason: string }
  | { readonly type: "unreadable"; readonly reason: string };

export interface TransportOptions {
  readonly route: Route;
  readonly apiKey: string;
  readonly connectTimeoutMs: number;
  readonly silenceTimeoutMs: number;
  readonly bandwidth: Bandwidth | undefined;
  readonly now: () => number;
}

/**
 * How long a connection may idle and still be used again. Servers close theirs after 5 s (Node) to 75 s (nginx), and
 * a request that crosses with the close is an upload whose answer is lost: better to connect anew.
 */
const IDLE_MS = 3_000;
/** A connection is handed, and the limiter asked for, at most this much at once. */
const WRITE_BYTES = 256 * 1024;
const LIMITED_WRITE_BYTES = 16 * 1024;
/** Up to here the head and the body's first bytes go out in one write: one packet instead of two. */
const JOIN_BYTES = 16 * 1024;

/** Requests over kept-alive connections, as many as there are requests at once. */
export class Transport implements Disposable {
  readonly #options: TransportOptions;
  readonly #idle: Connection[] = [];
  readonly #fixedHead: string;
  readonly #pathPrefix: string;
  sentBytes = 0;

  constructor(options: TransportOptions) {
    this.#options = options;
    const { url, proxy } = options.route;
    const viaProxy = proxy !== null && url.protocol === "http:";
    const basePath = url.pathname.replace(/\/+$/, "");
    // A proxy for plain http is told the whole URL (RFC 9112, 3.2.2).
    this.#pathPrefix = viaProxy ? url.origin + basePath : basePath;
    this.#fixedHead = [
      `Host: ${url.host}`,
      `User-Agent: nodupe/${VERSION}`,
      "Accept: application/json",
      "Accept-Encoding: identity",
      `X-Tanova-API-Key: ${options.apiKey}`,
      ...(viaProxy && proxy.authorization !== null ? [`Proxy-Authorization: ${proxy.authorization}`] : []),
    ].join("\r\n");
  }

  [Symbol.dispose](): void {
    for (const connection of this.#idle.splice(0)) connection.destroy("done with");
  }

  /** Never throws for what a network, a server or a changing file does. */
  async exchange(request: Request, signal: AbortSignal): Promise<Exchange> {
    const kept = this.#takeIdle();
    if (kept !== null) {
      const result = await this.#attempt(request, kept, signal);
      // What the server had closed already took nothing in: once more on a connection of its own.
      const again = result.type === "lost" && kept.unanswered && (request.safe || !result.whole);
      if (!again || signal.aborted) return result;
    }
    try {
      const { route, connectTimeoutMs } = this.#options;
      const fresh = await Connection.open(route, connectTimeoutMs, signal);
      return await this.#attempt(request, fresh, signal);
    } catch (error) {
      if (!(error instanceof ConnectionLost)) throw error;
      return { type: "lost", reason: error.message, whole: false, refusedBy: error.refusedBy };
    }
  }

  #takeIdle(): Connection | null {
    for (let last = this.#idle.pop(); last !== undefined; last = this.#idle.pop()) {
      if (last.alive && last.unanswered && this.#options.now() - last.idleSinceMs < IDLE_MS) {
        last.reuse();
        return last;
      }
      last.destroy("idle for too long");
    }
    return null;
  }

  async #attempt(request: Request, connection: Connection, signal: AbortSignal): Promise<Exchange> {
    const onAbort = (): void => connection.destroy("stopped");
    const { timeoutMs } = request;
    const timer =
      timeoutMs === undefined
        ? undefined
        : setTimeout(() => connection.destroy(`no answer within ${timeoutMs / 1_000} s`), timeoutMs);
    signal.addEventListener("abort", onAbort, { once: true });
    const progress = { whole: false };
    try {
      if (signal.aborted) throw new ConnectionLost("stopped");
      await this.#send(request, connection, progress, signal);
      const answer = await connection.answer(this.#options.silenceTimeoutMs);
      // An answer to half a request leaves the rest of it unsent: that connection is done with.
      if (!progress.whole) connection.destroy("answered early");
      connection.release(this.#options.now());
      if (connection.alive) this.#idle.push(connection);
      return { type: "answer", answer, whole: progress.whole };
    } catch (error) {
      connection.destroy(messageOf(error));
      if (error instanceof ConnectionLost) {
        return { type: "lost", reason: error.message, whole: progress.whole, refusedBy: error.refusedBy };
      }
      if (error instanceof ContentChanged) {
        return { type: "changed", checksum: error.checksum, reason: error.message };
      }
      if (error instanceof ContentUnreadable) return { type: "unreadable", reason: error.message };
      throw error;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
    }
  }

  async #send(
    request: Request,
    connection: Connection,
    progress: { whole: boolean },
    signal: AbortSignal,
  ): Promise<void> {
    const { body, headers } = request;
    const lines = [`${request.method} ${this.#pathPrefix}${request.path} HTTP/1.1`, this.#fixedHead];
    for (const [name, value] of Object.entries(headers ?? {})) lines.push(`${name}: ${value}`);
    if (body !== undefined) lines.push(`Content-Type: ${body.contentType}`, `Content-Length: ${body.length}`);
    let ahead: Buffer | null = Buffer.from(`${lines.join("\r\n")}\r\n\r\n`);
    let left = body?.length ?? 0;

    await body?.send(async (bytes) => {
      if (bytes.length > left) throw new RangeError("Cannot send more than Content-Length says");
      let rest = bytes;
      if (ahead !== null) {
        if (ahead.length + bytes.length <= JOIN_BYTES) rest = Buffer.concat([ahead, bytes]);
        else if (!(await this.#write(connection, ahead, request, signal))) return false;
        ahead = null;
      }
      if (!(await this.#write(connection, rest, request, signal))) return false;
      left -= bytes.length;
      return true;
    });
    const handedOver = ahead === null || (await this.#write(connection, ahead, request, signal));
    progress.whole = handedOver && left === 0;
  }

  async #write(
    connection: Connection,
    bytes: Uint8Array,
    request: Request,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { silenceTimeoutMs } = this.#options;
    const bandwidth = request.isUpload === true ? this.#options.bandwidth : undefined;
    const step = bandwidth === undefined ? WRITE_BYTES : LIMITED_WRITE_BYTES;
    for (let offset = 0; offset < bytes.length; offset += step) {
      const piece = bytes.subarray(offset, offset + step);
      if (bandwidth !== undefined) await bandwidth.take(piece.length, signal);
      if (!(await connection.write(piece, silenceTimeoutMs))) return false;
      if (request.isUpload === true) this.sentBytes += piece.length;
      // A network that takes all at once must not keep an early refusal (413) from being read.
      if (piece.length === WRITE_BYTES) await nextTurn();
    }
    return true;
  }
}
