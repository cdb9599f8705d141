import { EngineCare } from "../../../src/upload/engine-care.ts";
import { BufferPool } from "../../../src/upload/intake/buffer-pool.ts";
import { hashFile } from "../../../src/upload/intake/hash-file.ts";
import type { DestinationFact } from "../../../src/upload/plan/actions.ts";
import { endingOf, type Stop, stopOf } from "../../../src/upload/plan/stop.ts";
import { UploadPlan } from "../../../src/upload/plan/upload-plan.ts";
import type { Sandbox } from "../../../src/upload/sandbox/server.ts";
import { Settling } from "../../../src/upload/intake/settling.ts";
import { Tally } from "../../../src/upload/report/tally.ts";
import { Uploader } from "../../../src/upload/uploader.ts";
import { foundFile } from "./found-file.ts";
import { filesIn, startFront } from "./front.ts";
import { NEVER, testClient } from "./tanova.ts";
import { checksumOf, RUN_ID, type UploadStore } from "./upload-store.ts";
import { fileOf } from "./work.ts";

export const MEMORY_BYTES = 1_000;

interface Settings {
  readonly workers: number;
  readonly batchItems?: number;
  readonly signal?: AbortSignal;
  readonly refusesDuplicates?: boolean;
}

interface Made extends AsyncDisposable {
  readonly uploader: Uploader;
  readonly plan: UploadPlan;
  readonly tally: Tally;
  /** What should be remembered about the destination. */
  readonly facts: readonly DestinationFact[];
  /** Offers a content in memory that consists of its name, padded to `sizeBytes`. */
  offer(name: string, sizeBytes?: number): Promise<void>;
  /** Offers the content of a file as one that is not in memory. */
  offerFile(path: string): Promise<void>;
  stop(): Stop | null;
  /** Resolves only when all memory has been returned. */
  isMemoryBack(): Promise<boolean>;
}

/** An uploader with its own client and little memory. */
export function makeUploader(
  { ledger }: UploadStore,
  server: Pick<Sandbox, "url" | "apiKey">,
  settings: Settings,
): Made {
  const { workers, batchItems = 1, signal = NEVER } = settings;
  const client = testClient(server);
  const tally = new Tally();
  const facts: DestinationFact[] = [];
  const pool = new BufferPool(MEMORY_BYTES);
  const ending = endingOf(signal);
  const plan = new UploadPlan({
    runId: RUN_ID,
    retryFailed: false,
    inFlight: { type: "fixed", workers },
    retry: {
      retries: 2,
      backoff: { baseMs: 1, maxMs: 2 },
      ambiguousWaitMs: 20,
      outageWaitMs: 1_000,
      random: () => 0.5,
    },
    refusesDuplicates: settings.refusesDuplicates ?? false,
    batchItems,
    batchBytes: 1e6,
    failuresToOpen: 1_000,
    graceMs: 0,
    sharing: null,
  });
  const uploader = new Uploader({
    plan,
    client,
    ledger,
    tally,
    pool,
    settling: new Settling(),
    ending,
    share: null,
    engine: new EngineCare({ sharesProcess: true, isEndless: false }),
    onFirst: () => {},
    onNotice: () => {},
    onReached: () => {},
    onFact: (fact) => facts.push(fact),
  });
  return {
    uploader,
    facts,
    plan,
    tally,
    offer: async (name, sizeBytes = name.length) => {
      const bytes = await pool.take(sizeBytes);
      const text = name.padEnd(sizeBytes);
      bytes.set(Buffer.from(text));
      const file = { ...fileOf(`${name}.pdf`), sizeBytes };
      await uploader.offer({ checksum: checksumOf(text), file, bytes });
    },
    offerFile: async (path) => {
      const { checksum } = await hashFile(path);
      await uploader.offer({ checksum, file: foundFile(path), bytes: null });
    },
    stop: () => stopOf(ending.signal),
    isMemoryBack: async () => (await pool.take(MEMORY_BYTES)).length === MEMORY_BYTES,
    [Symbol.asyncDispose]: async () => {
      await uploader[Symbol.asyncDispose]();
      client[Symbol.dispose]();
      ending[Symbol.dispose]();
    },
  };
}

/** A server that says how it is once `isReady`, and holds back every answer to an upload until released. */
export function holdingFront(sandbox: Sandbox, isReady: Promise<void> = Promise.resolve()) {
  const held: PromiseWithResolvers<null>[] = [];
  /** The number of files in each upload, in the order received. */
  const sizes: number[] = [];
  const front = startFront(sandbox, (path, body) => {
    if (path.endsWith("/health")) return isReady.then(() => null);
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
