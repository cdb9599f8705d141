import { BufferPool } from "../../src/upload/buffer-pool.ts";
import { createConcurrency } from "../../src/upload/control/concurrency.ts";
import { Delivery } from "../../src/upload/delivery.ts";
import type { Stop } from "../../src/upload/delivery-options.ts";
import type { Sandbox } from "../../src/upload/sandbox/server.ts";
import { Tally } from "../../src/upload/tally.ts";
import type { Work } from "../../src/upload/work.ts";
import { filesIn, startFront } from "./front.ts";
import { NEVER, testClient } from "./tanova.ts";
import type { UploadStore } from "./upload-store.ts";
import { workOf } from "./work.ts";

export const MEMORY_BYTES = 1_000;

interface Settings {
  readonly workers: number;
  readonly batchItems?: number;
  readonly bulkCheck?: boolean;
  readonly signal?: AbortSignal;
}

interface Made extends Disposable {
  readonly delivery: Delivery;
  readonly tally: Tally;
  readonly stops: Stop[];
  /** Takes a content in whose bytes are its name, in memory, padded to `sizeBytes`. */
  take(name: string, sizeBytes?: number): Promise<Work>;
  begin(): Promise<void>;
  /** Resolves only where all memory has been given back. */
  isMemoryBack(): Promise<boolean>;
}

/** A delivery with a client of its own, and little memory. */
export function makeDelivery(
  { ledger }: UploadStore,
  server: Pick<Sandbox, "url" | "apiKey">,
  settings: Settings,
): Made {
  const { workers, batchItems = 1, signal = NEVER } = settings;
  const client = testClient(server);
  const tally = new Tally();
  const pool = new BufferPool(MEMORY_BYTES);
  const stops: Stop[] = [];
  const delivery = new Delivery({
    client,
    ledger,
    tally,
    pool,
    concurrency: createConcurrency({ type: "fixed", workers }),
    breaker: { ready: (asked) => Promise.resolve(!asked.aborted), success: () => {}, failure: () => {} },
    policy: { retries: 2, backoff: { baseMs: 1, maxMs: 2 }, ambiguousWaitMs: 20, random: () => 0.5 },
    batchItems,
    batchBytes: 1e6,
    now: () => performance.now(),
    signal,
    cut: signal,
    onProgress: () => {},
    onChanged: () => {},
    onBatchRefused: () => {},
    onStop: (stop) => stops.push(stop),
  });
  return {
    delivery,
    tally,
    stops,
    take: async (name, sizeBytes = name.length) => {
      const bytes = await pool.take(sizeBytes);
      const text = Buffer.from(name.padEnd(sizeBytes));
      bytes.set(text);
      const work = workOf(name.padEnd(sizeBytes), { bytes });
      delivery.take({ ...work, file: { ...work.file, name: `${name}.pdf`, sizeBytes } }, null);
      return work;
    },
    begin: async () => {
      const { type, ...rest } = await client.health(NEVER);
      if (type !== "healthy" || !("health" in rest)) throw new Error(`the server is ${type}`);
      delivery.begin({ batch: rest.health.batch !== null, bulkCheck: settings.bulkCheck === true });
    },
    isMemoryBack: async () => (await pool.take(MEMORY_BYTES)).length === MEMORY_BYTES,
    [Symbol.dispose]: () => {
      delivery[Symbol.dispose]();
      client[Symbol.dispose]();
    },
  };
}

/** A server that holds every answer to an upload back until it is let go. */
export function holdingFront(sandbox: Sandbox) {
  const held: PromiseWithResolvers<null>[] = [];
  /** How many files each upload has carried, in the order they came. */
  const sizes: number[] = [];
  const front = startFront(sandbox, (path, body) => {
    if (!path.includes("/upload")) return null;
    const one = Promise.withResolvers<null>();
    held.push(one);
    sizes.push(filesIn(body));
    return one.promise;
  });
  return {
    front,
    sizes,
    release: () => held.shift()?.resolve(null),
    [Symbol.dispose]: () => front[Symbol.dispose](),
  };
}
