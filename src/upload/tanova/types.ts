import type { Bandwidth } from "../../lib/http/client.ts";
import type { Room } from "../../lib/http/pieces.ts";
import type { ProxySettings } from "../../lib/http/proxy.ts";

/** A content ready to be sent. `body` can be opened again: a retry reads it again. */
export interface UploadItem {
  /** SHA-256 of the content, lower-case hex. A content that is sent from a file is hashed again. */
  readonly checksum: string;
  /** Basename as on the disk, in any script. */
  readonly filename: string;
  readonly jobHint: string | null;
  readonly email: string | null;
  readonly sizeBytes: number;
  /** Read again each time the item is sent. */
  readonly body: UploadBody;
  /** Called when the network has taken the last of `bytes`; from then on `body` must be the file. */
  readonly onHandedOver?: () => void;
  /** Called before the request's last bytes go out; if it returns false, they are not sent and nothing is stored. */
  readonly mayFinish?: (() => Promise<boolean>) | null;
}

type UploadBody =
  /** The bytes that `checksum` was computed from; they are sent unchanged and must not change meanwhile. */
  | { readonly type: "bytes"; readonly bytes: Uint8Array; readonly room?: Room }
  /** A file that is read, hashed and sent in pieces. */
  | { readonly type: "file"; readonly path: string };

/** The outcome of one upload. `reason` is a line for people; it never contains the key. */
export type UploadOutcome =
  | { readonly type: "stored"; readonly candidateId: string | null }
  /** 409: the server says that it already has this content. */
  | { readonly type: "duplicate" }
  | Transient
  | Ambiguous
  | Permanent
  | Unauthorized
  | Misplaced
  /** The file has changed since it was hashed: the request was cut before its closing boundary, nothing was stored. */
  | { readonly type: "changed"; readonly reason: string };

/** Certainly not stored: the server said so, or no complete request ever reached it. See outcome-rules.ts. */
export interface Transient {
  readonly type: "transient";
  readonly status: number | null;
  readonly reason: string;
  readonly retryAfterMs: number | null;
}

/** The whole request was sent and no clear answer came: the server may have it, or may still be processing it. */
interface Ambiguous {
  readonly type: "ambiguous";
  readonly status: number | null;
  readonly reason: string;
  readonly retryAfterMs: number | null;
  /** The answer was a 2xx that is not from the API. */
  readonly isUnrecognised: boolean;
}

/** `status` is null if the request could not even be made, for example because a file cannot be read. */
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

/** The answer is not from the API, which may not be up again yet: nothing was stored, and no content is the cause. */
interface Misplaced {
  readonly type: "misplaced";
  readonly status: number;
  readonly reason: string;
}

/** An extension that the server offers: its path below the base URL, and its limits. */
export interface BatchOffer {
  readonly path: string;
  readonly maxItems: number;
  /** Of all file parts of a request together. */
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
  /** No connection, a fault of the server, or an answer that is not from the API. */
  | {
      readonly type: "unreachable";
      readonly status: number | null;
      readonly reason: string;
      readonly retryAfterMs: number | null;
    };

export type BatchOutcome =
  /** By checksum; an item that the server said nothing about is missing and stays pending. */
  | { readonly type: "answered"; readonly results: ReadonlyMap<string, UploadOutcome> }
  /** 404, 405, 501: send one by one; the client sends no more batches until they are offered again. */
  | { readonly type: "not-offered"; readonly status: number }
  /** 413: nothing was stored; send half as many. */
  | { readonly type: "too-large" }
  | Transient
  | Ambiguous
  | Permanent
  | Unauthorized
  | Misplaced
  /** A file of the batch has changed since it was hashed: the request was cut, nothing was stored; send the others. */
  | { readonly type: "changed"; readonly checksum: string; readonly reason: string };

export type CheckOutcome =
  | "there"
  | "absent"
  /** 404, 405, 501: this server cannot be asked. */
  | "not-offered"
  | Unanswered;

/** No answer to a check, for a temporary reason: never a no. */
export interface Unanswered {
  readonly type: "unanswered";
  readonly status: number | null;
  readonly reason: string;
  readonly retryAfterMs: number | null;
}

/**
 * The Tanova API. No method throws because of the network or server; an aborted call ends as transient or ambiguous.
 */
export interface TanovaClient extends Disposable {
  /** Asks once. `uploadBatch` and `checkMany` use what the answer offers (batch, bulk check) from then on. */
  health(signal: AbortSignal): Promise<HealthOutcome>;
  /** Whether the server has a content; without a clear answer within `checkTimeoutMs` it is unanswered. */
  check(checksum: string, signal: AbortSignal): Promise<CheckOutcome>;
  /**
   * Those of `checksums` that the server has; null if it cannot be asked in bulk. Any number is split into as many
   * calls as needed.
   */
  checkMany(checksums: readonly string[], signal: AbortSignal): Promise<ReadonlySet<string> | null>;
  upload(item: UploadItem, signal: AbortSignal): Promise<UploadOutcome>;
  uploadBatch(items: readonly UploadItem[], signal: AbortSignal): Promise<BatchOutcome>;
  /** Withdraws the batch offer of `health`, if the store remembers that batches were refused (24 h). */
  withoutBatch(): void;
  /** Bytes of upload bodies handed to the network so far, including retries. */
  readonly sentBytes: number;
}

export interface ClientOptions {
  /** Base URL, http or https; a trailing slash is dropped. */
  readonly url: string;
  readonly apiKey: string;
  /** PEM certificates to trust in addition to the built-in ones. */
  readonly ca?: string;
  readonly proxy?: ProxySettings;
  readonly connectTimeoutMs: number;
  /** A request fails if no byte is sent or received for this long. */
  readonly silenceTimeoutMs: number;
  readonly checkTimeoutMs: number;
  /** Shared by all uploads. */
  readonly bandwidth?: Bandwidth;
  /** Milliseconds since the epoch, for Retry-After as a date. */
  readonly now?: () => number;
}
