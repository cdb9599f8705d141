import pLimit from "p-limit";
import type { CompareTask, CompareMessage } from "../../nodes/compare/compare-task.ts";

/**
 * Idle workers are ended after this time. Questions often come in a row, but a worker takes about 12 MB and starts in 5
 * ms.
 */
const IDLE_MS = 5_000;

type Progress = Extract<CompareMessage, { type: "node" }>["progress"];
export type CompareEnd = Exclude<CompareMessage, { type: "node" }>;

/** The worker was ended before it could answer. */
export class ComparisonEnded extends Error {
  override readonly name = "ComparisonEnded";
}

export interface CompareJob {
  readonly end: Promise<CompareEnd>;
  /** Ends the worker; `end` is then rejected with ComparisonEnded. */
  cancel(): void;
}

interface Idle {
  readonly worker: Worker;
  readonly timer: ReturnType<typeof setTimeout>;
}

/**
 * Runs comparisons in workers: as many at a time as there are cores, plus one for comparisons that are computed ahead.
 */
export class ComparePool implements Disposable {
  readonly #startWorker: () => Worker;
  readonly #limit;
  readonly #idle: Idle[] = [];
  /** The busy workers, each with the function that ends it. */
  readonly #busy = new Map<Worker, (reason: string) => void>();

  constructor(options: { readonly startWorker: () => Worker; readonly workers: number }) {
    this.#startWorker = options.startWorker;
    this.#limit = pLimit({ concurrency: options.workers, rejectOnClear: true });
  }

  /** Computes as soon as a core is free. */
  run(task: CompareTask, onNode: (progress: Progress) => void): Promise<CompareEnd> {
    return this.#limit(() => this.start(task, onNode).end);
  }

  /** Computes at once, without waiting for a free core. */
  start(task: CompareTask, onNode: (progress: Progress) => void): CompareJob {
    const idle = this.#idle.pop();
    if (idle !== undefined) clearTimeout(idle.timer);
    const worker = idle?.worker ?? this.#startWorker();
    const { promise, resolve, reject } = Promise.withResolvers<CompareEnd>();
    worker.onmessage = ({ data }: MessageEvent<CompareMessage>) => {
      if (data.type === "node") {
        onNode(data.progress);
        return;
      }
      this.#rest(worker);
      resolve(data);
    };
    const end = (reason: string): void => {
      // It has already answered and is idle.
      if (!this.#busy.delete(worker)) return;
      worker.terminate();
      reject(new ComparisonEnded(`Cannot compare: the worker ended (${reason})`));
    };
    this.#busy.set(worker, end);
    worker.onerror = ({ message }) => end(message);
    worker.postMessage(task);
    return { end: promise, cancel: () => end("nobody waits for it") };
  }

  #rest(worker: Worker): void {
    this.#busy.delete(worker);
    const timer = setTimeout(() => {
      const at = this.#idle.findIndex((idle) => idle.worker === worker);
      if (at >= 0) this.#idle.splice(at, 1);
      worker.terminate();
    }, IDLE_MS);
    timer.unref();
    this.#idle.push({ worker, timer });
  }

  /** Ends the running comparisons and rejects the waiting ones. */
  [Symbol.dispose](): void {
    this.#limit.clearQueue();
    for (const { worker, timer } of this.#idle.splice(0)) {
      clearTimeout(timer);
      worker.terminate();
    }
    for (const end of this.#busy.values()) end("the server is shutting down");
  }
}
