import type { TanovaClient } from "./tanova/types.ts";
import type { BufferPool } from "./buffer-pool.ts";
import type { Breaker } from "./control/breaker.ts";
import type { Concurrency } from "./control/concurrency.ts";
import type { Ledger } from "./ledger.ts";
import type { RetryPolicy } from "./next-step.ts";
import type { FoundFile } from "./scan/scan.ts";
import type { Tally } from "./tally.ts";

/** Why nothing more is sent. */
export type Stop =
  | { readonly type: "unauthorized"; readonly status: 401 | 403 | null; readonly reason: string }
  | { readonly type: "unreachable"; readonly status: number | null; readonly reason: string }
  /** The store cannot be written. */
  | { readonly type: "broken"; readonly error: unknown };

export interface DeliveryOptions {
  readonly client: TanovaClient;
  readonly ledger: Ledger;
  readonly tally: Tally;
  readonly pool: BufferPool;
  readonly concurrency: Concurrency;
  readonly breaker: Pick<Breaker, "ready" | "success" | "failure">;
  readonly policy: RetryPolicy;
  /** Items a batch; 1: no batches. */
  readonly batchItems: number;
  readonly batchBytes: number;
  /** The run's clock, monotonic. */
  readonly now: () => number;
  /** Nothing new is begun once it aborts. */
  readonly signal: AbortSignal;
  /** What is in flight is cut once it aborts. */
  readonly cut: AbortSignal;
  readonly onProgress: () => void;
  /** The file is no longer what it was when it was hashed: take it in anew. */
  readonly onChanged: (file: FoundFile) => void;
  readonly onBatchRefused: () => void;
  readonly onStop: (stop: Stop) => void;
}
