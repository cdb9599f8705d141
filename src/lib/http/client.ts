import { messageOf } from "../errors.ts";
import { nextTurn } from "../wait.ts";
import { Connection, type Answer, type Route, type WholeAnswer } from "./connection.ts";
import { ConnectionLost } from "./connection-lost.ts";
import { inPlace, type Piece, without } from "./pieces.ts";

/** Sends bytes; resolves to false if no more are wanted because an answer has already come. */
export type Sink = (bytes: Uint8Array) => Promise<boolean>;

export interface RequestBody {
  readonly contentType: string;
  readonly length: number;
  /** May be called again for a retry. Throws BodyWithdrawn before the last bytes are sent. */
  send(sink: Sink): Promise<void>;
  /** The whole body, if it is in memory and nothing has to be asked before its last byte; otherwise null. */
  pieces?(): readonly Piece[] | null;
}

/** The body cannot or must not be sent: the request is cut off before its last byte. */
export class BodyWithdrawn extends Error {
  override readonly name: string = "BodyWithdrawn";
}

/** A limit in bytes per second, shared by requests. */
export interface Bandwidth {
  /** Resolves when `bytes` more may be sent; at once if the signal aborts. */
  take(bytes: number, signal: AbortSignal): Promise<void>;
}

export interface Request {
  readonly method: "GET" | "POST";
  /** Below the base URL, with a leading slash. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: RequestBody;
  /** The request changes nothing on the server, so it is repeated if a kept-alive connection turns out dead. */
  readonly safe: boolean;
  /**
   * For the whole exchange. Without it the exchange ends only by silence or by an answer that is not completed in time.
   */
  readonly timeoutMs?: number;
  /** Limits the sending rate. */
  readonly bandwidth?: Bandwidth | undefined;
  /** Called with the number of bytes handed to the network. */
  readonly onSent?: (bytes: number) => void;
}

export type Exchange<A extends Answer = Answer> =
  /** `whole`: the request was handed over to its last byte. */
  | { readonly type: "answer"; readonly answer: A; readonly whole: boolean }
  | { readonly type: "lost"; readonly error: ConnectionLost; readonly whole: boolean }
  | { readonly type: "withdrawn"; readonly error: BodyWithdrawn };

export interface HttpClientOptions {
  readonly route: Route;
  /** Sent with every request. */
  readonly headers: Readonly<Record<string, string>>;
  readonly connectTimeoutMs: number;
  /** A request fails if no byte is sent or received for this long. */
  readonly silenceTimeoutMs: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/**
 * How long a connection may idle and still be reused. Servers close idle ones after 5 s (Node) to 75 s (nginx),
 * and if a request crosses with the close, its answer is lost: better to open a new connection.
 */
const IDLE_MS = 3_000;
/** The most that is handed to a connection, or asked of the limiter, at once. */
const WRITE_BYTES = 256 * 1024;
const LIMITED_WRITE_BYTES = 16 * 1024;
/** Up to this size the first parts of a request are copied to go out in one write: one packet instead of three. */
const JOIN_BYTES = 16 * 1024;
/** An answer must be complete within this many times the allowed silence, however slowly its bytes come. */
const ANSWER_SILENCES = 2;

/** Sends requests over kept-alive connections, as many as there are concurrent requests. */
export class HttpClient implements Disposable {
  readonly #options: HttpClientOptions;
  readonly #idle: Connection[] = [];
  readonly #fixedHead: string;
  readonly #pathPrefix: string;
  /** Where short pieces are joined. */
  readonly #joined = Buffer.allocUnsafeSlow(JOIN_BYTES);
  /** Buffers of JOIN_BYTES each: as many as longer requests were ever being begun at once. */
  readonly #spare: Buffer[] = [];
  /** The connections to destroy when a signal aborts: one listener for each signal, not for each request. */
  readonly #inUse = new WeakMap<AbortSignal, Set<Connection>>();

  constructor(options: HttpClientOptions) {
    this.#options = options;
    const { url, proxy } = options.route;
    const isProxied = proxy !== null && url.protocol === "http:";
    const basePath = url.pathname.replace(/\/+$/, "");
    // A proxy for plain http needs the whole URL in the request line (RFC 9112, 3.2.2).
    this.#pathPrefix = isProxied ? url.origin + basePath : basePath;
    this.#fixedHead = [
      `Host: ${url.host}`,
      ...headerLines(options.headers),
      ...(isProxied && proxy.authorization !== null ? [`Proxy-Authorization: ${proxy.authorization}`] : []),
    ].join("\r\n");
  }

  [Symbol.dispose](): void {
    for (const connection of this.#idle.splice(0)) connection.destroy("done with");
  }

  /** Never throws because of the network, the server or a withdrawn body. */
  async exchange(request: Request, signal: AbortSignal): Promise<Exchange<WholeAnswer>> {
    const kept = this.#takeIdle();
    if (kept !== null) {
      const result = await this.#attempt(request, kept, signal);
      // A connection that the server had already closed took nothing in: try once more on a new one.
      const isUntaken = result.type === "lost" && kept.unanswered && (request.safe || !result.whole);
      if (!isUntaken || signal.aborted) return result;
    }
    try {
      const { route, connectTimeoutMs } = this.#options;
      const fresh = await Connection.open(route, connectTimeoutMs, signal);
      return await this.#attempt(request, fresh, signal);
    } catch (error) {
      if (!(error instanceof ConnectionLost)) throw error;
      return { type: "lost", error, whole: false };
    }
  }

  #takeIdle(): Connection | null {
    for (let last = this.#idle.pop(); last !== undefined; last = this.#idle.pop()) {
      const { idleSinceMs } = last;
      if (idleSinceMs !== null && this.#options.now() - idleSinceMs < IDLE_MS) return last;
      last.destroy("idle for too long");
    }
    return null;
  }

  async #attempt(
    request: Request,
    connection: Connection,
    signal: AbortSignal,
  ): Promise<Exchange<WholeAnswer>> {
    const inUse = this.#inUseUnder(signal);
    inUse.add(connection);
    let whole = false;
    try {
      if (signal.aborted) throw new ConnectionLost("stopped");
      connection.begin(request.timeoutMs);
      const head = this.#headOf(request);
      const pieces = piecesOf(request);
      if (pieces === null) whole = await this.#sendLong(head, request, connection, signal);
      else {
        const sending = this.#sendHeld([{ bytes: head }, ...pieces], request, connection, signal);
        whole = typeof sending === "boolean" ? sending : await sending;
      }
      const { silenceTimeoutMs } = this.#options;
      if (request.timeoutMs === undefined) connection.endWithin(ANSWER_SILENCES * silenceTimeoutMs);
      const answer = await connection.answer(silenceTimeoutMs);
      // The server answered before the whole request was sent: the connection cannot be reused.
      if (!whole) connection.destroy("answered early");
      connection.release(this.#options.now());
      if (connection.idleSinceMs !== null) this.#idle.push(connection);
      return { type: "answer", answer, whole };
    } catch (error) {
      connection.destroy(messageOf(error));
      if (error instanceof ConnectionLost) return { type: "lost", error, whole };
      if (error instanceof BodyWithdrawn) return { type: "withdrawn", error };
      throw error;
    } finally {
      inUse.delete(connection);
    }
  }

  #inUseUnder(signal: AbortSignal): Set<Connection> {
    const known = this.#inUse.get(signal);
    if (known !== undefined) return known;
    const inUse = new Set<Connection>();
    this.#inUse.set(signal, inUse);
    const destroyAll = (): void => {
      for (const connection of inUse) connection.destroy("stopped");
    };
    signal.addEventListener("abort", destroyAll, { once: true });
    return inUse;
  }

  #headOf({ method, path, headers, body }: Request): Buffer {
    let head = `${method} ${this.#pathPrefix}${path} HTTP/1.1\r\n${this.#fixedHead}\r\n`;
    if (headers !== undefined) for (const line of headerLines(headers)) head += `${line}\r\n`;
    if (body !== undefined) head += `Content-Type: ${body.contentType}\r\nContent-Length: ${body.length}\r\n`;
    return Buffer.from(`${head}\r\n`);
  }

  /**
   * Sends a request that is in memory: nearly every upload, and every check. Without a promise, if the network takes it
   * at once. Returns whether it was handed over to its last byte.
   */
  #sendHeld(
    pieces: readonly Piece[],
    request: Request,
    connection: Connection,
    signal: AbortSignal,
  ): boolean | Promise<boolean> {
    let left = pieces;
    while (left.length > 0) {
      const bytes = this.#firstOf(left);
      // A network that takes everything at once must not keep us from reading an early refusal.
      if (bytes.length > WRITE_BYTES) return this.#sendLeft(left, request, connection, signal);
      const sent = connection.writeNow(bytes, 0);
      if (sent === null) return false;
      request.onSent?.(sent);
      left = without(left, sent);
      if (sent < bytes.length) return this.#sendLeft(left, request, connection, signal);
    }
    return true;
  }

  /** As many of the first pieces as can be joined; otherwise the first one. */
  #firstOf(pieces: readonly Piece[]): Uint8Array {
    const whole = inPlace(pieces, WRITE_BYTES);
    if (whole !== null) return whole;
    let joined = 0;
    for (const { bytes } of pieces) {
      if (joined + bytes.length > JOIN_BYTES) break;
      this.#joined.set(bytes, joined);
      joined += bytes.length;
    }
    const [first] = pieces;
    return joined > 0 || first === undefined ? this.#joined.subarray(0, joined) : first.bytes;
  }

  async #sendLeft(
    pieces: readonly Piece[],
    request: Request,
    connection: Connection,
    signal: AbortSignal,
  ): Promise<boolean> {
    for (const { bytes, onHandedOver } of pieces) {
      if (!(await this.#write(connection, bytes, request, signal))) return false;
      onHandedOver?.();
    }
    return true;
  }

  /**
   * Sends a request whose body comes as it is read, or is slowed down. Its head and the first bytes of its body go out
   * together. Returns whether it was handed over to its last byte.
   */
  async #sendLong(
    head: Buffer,
    request: Request,
    connection: Connection,
    signal: AbortSignal,
  ): Promise<boolean> {
    const joined = this.#spare.pop() ?? Buffer.allocUnsafeSlow(JOIN_BYTES);
    try {
      return await this.#sendJoined(head, joined, request, connection, signal);
    } finally {
      this.#spare.push(joined);
    }
  }

  /** Collects the first bytes in `joined`. */
  async #sendJoined(
    head: Buffer,
    joined: Buffer,
    request: Request,
    connection: Connection,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { body } = request;
    let left = body?.length ?? 0;
    let held = 0;
    const flush = async (): Promise<boolean> => {
      const bytes = joined.subarray(0, held);
      held = 0;
      return bytes.length === 0 || (await this.#write(connection, bytes, request, signal));
    };
    /** Nothing is collected once something has gone out, so that content is not copied needlessly. */
    let isJoining = true;
    const send = async (bytes: Uint8Array): Promise<boolean> => {
      if (isJoining && held + bytes.length <= JOIN_BYTES) {
        joined.set(bytes, held);
        held += bytes.length;
        return true;
      }
      isJoining = false;
      return (await flush()) && (await this.#write(connection, bytes, request, signal));
    };
    if (!(await send(head))) return false;
    await body?.send(async (bytes) => {
      if (bytes.length > left) throw new RangeError("Cannot send more than Content-Length says");
      if (!(await send(bytes))) return false;
      left -= bytes.length;
      return true;
    });
    return (await flush()) && left === 0;
  }

  async #write(
    connection: Connection,
    bytes: Uint8Array,
    { bandwidth, onSent }: Request,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { silenceTimeoutMs } = this.#options;
    const step = bandwidth === undefined ? WRITE_BYTES : LIMITED_WRITE_BYTES;
    for (let offset = 0; offset < bytes.length; offset += step) {
      const piece = bytes.subarray(offset, offset + step);
      if (bandwidth !== undefined) await bandwidth.take(piece.length, signal);
      if (!(await connection.write(piece, silenceTimeoutMs))) return false;
      onSent?.(piece.length);
      // A network that takes everything at once must not keep us from reading an early refusal (413).
      if (piece.length === WRITE_BYTES) await nextTurn();
    }
    return true;
  }
}

/** The body of a request in memory, which is sent at once; null if it is another. */
function piecesOf({ body, bandwidth }: Request): readonly Piece[] | null {
  if (bandwidth !== undefined) return null;
  return body === undefined ? [] : (body.pieces?.() ?? null);
}

function headerLines(headers: Readonly<Record<string, string>>): string[] {
  return Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
}
