import { isLoopback } from "../tanova/proxy.ts";
import { wait } from "../../lib/wait.ts";
import { Contents } from "./contents.ts";
import { drawFault, faultName, type Fault, type FaultPlan } from "./faults.ts";
import { listenHttp, type IncomingRequest, type Receiver, type Reply } from "./http-server.ts";
import { boundaryOf } from "./multipart-reader.ts";
import { FormReceiver } from "./received.ts";
import { HTML_ERROR, json, refusal } from "./replies.ts";
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
  /** 0 for any that is free. */
  readonly port?: number;
  /** How long each answer takes; a content is found by checks only when its processing has ended. */
  readonly latencyMs?: number;
  readonly faults?: FaultPlan;
  /** Offers uploads in batches and checks in bulk. */
  readonly batch?: boolean;
  /** More uploads than this at once are refused with 429. */
  readonly maxInFlight?: number;
  /** What `Retry-After` says with 429 and 503, in seconds. */
  readonly retryAfterS?: number;
  readonly apiKey?: string;
  /** Uniform in [0, 1): decides which requests fail. */
  readonly random?: () => number;
  /** A file that keeps what is stored across restarts. */
  readonly store?: string;
  /** PEM texts: serves https. */
  readonly tls?: { readonly cert: string; readonly key: string };
}

/** Counts since the start. */
interface SandboxStats {
  readonly stored: number;
  /** Whole uploads of a content that had been taken in before: 0 where each was sent exactly once. */
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
  /** Checksum → how many times it was taken in whole. */
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

/** A receiver that lets the body pass, and replies. */
function replying(reply: () => Reply): Receiver {
  return { body: () => "go-on", end: () => Promise.resolve(reply()), abandon: () => {} };
}

class Server implements Sandbox {
  readonly url: string;
  readonly apiKey: string;
  readonly #options: SandboxOptions;
  readonly #contents: Contents;
  readonly #stopping = new AbortController();
  readonly #listener: ReturnType<typeof listenHttp>;
  readonly #requests: Record<Call, number> = { health: 0, check: 0, bulk_check: 0, upload: 0, batch: 0 };
  readonly #faults = new Map<string, number>();
  #inFlight = 0;
  #inFlightPeak = 0;
  #receivedBytes = 0;

  constructor(options: SandboxOptions) {
    this.#options = options;
    this.apiKey = options.apiKey ?? randomKey();
    this.#contents = new Contents(options.store ?? null);
    const hostname = options.hostname ?? "127.0.0.1";
    this.#listener = listenHttp({
      hostname,
      port: options.port ?? 0,
      ...(options.tls === undefined ? {} : { tls: options.tls }),
      receive: (request) => this.#receive(request),
    });
    const scheme = options.tls === undefined ? "http" : "https";
    this.url = `${scheme}://${hostname.includes(":") ? `[${hostname}]` : hostname}:${this.#listener.port}`;
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

  #receive(request: IncomingRequest): Receiver {
    if (request.path.startsWith("/sandbox/") && isLoopback(request.remoteAddress.replace(/^::ffff:/, ""))) {
      if (request.path === "/sandbox/stats") return replying(() => json(200, this.stats()));
      if (request.path === "/sandbox/stored") {
        return replying(() => json(200, Object.fromEntries(this.#contents.counts())));
      }
    }
    const call = callOf(request.path);
    const isOffered = this.#options.batch === true || (call !== "batch" && call !== "bulk_check");
    if (call === null || !isOffered) return replying(() => refusal(404, "there is no such path"));
    this.#requests[call] += 1;
    if (request.method !== (call === "health" ? "GET" : "POST")) {
      return replying(() => refusal(405, `${request.method} is not for this path`));
    }
    if (request.headers.get("x-tanova-api-key") !== this.apiKey) {
      return replying(() => refusal(401, "Invalid API key"));
    }
    switch (call) {
      case "health":
        return replying(() => json(200, this.#health()));
      case "check":
        return this.#question(call, request, (asked) => checkReply(asked, this.#contents));
      case "bulk_check":
        return this.#question(call, request, (asked) =>
          bulkCheckReply(asked, this.#contents, BULK_CHECK_ITEMS),
        );
      case "upload":
      case "batch":
        return this.#upload(call, request);
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

  #question(
    call: "check" | "bulk_check",
    request: IncomingRequest,
    reply: (asked: unknown) => Reply,
  ): Receiver {
    const pieces: Buffer[] = [];
    let bytes = 0;
    return this.#faulty(call, request, {
      body: (piece) => {
        bytes += piece.length;
        if (bytes > MAX_QUESTION_BYTES) return "cut";
        pieces.push(Buffer.from(piece));
        return "go-on";
      },
      end: async () => {
        await this.#latency();
        try {
          return reply(JSON.parse(Buffer.concat(pieces).toString("utf8")));
        } catch (error) {
          if (error instanceof SyntaxError) return refusal(400, "the question is not JSON");
          throw error;
        }
      },
      abandon: () => {},
    });
  }

  #upload(call: "upload" | "batch", request: IncomingRequest): Receiver {
    const boundary = boundaryOf(request.headers.get("content-type"));
    if (boundary === null) return replying(() => refusal(400, "expected multipart/form-data"));
    this.#inFlight += 1;
    this.#inFlightPeak = Math.max(this.#inFlightPeak, this.#inFlight);
    const isTooMany = this.#inFlight > (this.#options.maxInFlight ?? Infinity);
    const form = new FormReceiver(boundary);
    const leave = (): void => {
      this.#inFlight -= 1;
    };
    return this.#faulty(
      call,
      request,
      {
        body: (bytes) => {
          this.#receivedBytes += bytes.length;
          form.push(bytes);
          return "go-on";
        },
        end: async () => {
          if (isTooMany) return this.#error(429);
          return await this.#store(
            call === "upload" ? readOne(form.end()) : readBatch(form.end(), BATCH_LIMITS),
          );
        },
        abandon: () => {},
      },
      leave,
    );
  }

  /** Takes an intake in, and replies when its processing has ended. */
  async #store(intake: Intake): Promise<Reply> {
    const accepted = acceptedOf(intake);
    const known = new Set(accepted.filter((checksum) => this.#contents.has(checksum)));
    for (const checksum of accepted) this.#contents.take(checksum);
    await this.#latency();
    if (!this.#stopping.signal.aborted) for (const checksum of accepted) this.#contents.show(checksum);
    return replyTo(intake, known);
  }

  async #latency(): Promise<void> {
    const latencyMs = this.#options.latencyMs ?? 0;
    if (latencyMs > 0) await wait(latencyMs, this.#stopping.signal);
  }

  /** An error as a server gives it, with when to come back where that is usual. */
  #error(status: number): Reply {
    const headers =
      status === 429 || status === 503 ? { "Retry-After": String(this.#options.retryAfterS ?? 1) } : {};
    return refusal(status, `the sandbox answers ${status} on purpose`, headers);
  }

  /** Wraps a receiver with the fault that chance gives this request. `done` is called once, however it ends. */
  #faulty(call: Call, request: IncomingRequest, inner: Receiver, done: () => void = () => {}): Receiver {
    const random = this.#options.random ?? Math.random;
    const fault = drawFault(this.#options.faults ?? [], random);
    if (fault !== null) this.#faults.set(faultName(fault), (this.#faults.get(faultName(fault)) ?? 0) + 1);
    // A reset comes at any byte of the body, or after the last one.
    const length = Number(request.headers.get("content-length") ?? 0);
    let left = fault?.type === "reset" ? Math.floor(random() * (length + 1)) : Infinity;
    return {
      body: (bytes) => {
        left -= bytes.length;
        if (left < 0) return "cut";
        return inner.body(bytes);
      },
      end: async () => {
        const reply = await this.#end(call, fault, inner);
        done();
        return reply;
      },
      abandon: () => {
        inner.abandon();
        done();
      },
    };
  }

  async #end(call: Call, fault: Fault | null, inner: Receiver): Promise<Reply | "cut"> {
    switch (fault?.type) {
      case undefined:
        return await inner.end();
      case "reset":
        return "cut";
      case "lostack":
        // The connection goes at once; an upload is still worked on, as a server would that took it in whole.
        if (call === "upload" || call === "batch") void inner.end();
        return "cut";
      case "html":
        await this.#latency();
        return HTML_ERROR;
      case "status":
        await this.#latency();
        return this.#error(fault.status);
    }
  }
}

/**
 * A Tanova-compatible API on this machine: every call of the protocol, contents known by their checksum only, faults
 * on demand. `GET /sandbox/stats` and `/sandbox/stored` tell what it counted, to loopback alone.
 */
export function startSandbox(options: SandboxOptions = {}): Sandbox {
  return new Server(options);
}
