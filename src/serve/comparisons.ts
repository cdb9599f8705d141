import { LRUCache } from "lru-cache";
import pLimit from "p-limit";
import type { Store } from "../db/open.ts";
import type { CompareTask, CompareTold } from "../nodes/compare/compare-task.ts";
import type { JudgeSettings } from "../nodes/compare/options.ts";
import { windowOf } from "../nodes/compare/window.ts";
import { compareJson } from "../render/compare/report.ts";
import type { ComparisonRequest } from "./schemas.ts";

export type ComparisonReply =
  | { readonly type: "answered"; readonly text: string }
  | { readonly type: "unknown-node"; readonly reason: string }
  | { readonly type: "failed" };

interface Kept {
  /** The answer as JSON, as a cached one says it. */
  readonly text: string;
  /** The nodes' versions when it was computed: every ingest increases them. */
  readonly versions: string;
}

/** A worker that was idle for this long is ended: each takes some 12 MB. */
const IDLE_MS = 60_000;

/**
 * Answers comparisons from memory where nothing has changed, computes the others in workers, as many at a time as there
 * are cores, and the same question once however many ask it at the same time.
 */
export class Comparisons implements AsyncDisposable {
  readonly #options: {
    readonly store: Store;
    readonly settings: JudgeSettings;
    readonly startWorker: () => Worker;
    readonly workers: number;
  };
  readonly #limit;
  readonly #kept: LRUCache<string, Kept>;
  readonly #inFlight = new Map<string, Promise<ComparisonReply>>();
  readonly #idle: { readonly worker: Worker; readonly timer: ReturnType<typeof setTimeout> }[] = [];
  #lastId = 0;
  #hits = 0;
  #asked = 0;

  constructor(options: {
    readonly store: Store;
    readonly settings: JudgeSettings;
    readonly startWorker: () => Worker;
    readonly workers: number;
  }) {
    this.#options = options;
    this.#limit = pLimit(options.workers);
    const { cacheEntries, cacheTtl } = options.settings;
    this.#kept = new LRUCache({ max: cacheEntries, ttl: Math.max(1, cacheTtl) });
  }

  get asked(): number {
    return this.#asked;
  }

  /** Share of all questions that were answered from memory; null where there was none. */
  get hitShare(): number | null {
    return this.#asked === 0 ? null : this.#hits / this.#asked;
  }

  async answer(request: ComparisonRequest): Promise<ComparisonReply> {
    const key = JSON.stringify([request.names, request.type, request.lastMs]);
    const versions = this.#versions(request.names);
    this.#asked += 1;
    const kept = this.#kept.get(key);
    if (kept?.versions === versions) {
      this.#hits += 1;
      return { type: "answered", text: kept.text };
    }
    const inFlight = this.#inFlight.get(key);
    if (inFlight !== undefined) return inFlight;
    const computing = this.#limit(() => this.#compute(request, key, versions));
    this.#inFlight.set(key, computing);
    try {
      return await computing;
    } finally {
      this.#inFlight.delete(key);
    }
  }

  #versions(names: readonly string[]): string {
    const read = this.#options.store.db.query<{ version: number }, [string]>(
      "SELECT version FROM node WHERE name = ?",
    );
    return names.map((name) => read.get(name)?.version ?? -1).join(",");
  }

  async #compute(request: ComparisonRequest, key: string, versions: string): Promise<ComparisonReply> {
    const { store, settings } = this.#options;
    const startedMs = performance.now();
    const nowMs = Date.now();
    const { window, name: rangeName } = windowOf({ lastMs: request.lastMs, since: null, until: null }, nowMs);
    const question = { ...settings, type: request.type, pairs: false, window, rangeName };
    this.#lastId += 1;
    const told = await this.#run({
      id: this.#lastId,
      storePath: store.path,
      names: request.names,
      question,
      nowMs,
    });
    if (told.type === "failed")
      return told.isUsage ? { type: "unknown-node", reason: told.reason } : { type: "failed" };
    const elapsedS = (performance.now() - startedMs) / 1_000;
    const report = { ...told.answer, type: request.type, timeRange: rangeName, elapsedS };
    if (told.answer.nodes.every(({ error }) => error === null) && settings.cacheTtl > 0)
      this.#kept.set(key, { text: JSON.stringify(compareJson({ ...report, cached: true })), versions });
    return { type: "answered", text: JSON.stringify(compareJson(report)) };
  }

  /** Hands a task to a worker that is free, or to a new one. */
  #run(task: CompareTask): Promise<CompareTold> {
    const idle = this.#idle.pop();
    if (idle !== undefined) clearTimeout(idle.timer);
    const worker = idle?.worker ?? this.#options.startWorker();
    return new Promise((resolve, reject) => {
      worker.onmessage = ({ data }: MessageEvent<CompareTold>) => {
        this.#rest(worker);
        resolve(data);
      };
      worker.onerror = (event) => {
        worker.terminate();
        reject(new Error(`Cannot compare: the worker ended (${event.message})`));
      };
      worker.postMessage(task);
    });
  }

  #rest(worker: Worker): void {
    const timer = setTimeout(() => {
      const at = this.#idle.findIndex((idle) => idle.worker === worker);
      if (at >= 0) this.#idle.splice(at, 1);
      worker.terminate();
    }, IDLE_MS);
    timer.unref();
    this.#idle.push({ worker, timer });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#limit.clearQueue();
    await Promise.allSettled(this.#inFlight.values());
    for (const { worker, timer } of this.#idle.splice(0)) {
      clearTimeout(timer);
      worker.terminate();
    }
  }
}
