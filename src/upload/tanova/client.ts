import { Failure } from "../../lib/errors.ts";
import {
  type Bandwidth,
  type Exchange,
  HttpClient,
  type Request,
  type RequestBody,
} from "../../lib/http/client.ts";
import { routeTo } from "../../lib/http/route.ts";
import { VERSION } from "../../lib/version.ts";
import { batchOutcome, idempotencyKey, isNotOffered } from "./batch.ts";
import { healthOutcome } from "./health.ts";
import { checkOutcome, parseObject, uploadOutcome } from "./interpret.ts";
import { batchBody, jsonBody, uploadBody } from "./request-body.ts";
import type {
  BatchOffer,
  BatchOutcome,
  BulkCheckOffer,
  CheckOutcome,
  ClientOptions,
  HealthOutcome,
  TanovaClient,
  UploadItem,
  UploadOutcome,
} from "./types.ts";

class Client implements TanovaClient {
  readonly #http: HttpClient;
  readonly #apiKey: string;
  readonly #checkTimeoutMs: number;
  readonly #now: () => number;
  readonly #bandwidth: Bandwidth | undefined;
  sentBytes = 0;
  #batch: BatchOffer | null = null;
  #bulkCheck: BulkCheckOffer | null = null;

  constructor(options: ClientOptions) {
    if (!/^[\x21-\x7e]+$/.test(options.apiKey)) {
      throw new Failure(
        "usage",
        "the API key holds a space, a line end or a letter beyond ASCII; expected tanova_sk_…",
      );
    }
    this.#apiKey = options.apiKey;
    this.#checkTimeoutMs = options.checkTimeoutMs;
    this.#now = options.now ?? Date.now;
    this.#bandwidth = options.bandwidth;
    this.#http = new HttpClient({
      route: routeTo({ url: options.url, what: "the API's URL", proxy: options.proxy, ca: options.ca }),
      headers: {
        "User-Agent": `nodupe/${VERSION}`,
        Accept: "application/json",
        "Accept-Encoding": "identity",
        "X-Tanova-API-Key": options.apiKey,
      },
      connectTimeoutMs: options.connectTimeoutMs,
      silenceTimeoutMs: options.silenceTimeoutMs,
      now: this.#now,
    });
  }

  [Symbol.dispose](): void {
    this.#http[Symbol.dispose]();
  }

  withoutBatch(): void {
    this.#batch = null;
  }

  async health(signal: AbortSignal): Promise<HealthOutcome> {
    const request = {
      method: "GET",
      path: "/api/sync/health",
      safe: true,
      timeoutMs: this.#checkTimeoutMs,
    } as const;
    const exchange = await this.#http.exchange(request, signal);
    const outcome = healthOutcome(exchange, this.#apiKey, this.#now());
    if (outcome.type === "healthy") {
      this.#batch = outcome.health.batch;
      this.#bulkCheck = outcome.health.bulkCheck;
    }
    return outcome;
  }

  async check(checksum: string, signal: AbortSignal): Promise<CheckOutcome> {
    const exchange = await this.#ask("/api/sync/check-duplicate", { checksum }, signal);
    return checkOutcome(exchange, this.#apiKey, this.#now());
  }

  async checkMany(checksums: readonly string[], signal: AbortSignal): Promise<ReadonlySet<string> | null> {
    const there = new Set<string>();
    const offer = this.#bulkCheck;
    if (offer === null) return null;
    for (let start = 0; start < checksums.length; start += offer.maxItems) {
      const asked = new Set(checksums.slice(start, start + offer.maxItems));
      const exchange = await this.#ask(offer.path, { checksums: [...asked] }, signal);
      const answer = exchange.type === "answer" ? exchange.answer : null;
      if (answer !== null && isNotOffered(answer.status)) this.#bulkCheck = null;
      const exists = answer?.status === 200 ? parseObject(answer.text)?.["exists"] : undefined;
      if (!Array.isArray(exists)) return null;
      for (const value of exists as readonly unknown[]) {
        if (typeof value === "string" && asked.has(value.toLowerCase())) there.add(value.toLowerCase());
      }
    }
    return there;
  }

  async upload(item: UploadItem, signal: AbortSignal): Promise<UploadOutcome> {
    const exchange = await this.#send({ path: "/api/sync/upload", body: uploadBody(item) }, signal);
    return uploadOutcome(exchange, this.#apiKey, this.#now());
  }

  async uploadBatch(items: readonly UploadItem[], signal: AbortSignal): Promise<BatchOutcome> {
    const offer = this.#batch;
    if (offer === null) return { type: "not-offered", status: 404 };
    const totalBytes = items.reduce((sum, item) => sum + item.sizeBytes, 0);
    if (items.length > offer.maxItems || totalBytes > offer.maxBytes) return { type: "too-large" };
    const checksums = items.map((item) => item.checksum);
    const exchange = await this.#send(
      {
        path: offer.path,
        headers: { "Idempotency-Key": idempotencyKey(checksums) },
        body: batchBody(items),
      },
      signal,
    );
    const outcome = batchOutcome(exchange, new Set(checksums), this.#apiKey, this.#now());
    if (outcome.type === "not-offered") this.#batch = null;
    return outcome;
  }

  /** Sends something to be stored: its bytes are counted, and throttled by the bandwidth limit. */
  #send(
    upload: Pick<Request, "path" | "headers"> & { readonly body: RequestBody },
    signal: AbortSignal,
  ): Promise<Exchange> {
    const onSent = (bytes: number): void => {
      this.sentBytes += bytes;
    };
    const { path, headers = {}, body } = upload;
    const request = {
      method: "POST",
      path,
      headers,
      body,
      safe: false,
      bandwidth: this.#bandwidth,
      onSent,
    } as const;
    return this.#http.exchange(request, signal);
  }

  /** Sends a request that changes nothing. */
  async #ask(path: string, question: unknown, signal: AbortSignal): Promise<Exchange> {
    return await this.#http.exchange(
      { method: "POST", path, body: jsonBody(question), safe: true, timeoutMs: this.#checkTimeoutMs },
      signal,
    );
  }
}

/** Throws a usage failure for a URL, a key or a proxy that cannot be used. */
export function createTanovaClient(options: ClientOptions): TanovaClient {
  return new Client(options);
}
