import { type HashedFile, hashFile } from "./hash-file.ts";
import { unreadableReason } from "./scan/scan.ts";

/** A file to hash, as the worker is told. */
export interface HashRequest {
  readonly id: number;
  readonly path: string;
}

export type HashReply =
  | { readonly id: number; readonly type: "hashed"; readonly file: HashedFile }
  | { readonly id: number; readonly type: "unreadable"; readonly reason: string };

type HashOutcome =
  | { readonly type: "hashed"; readonly file: HashedFile }
  | { readonly type: "unreadable"; readonly reason: string };

export interface Hasher extends Disposable {
  /** SHA-256 of a file that is not held in memory. Never throws. */
  hash(path: string, sizeBytes: number): Promise<HashOutcome>;
}

export interface HasherOptions {
  /** Starts a worker thread; null: hash in this thread only. */
  readonly startWorker: (() => Worker) | null;
  readonly maxWorkers: number;
  /** From this size on a worker pays: starting one costs some ms and 4 MB. */
  readonly workerFromBytes: number;
}

class HashWorker {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, (outcome: HashOutcome) => void>();
  #lastId = 0;

  constructor(worker: Worker) {
    this.#worker = worker;
    worker.onmessage = (event: MessageEvent<HashReply>) => {
      const { id, ...outcome } = event.data;
      this.#waiting.get(id)?.(outcome);
      this.#waiting.delete(id);
    };
    worker.onerror = (event) => {
      for (const resolve of this.#waiting.values()) resolve({ type: "unreadable", reason: event.message });
      this.#waiting.clear();
    };
  }

  get load(): number {
    return this.#waiting.size;
  }

  hash(path: string): Promise<HashOutcome> {
    return new Promise((resolve) => {
      this.#lastId += 1;
      this.#waiting.set(this.#lastId, resolve);
      const request: HashRequest = { id: this.#lastId, path };
      this.#worker.postMessage(request);
    });
  }

  stop(): void {
    this.#worker.terminate();
  }
}

/** Hashes small files in place and large ones in workers, which are started when they are first needed. */
export function createHasher(options: HasherOptions): Hasher {
  const workers: HashWorker[] = [];

  const leastBusy = (startWorker: () => Worker): HashWorker => {
    const [first] = workers.toSorted((left, right) => left.load - right.load);
    if (first !== undefined && (first.load === 0 || workers.length >= options.maxWorkers)) return first;
    const started = new HashWorker(startWorker());
    workers.push(started);
    return started;
  };

  return {
    hash: async (path, sizeBytes) => {
      if (options.startWorker !== null && options.maxWorkers > 0 && sizeBytes >= options.workerFromBytes)
        return leastBusy(options.startWorker).hash(path);
      try {
        return { type: "hashed", file: await hashFile(path) };
      } catch (error) {
        return { type: "unreadable", reason: unreadableReason(error) };
      }
    },
    [Symbol.dispose]: () => {
      for (const worker of workers) worker.stop();
    },
  };
}
