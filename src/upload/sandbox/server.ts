import { isLoopback } from "../../lib/http/host.ts";
import { wait } from "../../lib/wait.ts";
import { Contents } from "./contents.ts";
import { drawFault, type Fault, faultName, type FaultPlan } from "./faults.ts";
import { boundaryOf, readForm } from "./form-reader.ts";
import { CutOff, type HttpServer, type IncomingRequest, listenHttp, type Reply } from "./http-server.ts";
import { errorReply, failureOf, inManner, isTakenIn } from "./faulty-reply.ts";
import { json, refusal } from "./replies.ts";
import {
  acceptedOf,
  bulkCheckReply,
  checkReply,
  readBatch,
  readOne,
  replyTo,
  type Intake,
} from "./uploads.ts";

export interface SandboxOptions {
  readonly hostname?: string;
  /** 0 for any free port. */
  readonly port?: number;
  /** How long each answer takes. */
  readonly latencyMs?: number;
  /**
   * How long an upload is processed, or a function that decides it for each; by default as long as an answer takes.
   * Only after that can checks find the content, and is the upload answered.
   */
  readonly processingMs?: number | (() => number);
  readonly faults?: FaultPlan;
  /** Offers batch uploads and bulk checks. */
  readonly batch?: boolean;
  /** Refuses contents it already has with 409 (the default); otherwise stores them again. */
  readonly refusesDuplicates?: boolean;
  /** The status for stored uploads. */
  readonly statusCreated?: 200 | 201;
  /** Uploads beyond this many at once are refused with 429. */
  readonly maxInFlight?: number;
  /** The value of `Retry-After` with 429 and 503, in seconds (1 by default); null to omit it. */
  readonly retryAfterS?: number | null;
  readonly apiKey?: string;
  /** Uniform in [0, 1): decides which requests fail, and how. */
  readonly random?: () => number;
  /** A file that keeps what is stored across restarts. */
  readonly store?: string;
  /** PEM texts, to serve https. */
  readonly tls?: { readonly cert: string; readonly key: string };
}

/** Counts since the start. */
interface SandboxStats {
  readonly stored: number;
  /** Whole uploads of a content that had been received before: 0 if each was sent exactly once. */
  readonly repeats: number;
  readonly requests: {
    readonly health: number;
    readonly check: number;
    readonly bulk_check: number;
    readonly upload: number;
    readonly batch: number;
  };
  readonly faults: Readonly<Record<string, number>>;
  readonly uploads_in_flight_peak: number;
  readonly received_bytes: number;
  readonly connections: number;
}

export interface Sandbox {
  readonly url: string;
  readonly apiKey: string;
  /** Checksum → how often it was received in whole. */
  stored(): Map<string, number>;
  stats(): SandboxStats;
  stop(): void;
  [Symbol.dispose](): void;
}

const PATHS = {
  "/api/sync/health": "health",
  "/api/sync/check-duplicate": "check",
  "/api/sync/check-duplicates": "bulk_check",
  "/api/sync/upload": "upload",
  "/api/sync/upload-batch": "batch",
} as const satisfies Readonly<Record<string, keyof SandboxStats["requests"]>>;

type Call = (typeof PATHS)[keyof typeof PATHS];

const BATCH_LIMITS = { maxItems: 100, maxBytes: 64 * 1024 * 1024 };
const BULK_CHECK_ITEMS = 1_000;
const MAX_QUESTION_BYTES = 1024 * 1024;

function callOf(path: string): Call | null {
  for (const [known, call] of Object.entries(PATHS)) if (known === path) return call;
  return null;
}

function randomKey(): string {
  return `tanova_sk_sandbox_${Buffer.from(crypto.getRandomValues(new Uint8Array(12))).toString("hex")}`;
}

/** Passes on at most `bytes` of a body, then cuts the connection; if the body is no longer than that, after its end. */
async function* cutAfter(body: AsyncIterable<Uint8Array>, bytes: number): AsyncGenerator<Uint8Array> {
  let left = bytes;
  for await (const piece of body) {
    left -= piece.length;
    if (left < 0) break;
    yield piece;
  }
  throw new CutOff("reset on purpose");
}

async function readQuestion(body: AsyncIterable<Uint8Array>): Promise<string> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of body) {
    bytes += piece.length;
    if (bytes > MAX_QUESTION_BYTES) throw new CutOff("a question is too long");
    pieces.push(Buffer.from(piece));
  }
  return Buffer.concat(pieces).toString("utf8");
}

class Server implements Sandbox {
  readonly url: string;
  readonly apiKey: string;
  readonly #options: SandboxOptions;
  readonly #random: () => number;
  readonly #contents: Contents;
  readonly #stopping = new AbortController();
  readonly #listener: HttpServer;
  readonly #requests: Record<Call, number> = { health: 0, check: 0, bulk_check: 0, upload: 0, batch: 0 };
  readonly #faults = new Map<string, number>();
  #inFlight = 0;
  #inFlightPeak = 0;
  #receivedBytes = 0;

  private constructor(options: SandboxOptions, contents: Contents, listener: HttpServer, url: string) {
    this.#options = options;
    this.#random = options.random ?? Math.random;
    this.apiKey = options.apiKey ?? randomKey();
    this.#contents = contents;
    this.#listener = listener;
    this.url = url;
  }

  static async start(options: SandboxOptions): Promise<Server> {
    const contents = new Contents(options.store ?? null);
    const hostname = options.hostname ?? "127.0.0.1";
    const ready = Promise.withResolvers<Server>();
    const listener = await listenHttp({
      hostname,
      port: options.port ?? 0,
      ...(options.tls === undefined ? {} : { tls: options.tls }),
      answer: async (request) => (await ready.promise).#answer(request),
    }).catch((error: unknown) => {
      contents[Symbol.dispose]();
      throw error;
    });
    const scheme = options.tls === undefined ? "http" : "https";
    const url = `${scheme}://${hostname.includes(":") ? `[${hostname}]` : hostname}:${listener.port}`;
    const server = new Server(options, contents, listener, url);
    ready.resolve(server);
    return server;
  }

  stored(): Map<string, number> {
    return this.#contents.counts();
  }

  stats(): SandboxStats {
    return {
      stored: this.#contents.size,
      repeats: this.#contents.repeats,
      requests: { ...this.#requests },
      faults: Object.fromEntries(this.#faults),
      uploads_in_flight_peak: this.#inFlightPeak,
      received_bytes: this.#receivedBytes,
      connections: this.#listener.connections,
    };
  }

  stop(): void {
    if (this.#stopping.signal.aborted) return;
    this.#stopping.abort();
    this.#listener.stop();
    this.#contents[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  async #answer(request: IncomingRequest): Promise<Reply> {
    if (request.path.startsWith("/sandbox/") && isLoopback(request.remoteAddress.replace(/^::ffff:/, ""))) {
      if (request.path === "/sandbox/stats") return json(200, this.stats());
      if (request.path === "/sandbox/stored") {
        return json(200, Object.fromEntries(this.#contents.counts()));
      }
    }
    const call = callOf(request.path);
    const isOffered = this.#options.batch === true || (call !== "batch" && call !== "bulk_check");
    if (call === null || !isOffered) return refusal(404, "there is no such path");
    this.#requests[call] += 1;
    if (request.method !== (call === "health" ? "GET" : "POST")) {
      return refusal(405, `${request.method} is not for this path`);
    }
    if (request.headers["x-tanova-api-key"] !== this.apiKey) return refusal(401, "Invalid API key");
    switch (call) {
      case "health":
        return json(200, this.#health());
      case "check":
        return await this.#question(request, (asked) => checkReply(asked, this.#contents));
      case "bulk_check":
        return await this.#question(request, (asked) =>
          bulkCheckReply(asked, this.#contents, BULK_CHECK_ITEMS),
        );
      case "upload":
      case "batch":
        return await this.#upload(call, request);
    }
  }

  #health(): unknown {
    const capabilities = {
      batch: { path: "/api/sync/upload-batch", ...BATCH_LIMITS },
      checkDuplicates: { path: "/api/sync/check-duplicates", maxItems: BULK_CHECK_ITEMS },
    };
    return {
      success: true,
      authenticated: true,
      message: "ok",
      agency: "Sandbox",
      permissions: { canUpload: true, canRead: true },
      ...(this.#options.batch === true ? { capabilities } : {}),
    };
  }

  async #question(request: IncomingRequest, reply: (asked: unknown) => Reply): Promise<Reply> {
    const { fault, body } = this.#draw(request);
    const text = await readQuestion(body);
    if (fault?.type === "lostack") throw new CutOff("the answer is lost on purpose");
    await this.#takeTime(this.#options.latencyMs);
    const failure = fault === null ? null : failureOf(fault, this.#options.retryAfterS);
    if (failure !== null) return failure;
    try {
      return inManner(reply(JSON.parse(text)), fault);
    } catch (error) {
      if (error instanceof SyntaxError) return refusal(400, "the question is not JSON");
      throw error;
    }
  }

  async #upload(call: "upload" | "batch", request: IncomingRequest): Promise<Reply> {
    const boundary = boundaryOf(request.headers["content-type"]);
    if (boundary === null) return refusal(400, "expected multipart/form-data");
    this.#inFlight += 1;
    this.#inFlightPeak = Math.max(this.#inFlightPeak, this.#inFlight);
    const isTooMany = this.#inFlight > (this.#options.maxInFlight ?? Infinity);
    try {
      const { fault, body } = this.#draw(request);
      const form = await readForm(this.#counted(body), boundary);
      if (isTooMany) return errorReply({ status: 429, retryAfter: null }, this.#options.retryAfterS);
      const intake = call === "upload" ? readOne(form) : readBatch(form, BATCH_LIMITS);
      if (fault === null || fault.type === "gzip" || fault.type === "trickle")
        return inManner(await this.#store(intake), fault);
      // A received upload is processed even if nobody waits for it.
      if (isTakenIn(fault, this.#random)) void this.#store(intake);
      if (fault.type === "lostack") throw new CutOff("the answer is lost on purpose");
      await this.#takeTime(this.#options.latencyMs);
      return failureOf(fault, this.#options.retryAfterS) ?? refusal(500, "no fault");
    } finally {
      this.#inFlight -= 1;
    }
  }

  /** Draws a fault for a request. A reset comes at any byte of the body, or after the last one. */
  #draw(request: IncomingRequest): { fault: Fault | null; body: AsyncIterable<Uint8Array> } {
    const fault = drawFault(this.#options.faults ?? [], this.#random);
    if (fault === null) return { fault, body: request.body };
    this.#faults.set(faultName(fault), (this.#faults.get(faultName(fault)) ?? 0) + 1);
    if (fault.type !== "reset") return { fault, body: request.body };
    const length = Number(request.headers["content-length"] ?? 0);
    return { fault, body: cutAfter(request.body, Math.floor(this.#random() * (length + 1))) };
  }

  async *#counted(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const piece of body) {
      this.#receivedBytes += piece.length;
      yield piece;
    }
  }

  /** Stores an intake, and replies when its processing has ended. */
  async #store(intake: Intake): Promise<Reply> {
    const { processingMs, latencyMs, refusesDuplicates, statusCreated } = this.#options;
    const accepted = acceptedOf(intake);
    const isKnown = (checksum: string): boolean =>
      refusesDuplicates !== false && this.#contents.has(checksum);
    const known = new Set(accepted.filter(isKnown));
    for (const checksum of accepted) this.#contents.take(checksum);
    await this.#takeTime((typeof processingMs === "function" ? processingMs() : processingMs) ?? latencyMs);
    if (!this.#stopping.signal.aborted) for (const checksum of accepted) this.#contents.show(checksum);
    return replyTo(intake, known, statusCreated ?? 200);
  }

  async #takeTime(ms = 0): Promise<void> {
    if (ms > 0) await wait(ms, this.#stopping.signal);
  }
}

/**
 * A Tanova-compatible API on this machine: every call of the protocol, contents kept as checksums only, faults on
 * demand. `GET /sandbox/stats` and `/sandbox/stored` return its counts, to loopback only.
 *
 * @throws the system's error if it cannot listen there (EADDRINUSE, EADDRNOTAVAIL) or `store` cannot be written.
 */
export function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  return Server.start(options);
}
