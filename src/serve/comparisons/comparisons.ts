import { LRUCache } from "lru-cache";
import type { FleetBoard } from "../../board/fleet.ts";
import type { Store } from "../../db/open.ts";
import { Failure, messageOf } from "../../lib/errors.ts";
import { type Answer, requireNode } from "../../nodes/compare/answer.ts";
import type { NodeProgress } from "../../nodes/compare/compare.ts";
import type { CompareTask } from "../../nodes/compare/compare-task.ts";
import type { JudgeSettings } from "../../nodes/compare/options.ts";
import type { FleetAccess } from "../../nodes/fleet/access.ts";
import { nodeNames } from "../../nodes/store/node-store.ts";
import type { CompareReport } from "../../render/compare/report.ts";
import type { ReplyText } from "../replies.ts";
import type { ComparisonRequest } from "../schemas.ts";
import { type Asked, askedFor, type BasisFor, basisOf, statesOf, windowFor } from "./asked.ts";
import { type CompareJob, type CompareEnd, type ComparePool, ComparisonEnded } from "./compare-pool.ts";
import { type Basis, isFresh } from "./freshness.ts";
import type { StoredStates } from "./node-states.ts";
import type { SharedCache } from "./shared-cache.ts";
import { ToldReport } from "./told-report.ts";

export type ComparisonReply =
  | { readonly type: "answered"; readonly text: ReplyText }
  | { readonly type: "unknown-node"; readonly reason: string }
  | { readonly type: "failed" };

/** The progress of a comparison; `nodes` as the request names them. */
type ComparisonEvent = {
  readonly nodes: readonly string[];
  readonly type: string;
  readonly time_range: string;
} & (
  | { readonly state: "started" | "answered" | "unknown-node" | "failed" }
  | ({ readonly state: "node" } & NodeProgress)
);

export interface ComparisonsOptions {
  /** Opened read-only. */
  readonly store: Store;
  readonly states: StoredStates;
  readonly settings: JudgeSettings;
  readonly pool: ComparePool;
  /** Where several servers share answers; null if not configured. */
  readonly shared: SharedCache | null;
  readonly access: FleetAccess;
  /** The fleet's boards as currently known; no other board is asked. */
  readonly boards: () => readonly FleetBoard[];
  /** Called with the progress of each comparison that a client is waiting for. */
  readonly onEvent: (event: ComparisonEvent) => void;
  /** Called with the time that an answer took. */
  readonly onAnswered: (how: "computed" | "cached" | "ahead", seconds: number) => void;
  /** Called with the reason when a comparison could not be computed. */
  readonly onFailure: (line: string) => void;
}

interface Kept {
  readonly basis: Basis;
  readonly told: ToldReport;
}

type Computed =
  | { readonly type: "kept"; readonly told: ToldReport }
  | Exclude<ComparisonReply, { type: "answered" }>;

/** A question that is being computed before anybody has asked it. */
interface Ahead {
  readonly key: string;
  readonly job: CompareJob;
}

/**
 * Answers comparisons from memory while little has changed (freshness.ts) and computes the others in workers. A
 * question that several clients ask at the same time is computed once.
 */
export class Comparisons implements AsyncDisposable {
  readonly #options: ComparisonsOptions;
  readonly #kept: LRUCache<string, Kept>;
  /** Answers computed ahead. Kept apart from the LRU cache so that many other questions cannot evict them. */
  readonly #ready = new Map<string, Kept>();
  readonly #inFlight = new Map<string, Promise<Computed>>();
  #ahead: Ahead | null = null;
  #hits = 0;
  #asked = 0;
  #lastAskedMs = -Infinity;
  #isClosed = false;

  constructor(options: ComparisonsOptions) {
    this.#options = options;
    this.#kept = new LRUCache({ max: options.settings.cacheEntries });
  }

  get asked(): number {
    return this.#asked;
  }

  /** The share of all questions that were answered from memory; null before the first question. */
  get hitShare(): number | null {
    return this.#asked === 0 ? null : this.#hits / this.#asked;
  }

  /** Milliseconds since the last question; 0 while an answer is being computed. */
  get idleMs(): number {
    return this.#inFlight.size > 0 ? 0 : performance.now() - this.#lastAskedMs;
  }

  async answer(request: ComparisonRequest): Promise<ComparisonReply> {
    this.#asked += 1;
    const startedMs = performance.now();
    this.#lastAskedMs = startedMs;
    const tookS = (): number => (performance.now() - startedMs) / 1_000;
    const asked = askedFor(request, this.#options);
    if (asked === null) return { type: "unknown-node", reason: "a node's board is not in [fleet] boards" };
    const kept = this.#freshAnswer(asked);
    if (kept !== null) {
      this.#hits += 1;
      this.#options.onAnswered("cached", tookS());
      return { type: "answered", text: kept.told.text(asked.labels, { isCached: true }) };
    }
    const computed = await this.#computeOnce(asked);
    this.#lastAskedMs = performance.now();
    if (computed.type !== "kept") return computed;
    this.#options.onAnswered("computed", tookS());
    return { type: "answered", text: computed.told.text(asked.labels, { isCached: false }) };
  }

  /**
   * Tries to compute a question in advance. Returns false if that was not needed, or was cancelled because a client
   * asked something.
   */
  async computeAhead(request: ComparisonRequest): Promise<boolean> {
    const asked = askedFor(request, this.#options);
    if (asked === null || this.#options.settings.cacheTtl <= 0) return false;
    if (this.#inFlight.has(asked.key) || this.#freshAnswer(asked) !== null) return false;
    const computing = this.#computeUnasked(asked);
    this.#inFlight.set(asked.key, computing);
    try {
      await computing;
      return true;
    } catch (error) {
      if (error instanceof ComparisonEnded) return false;
      this.#options.onFailure(messageOf(error));
      return true;
    } finally {
      this.#inFlight.delete(asked.key);
      this.#ahead = null;
    }
  }

  async #computeUnasked(asked: Asked): Promise<Computed> {
    const basis = basisOf(asked);
    const task = this.#taskOf(asked, { isAhead: true });
    const known = await this.#shared(task);
    if (known !== null) return await this.#end(asked, basis, known, { isAhead: true, task });
    const job = this.#options.pool.start(task, () => undefined);
    this.#ahead = { key: asked.key, job };
    return await this.#end(asked, basis, job.end, { isAhead: true, task });
  }

  /** The answer that another server has computed from the same figures, if there is one. */
  async #shared(task: CompareTask): Promise<CompareEnd | null> {
    const answer = await this.#options.shared?.find(task);
    return answer == null ? null : { type: "answered", answer };
  }

  /** The names of all nodes, of this board and of the others, as used in requests. */
  allNodes(): readonly string[] {
    const others = this.#options
      .boards()
      .flatMap(({ url, nodes }) => nodes.map(({ node_name: name }) => `${name}@${url}`));
    return [...nodeNames(this.#options.store.db), ...others];
  }

  #freshAnswer(asked: Asked): Kept | null {
    const { cacheTtl } = this.#options.settings;
    const kept = this.#ready.get(asked.key) ?? this.#kept.get(asked.key);
    if (kept === undefined || cacheTtl <= 0) return null;
    const nowMs = Date.now();
    const { sinceMs } = windowFor(asked, nowMs).window;
    const states = statesOf(asked, kept.told.report);
    return isFresh(kept.basis, { nowMs, sinceMs, states }, cacheTtl) ? kept : null;
  }

  /** Refuses names that are not in the store, so that invented names cost no worker. */
  #requireNodes({ nodes, states }: Asked): void {
    for (const [at, { name }] of nodes.entries())
      if (states[at]?.type === "unknown") requireNode(this.#options.store, name);
  }

  #taskOf(asked: Asked, { isAhead }: { isAhead: boolean }): CompareTask {
    const { store, settings, access } = this.#options;
    const nowMs = Date.now();
    const { window, name: rangeName } = windowFor(asked, nowMs);
    const { type } = asked.request;
    const question = { ...settings, type, pairs: false, window, rangeName };
    return {
      storePath: store.path,
      nodes: asked.nodes,
      // Questions computed ahead bypass the store's cache, so that they do not count in its statistics.
      question: isAhead ? { ...question, cacheTtl: 0 } : question,
      nowMs,
      access,
    };
  }

  async #computeOnce(asked: Asked): Promise<Computed> {
    const inFlight = this.#inFlight.get(asked.key);
    if (inFlight !== undefined)
      return (await this.#joined(asked, inFlight)) ?? (await this.#computeOnce(asked));
    // A client's question gets the cores to itself.
    this.#ahead?.job.cancel();
    const computing = this.#computeTold(asked);
    this.#inFlight.set(asked.key, computing);
    try {
      return await computing;
    } finally {
      this.#inFlight.delete(asked.key);
    }
  }

  /** Waits for a computation that is already in flight, for another client or ahead; null if it was cancelled. */
  async #joined(asked: Asked, inFlight: Promise<Computed>): Promise<Computed | null> {
    // A client is waiting for it now: other questions must not cancel it.
    if (this.#ahead?.key === asked.key) this.#ahead = null;
    try {
      return await inFlight;
    } catch (error) {
      if (error instanceof ComparisonEnded && !this.#isClosed) return null;
      this.#options.onFailure(messageOf(error));
      return { type: "failed" };
    }
  }

  async #computeTold(asked: Asked): Promise<Computed> {
    const { pool, onEvent, onFailure } = this.#options;
    const { names, type } = asked.request;
    const about = { nodes: names, type, time_range: windowFor(asked, Date.now()).name };
    onEvent({ ...about, state: "started" });
    let computed: Computed = { type: "failed" };
    try {
      this.#requireNodes(asked);
      const basis = basisOf(asked);
      const task = this.#taskOf(asked, { isAhead: false });
      const known = await this.#shared(task);
      const end = known ?? pool.run(task, (progress) => onEvent({ ...about, state: "node", ...progress }));
      computed = await this.#end(asked, basis, end, { isAhead: false, task });
    } catch (error) {
      if (error instanceof Failure && error.kind === "usage")
        computed = { type: "unknown-node", reason: error.message };
      else onFailure(messageOf(error));
    }
    onEvent({ ...about, state: computed.type === "kept" ? "answered" : computed.type });
    return computed;
  }

  async #end(
    asked: Asked,
    basisFor: BasisFor,
    ending: CompareEnd | Promise<CompareEnd>,
    { isAhead, task }: { readonly isAhead: boolean; readonly task: CompareTask },
  ): Promise<Computed> {
    const startedMs = performance.now();
    const end = await ending;
    if (end.type === "failed" && end.isUsage) return { type: "unknown-node", reason: end.reason };
    if (end.type === "failed") throw new Error(`Cannot compare: ${end.reason}`);
    const elapsedS = (performance.now() - startedMs) / 1_000;
    if (isAhead) this.#options.onAnswered("ahead", elapsedS);
    const report = reportOf(end.answer, asked, elapsedS);
    const told = new ToldReport(report, asked.request.type);
    if (report.nodes.every(({ error }) => error === null)) {
      const kept: Kept = { basis: basisFor(report, isAhead), told };
      if (isAhead || this.#ready.has(asked.key)) {
        this.#ready.set(asked.key, { ...kept, basis: { ...kept.basis, isReady: true } });
      } else if (this.#options.settings.cacheTtl > 0) this.#kept.set(asked.key, kept);
      if (!end.answer.cached) await this.#options.shared?.keep(task, end.answer);
    }
    return { type: "kept", told };
  }

  /** Drops the answers computed ahead whose questions are no longer common. */
  keepReady(requests: readonly ComparisonRequest[]): void {
    const keys = new Set(requests.map((request) => askedFor(request, this.#options)?.key));
    for (const key of this.#ready.keys()) if (!keys.has(key)) this.#ready.delete(key);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#options.pool[Symbol.dispose]();
    await Promise.allSettled(this.#inFlight.values());
  }
}

function reportOf(answer: Answer, asked: Asked, elapsedS: number): CompareReport {
  const { type } = asked.request;
  const timeRange = windowFor(asked, answer.untilMs - 1).name;
  return { ...answer, type, timeRange, elapsedS };
}
