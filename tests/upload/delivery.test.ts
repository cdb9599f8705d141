import { expect, test } from "bun:test";
import { BufferPool } from "../../src/upload/buffer-pool.ts";
import { createConcurrency } from "../../src/upload/control/concurrency.ts";
import { Delivery } from "../../src/upload/delivery.ts";
import type { Stop } from "../../src/upload/delivery-options.ts";
import type { Sandbox } from "../../src/upload/sandbox/server.ts";
import { startSandbox } from "../../src/upload/sandbox/server.ts";
import { Tally } from "../../src/upload/tally.ts";
import type { Work } from "../../src/upload/work.ts";
import { filesIn, startFront } from "../support/front.ts";
import { NEVER, testClient } from "../support/tanova.ts";
import { tempFolder } from "../support/temp.ts";
import { until } from "../support/until.ts";
import { checksumOf, type UploadStore, uploadStore } from "../support/upload-store.ts";
import { workOf } from "../support/work.ts";

const MEMORY_BYTES = 1_000;

interface Settings {
  readonly workers: number;
  readonly batchItems?: number;
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

function makeDelivery(
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
      delivery.begin({ batch: rest.health.batch !== null, bulkCheck: false });
    },
    isMemoryBack: async () => (await pool.take(MEMORY_BYTES)).length === MEMORY_BYTES,
    [Symbol.dispose]: () => {
      delivery[Symbol.dispose]();
      client[Symbol.dispose]();
    },
  };
}

/** A server that holds every answer to an upload back until it is let go. */
function holdingFront(sandbox: Sandbox) {
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

test("a content's memory is free for the next as soon as the network has it, long before the answer", async () => {
  using folder = tempFolder();
  using opened = await uploadStore(folder);
  using sandbox = startSandbox();
  using holding = holdingFront(sandbox);
  using made = makeDelivery(opened, holding.front, { workers: 4 });
  await made.begin();
  // Each takes all the memory there is.
  for (const name of ["a", "b", "c", "d"]) await made.take(name, MEMORY_BYTES);
  await until(() => holding.sizes.length === 4, "four are in flight");
  expect(await made.isMemoryBack()).toBe(true);
  const finished = made.delivery.finish();
  for (let answers = 0; answers < 4; answers += 1) holding.release();
  await finished;
  expect([made.tally.uploaded, sandbox.stats().repeats]).toEqual([4, 0]);
});

test("batches are full where there is enough for them; what is left waits for a free slot, and may yet be filled", async () => {
  using folder = tempFolder();
  using opened = await uploadStore(folder);
  using sandbox = startSandbox({ batch: true });
  using holding = holdingFront(sandbox);
  using made = makeDelivery(opened, holding.front, { workers: 2, batchItems: 10 });
  let taken = 0;
  const take = async (count: number): Promise<void> => {
    for (const end = taken + count; taken < end; taken += 1) await made.take(`cv ${taken}`);
  };
  await take(25);
  await made.begin();
  await until(() => holding.sizes.length === 2, "two batches are in flight");
  expect(holding.sizes).toEqual([10, 10]);
  // Five are left. Both slots are taken: five more fill the batch, and five are left again.
  await take(10);
  holding.release();
  await until(() => holding.sizes.length === 3, "the third is in flight");
  expect(holding.sizes).toEqual([10, 10, 10]);
  // A slot is free: they go, though nobody has said that nothing more comes.
  holding.release();
  await until(() => holding.sizes.length === 4, "the rest is in flight");
  expect(holding.sizes).toEqual([10, 10, 10, 5]);
  const finished = made.delivery.finish();
  for (let answers = 0; answers < 2; answers += 1) holding.release();
  await finished;
  expect([made.tally.uploaded, made.tally.workersPeak, sandbox.stats().repeats]).toEqual([35, 2, 0]);
  expect(await made.isMemoryBack()).toBe(true);
});

test("a key that is refused midway stops it all: nothing more is sent, booked rows are pending, memory is back", async () => {
  using folder = tempFolder();
  using opened = await uploadStore(folder);
  using sandbox = startSandbox();
  let uploads = 0;
  using front = startFront(sandbox, (path) => {
    if (!path.endsWith("/upload")) return null;
    uploads += 1;
    return uploads === 1 ? Response.json({ message: "key withdrawn" }, { status: 401 }) : null;
  });
  using made = makeDelivery(opened, front, { workers: 1 });
  const works = await Promise.all(["a", "b", "c", "d"].map((name) => made.take(name)));
  await made.begin();
  await made.delivery.finish();
  opened.ledger.flush();
  expect(made.stops).toEqual([
    { type: "unauthorized", status: 401, reason: expect.stringContaining("key withdrawn") },
  ]);
  expect([uploads, made.tally.uploaded, made.tally.failures.length]).toEqual([1, 0, 4]);
  // One was sent, one was booked ahead; the other two were never taken up.
  expect(opened.states()).toEqual({ [checksumOf("a")]: "pending", [checksumOf("b")]: "pending" });
  expect(works.map(({ checksum }) => made.delivery.openWork(checksum))).toEqual(works.map(() => undefined));
  expect(await made.isMemoryBack()).toBe(true);
});

test("cut at the signal, what the server was sent stays sending, and nobody waits for memory or room", async () => {
  using folder = tempFolder();
  using opened = await uploadStore(folder);
  using sandbox = startSandbox({ latencyMs: 60_000 });
  const stopping = new AbortController();
  using made = makeDelivery(opened, sandbox, { workers: 2, signal: stopping.signal });
  await made.begin();
  for (let index = 0; index < 300; index += 1) void made.take(`${index}`);
  await until(() => sandbox.stored().size === 2, "two are there");
  await until(() => Object.keys(opened.states()).length === 3, "one more is booked");
  const room = made.delivery.room();
  stopping.abort();
  await Promise.all([room, made.delivery.finish()]);
  opened.ledger.flush();
  expect(Object.values(opened.states()).toSorted()).toEqual(["pending", "sending", "sending"]);
  for (const checksum of sandbox.stored().keys()) expect(opened.states()[checksum]).toBe("sending");
  expect([made.tally.uploaded, made.tally.failures]).toEqual([0, []]);
  expect(await made.isMemoryBack()).toBe(true);
});
