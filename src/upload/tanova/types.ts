import type { Bandwidth } from "../../lib/http/client.ts";
import type { ProxySettings } from "../../lib/http/proxy.ts";

/** A content ready to be sent. `body` can be opened again: a retry reads it anew. */
export interface UploadItem {
  /** SHA-256 of the content, lower-case hex. What is sent is hashed again where it comes from a file. */
  readonly checksum: string;
  /** Basename as it is on disk, in any script. */
  readonly filename: string;
  readonly jobHint: string | null;
  readonly email: string | null;
  readonly sizeBytes: number;
  /** Asked for anew each time that it is sent. */
  readonly body: UploadBody;
  /** Called when the network has taken the last of `bytes`; from then on `body` has to be the file. */
  readonly onHandedOver?: () => void;
  /** Asked before the request's last bytes go out; where it says no they do not, and nothing can be stored. */
  readonly mayFinish?: (() => Promise<boolean>) | null;
}

type UploadBody =
  /** Bytes that `checksum` was computed from; they are sent as they are and must not change meanwhile. */
  | { readonly type: "bytes"; readonly bytes: Uint8Array }
  /** A file that is read, hashed and sent in pieces. */
  | { readonly type: "file"; readonly path: string };

/** What one upload came to. `reason` is a line for people; it never holds the key. */
export type UploadOutcome =
  | { readonly type: "stored"; readonly candidateId: string | null }
  /** 409: the server says that it has this content already. */
  | { readonly type: "duplicate" }
  | Transient
  | Ambiguous
  | Permanent
  | Unauthorized
  | Misplaced
  /** The file is not what was hashed: the request was cut before its closing boundary, so nothing was stored. */
  | { readonly type: "changed"; readonly reason: string };

/** Certainly not stored: the server said so, or no whole request ever reached it. See outcome-rules.ts. */
export interface Transient {
  readonly type: "transient";
  readonly status: number | null;
  readonly reason: string;
  readonly retryAfterMs: number | null;
}

/** The whole request was sent and no clear answer came: the server may have it, or may still be at work on it. */
interface Ambiguous {
  readonly type: "ambiguous";
  readonly status: number | null;
  readonly reason: string;
  readonly retryAfterMs: number | null;
  /** The answer was a 2xx that is not the API's. */
  readonly isUnrecognised: boolean;
}

/** `status` is null where the request could not even be made, such as a file that cannot be read. */
interface Permanent {
  readonly type: "permanent";
  readonly status: number | null;
  readonly reason: string;
}

interface Unauthorized {
  readonly type: "unauthorized";
  readonly status: 401 | 403;
  readonly reason: string;
}

/** What answers there is not the API, or not yet again: nothing was stored, and no content is to blame. */
interface Misplaced {
  readonly type: "misplaced";
  readonly status: number;
  readonly reason: string;
}

/** An extension that the server offers: where it is (a path below the base URL), and its limits. */
export interface BatchOffer {
  readonly path: string;
  readonly maxItems: number;
  /** Of the whole request's file parts. */
  readonly maxBytes: number;
}

export interface BulkCheckOffer {
  readonly path: string;
  readonly maxItems: number;
}

export interface Health {
  readonly authenticated: boolean;
  readonly agency: string | null;
  readonly canUpload: boolean;
  readonly batch: BatchOffer | null;
  readonly bulkCheck: BulkCheckOffer | null;
}

export type HealthOutcome =
  | { readonly type: "healthy"; readonly health: Health }
  | Unauthorized
  /** No connection, a fault of the server, or an answer that is not the API's. */
  | {
      readonly type: "unreachable";
      readonly status: number | null;
      readonly reason: string;
      readonly retryAfterMs: number | null;
    };

export type BatchOutcome =
  /** By checksum; an item that the server said nothing about is missing and stays pending. */
  | { readonly type: "answered"; readonly results: ReadonlyMap<string, UploadOutcome> }
  /** 404, 405, 501: send singly; the client asks no more until it is told of an offer again. */
  | { readonly type: "not-offered"; readonly status: number }
  /** 413: nothing was stored; send half as many. */
  | { readonly type: "too-large" }
  | Transient
  | Ambiguous
  | Permanent
  | Unauthorized
  | Misplaced
  /** A file of the batch is not what was hashed: the request was cut, nothing was stored; send the others again. */
  | { readonly type: "changed"; readonly checksum: string; readonly reason: string };

export type CheckOutcome =
  | "there"
  | "absent"
  /** 404, 405, 501: it cannot be asked here. */
  | "not-offered"
  | Unanswered;

/** No answer to a question, for a reason that may pass: never a no. */
export interface Unanswered {
  readonly type: "unanswered";
  readonly status: number | null;
  readonly reason: string;
  readonly retryAfterMs: number | null;
}

/** The Tanova API. No method throws for what a network or a server does; an abort of `signal` ends as transient or ambiguous. */
export interface TanovaClient extends Disposable {
  /** Asks once; what the answer offers (batch, bulk check) is what `uploadBatch` and `checkMany` use from then on. */
  health(signal: AbortSignal): Promise<HealthOutcome>;
  /** Whether the server has a content; anything but a clear answer within `checkTimeoutMs` is none. */
  check(checksum: string, signal: AbortSignal): Promise<CheckOutcome>;
  /** Those of `checksums` that the server has (any number: asked in as many calls as it takes); null where it cannot be asked in bulk. */
  checkMany(checksums: readonly string[], signal: AbortSignal): Promise<ReadonlySet<string> | null>;
  upload(item: UploadItem, signal: AbortSignal): Promise<UploadOutcome>;
  uploadBatch(items: readonly UploadItem[], signal: AbortSignal): Promise<BatchOutcome>;
  /** Takes back what `health` offered, for what the store remembers as refused (24 h). */
  withoutBatch(): void;
  /** Bytes of uploads' bodies handed to the network so far, retries included. */
  readonly sentBytes: number;
}

export interface ClientOptions {
  /** Base URL, http or https; a trailing slash is dropped. */
  readonly url: string;
  readonly apiKey: string;
  /** PEM certificates to trust beside the built-in ones. */
  readonly ca?: string;
  readonly proxy?: ProxySettings;
  readonly connectTimeoutMs: number;
  /** Without a byte sent or received for this long, a request has failed. */
  readonly silenceTimeoutMs: number;
  readonly checkTimeoutMs: number;
  /** Over all uploads. */
  readonly bandwidth?: Bandwidth;
  /** Milliseconds since the epoch, for Retry-After as a date. */
  readonly now?: () => number;
}
