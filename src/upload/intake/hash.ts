import { type HashedFile, hashFile } from "./hash-file.ts";
import { readSmall, type SmallFile } from "./read-small.ts";
import type { FoundFile } from "../scan/file-page.ts";
import { unreadableReason } from "./unreadable.ts";

export type HashedLarge =
  | { readonly type: "hashed"; readonly file: HashedFile }
  | { readonly type: "unreadable"; readonly reason: string };

/** A request to a worker: hash a large file piece by piece, or read a small one into shared memory and hash that. */
export type HashRequest =
  | { readonly id: number; readonly type: "large"; readonly path: string }
  | { readonly id: number; readonly type: "small"; readonly file: FoundFile; readonly bytes: SharedBytes };

export interface HashReply {
  readonly id: number;
  readonly outcome: HashedLarge | SmallFile;
}

/** Memory shared by threads: a worker fills it, and the sending thread sends it. */
export type SharedBytes = Uint8Array<SharedArrayBuffer>;

export interface Hasher extends Disposable {
  /** SHA-256 of a file that is not held in memory. Never throws. */
  hash(path: string, sizeBytes: number): Promise<HashedLarge>;
  /** Whether a small file of that size is read in this thread. */
  readsHere(sizeBytes: number): boolean;
  /** Reads a small file into `bytes`, which must have its size, and hashes it. Never throws. */
  read(file: FoundFile, bytes: SharedBytes): Promise<SmallFile>;
}

export interface HasherOptions {
  /** Starts a worker thread; null to hash in this thread only. */
  readonly startWorker: (() => Worker) | null;
  readonly maxWorkers: number;
  /** The size from which a worker is worthwhile. */
  readonly workerFromBytes: number;
}

/** The time that handing a file to a worker and back takes, in both threads together. */
const HANDOVER_MS = 0.5;
const TRIAL_BYTES = 128 * 1024;
/** The first trial runs with cold processor caches. */
const TRIALS = 3;

/**
 * The size from which hashing takes this processor longer than handing the file to a thread: 900 KB if it has
 * instructions for SHA-256, 60 KB on a small board without them.
 */
export function worthHandingOverBytes(): number {
  const trial = new Uint8Array(TRIAL_BYTES);
  const timesMs = Array.from({ length: TRIALS }, () => {
    const startedMs = performance.now();
    Bun.SHA256.hash(trial);
    return performance.now() - startedMs;
  });
  return (TRIAL_BYTES / Math.min(...timesMs)) * HANDOVER_MS;
}

/** The result of `hashFile` as data: never throws. */
export async function hashLarge(path: string): Promise<HashedLarge> {
  try {
    return { type: "hashed", file: await hashFile(path) };
  } catch (error) {
    return { type: "unreadable", reason: unreadableReason(error) };
  }
}

class HashWorker {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, (outcome: HashedLarge | SmallFile) => void>();
  #lastId = 0;

  /** `onEnd` is called once the worker has ended; its open requests are then answered as unreadable. */
  constructor(worker: Worker, onEnd: () => void) {
    this.#worker = worker;
    worker.onmessage = (event: MessageEvent<HashReply>) => {
      const { id, outcome } = event.data;
      this.#waiting.get(id)?.(outcome);
      this.#waiting.delete(id);
    };
    const end = (reason: string): void => {
      onEnd();
      for (const resolve of this.#waiting.values()) resolve({ type: "unreadable", reason });
      this.#waiting.clear();
    };
    worker.onerror = (event) => end(event.message);
    // A thread can also end without an error.
    worker.addEventListener("close", () => end("the thread that was to read it has ended"));
  }

  get load(): number {
    return this.#waiting.size;
  }

  async hash(path: string): Promise<HashedLarge> {
    const outcome = await this.#ask((id) => ({ id, type: "large", path }));
    if (outcome.type === "hashed" || outcome.type === "unreadable") return outcome;
    throw new TypeError(`Cannot hash ${path}: the worker answered another question`);
  }

  async read(file: FoundFile, bytes: SharedBytes): Promise<SmallFile> {
    const outcome = await this.#ask((id) => ({ id, type: "small", file, bytes }));
    if (outcome.type !== "hashed") return outcome;
    throw new TypeError(`Cannot read ${file.path}: the worker answered another question`);
  }

  stop(): void {
    this.#worker.terminate();
  }

  #ask(request: (id: number) => HashRequest): Promise<HashedLarge | SmallFile> {
    return new Promise((resolve) => {
      this.#lastId += 1;
      this.#waiting.set(this.#lastId, resolve);
      this.#worker.postMessage(request(this.#lastId));
    });
  }
}

/** Hashes small files in place, and those from `workerFromBytes` on in workers, which are started when first needed. */
export function createHasher(options: HasherOptions): Hasher {
  const { startWorker, maxWorkers, workerFromBytes } = options;
  const workers = new Set<HashWorker>();

  /** The least busy worker, or a new one if allowed; null to hash in this thread. */
  const workerFor = (sizeBytes: number, most: number): HashWorker | null => {
    if (startWorker === null || most === 0 || sizeBytes < workerFromBytes) return null;
    const [first] = [...workers].toSorted((left, right) => left.load - right.load);
    if (first !== undefined && (first.load === 0 || workers.size >= most)) return first;
    const started: HashWorker = new HashWorker(startWorker(), () => workers.delete(started));
    workers.add(started);
    return started;
  };

  return {
    readsHere: (sizeBytes) => startWorker === null || maxWorkers === 0 || sizeBytes < workerFromBytes,
    hash: (path, sizeBytes) => workerFor(sizeBytes, maxWorkers)?.hash(path) ?? hashLarge(path),
    // One thread hashes small files faster than any network sends them.
    read: (file, bytes) =>
      workerFor(bytes.length, Math.min(1, maxWorkers))?.read(file, bytes) ?? readSmall(file, bytes),
    [Symbol.dispose]: () => {
      for (const worker of workers) worker.stop();
    },
  };
}
