import type { PlanAction } from "../../../../src/upload/plan/actions.ts";
import type { PlanEvent } from "../../../../src/upload/plan/events.ts";
import type { ShareOutcome, ShareRequest } from "../../../../src/upload/plan/sharing/share-requests.ts";
import { UploadPlan } from "../../../../src/upload/plan/upload-plan.ts";
import type { Work } from "../../../../src/upload/plan/work.ts";
import { fileOf } from "../work.ts";
import type { Draw } from "./draw.ts";
import type { ModelRedis } from "./model-redis.ts";
import { LOST, type ModelServer } from "./model-server.ts";
import { ModelShare } from "./model-share.ts";
import { ModelStore } from "./model-store.ts";
import { modelPlanOptions } from "./plan-options.ts";

type Op = Extract<PlanAction, { type: "connect" | "reserve" | "send" | "check" | "share" }>;

/** What the machines share. */
export interface Surroundings {
  readonly redis: ModelRedis;
  readonly server: ModelServer;
  readonly contents: readonly string[];
  readonly workers: number;
  /** How long to wait for an unreachable shared store; Infinity as with --watch. */
  readonly waitMs: number;
  readonly ambiguousWaitMs: number;
  readonly now: () => number;
}

/** One machine: a store that survives kills, and a run that does not. */
export class SharedMachine {
  readonly store = new ModelStore();
  /** The shared store's epoch, as recorded. */
  epoch: string | null = null;
  /** Until then nothing happens in it, or it cannot reach the shared store, respectively. */
  frozenUntilMs = 0;
  cutOffUntilMs = 0;
  readonly #around: Surroundings;
  readonly #name: number;
  #plan: UploadPlan;
  #share: ModelShare;
  #ops: Op[] = [];
  #wakeAtMs = Infinity;
  #toOffer: string[] = [];
  #phase: "offering" | "exhausted" | "finished" = "offering";

  constructor(around: Surroundings, name: number) {
    this.#around = around;
    this.#name = name;
    [this.#plan, this.#share] = this.#live();
  }

  get isOver(): boolean {
    return this.#plan.isOver;
  }

  get #isCutOff(): boolean {
    return this.#around.now() < this.cutOffUntilMs;
  }

  /** Starts another run; what the last one had in memory is lost. */
  begin(): void {
    [this.#plan, this.#share] = this.#live();
  }

  #live(): [UploadPlan, ModelShare] {
    const { redis, contents, workers, waitMs, ambiguousWaitMs, now } = this.#around;
    this.store.beginRun();
    this.#ops = [];
    this.#wakeAtMs = Infinity;
    this.#phase = "offering";
    this.#toOffer = contents.filter((checksum) => this.store.get(checksum)?.state !== "done");
    const { runId } = this.store;
    const options = modelPlanOptions({
      runId,
      workers,
      batchItems: 1,
      retries: 5,
      ambiguousWaitMs,
      refusesDuplicates: false,
      failuresToOpen: 50,
      sharing: { address: "redis://model", renewMs: 3_000, waitMs, mustPublish: true },
    });
    redis.disconnect(this.#name);
    const share = new ModelShare(redis, { machine: this.#name, life: runId, waitMs: ambiguousWaitMs, now });
    return [new UploadPlan(options), share];
  }

  /** The process is gone: what was in flight is stored now, later or never. */
  kill(draw: Draw): void {
    for (const op of this.#ops)
      if (op.type === "send" && this.#mayFinish(op.works))
        for (const { checksum } of op.works)
          this.#around.server.maybeStore(checksum, draw, this.#around.now());
    this.begin();
  }

  interrupt(): void {
    this.#dispatch({ type: "stopped", stop: { type: "interrupted" } });
  }

  step(draw: Draw): void {
    const at = draw(this.#ops.length + 2);
    // Requests on one connection are answered in order.
    const drawn = this.#ops[at];
    const op = drawn?.type === "share" ? this.#ops.find(({ type }) => type === "share") : drawn;
    if (op !== undefined) this.#complete(op, draw);
    else if (at === this.#ops.length) this.#offer();
    else this.tick();
  }

  tick(): void {
    if (this.#wakeAtMs <= this.#around.now()) this.#dispatch({ type: "tick" });
  }

  #dispatch(event: PlanEvent): void {
    for (const action of this.#plan.on(event, this.#around.now())) this.#perform(action);
  }

  #perform(action: PlanAction): void {
    switch (action.type) {
      case "connect":
      case "reserve":
      case "check":
      case "send":
        this.#ops.push(action);
        return;
      case "share":
        // The epoch is recorded before any later request is answered.
        if (action.request.type === "remember") this.epoch = this.#share.joined;
        this.#ops.push(action);
        return;
      case "renew":
        for (const checksum of action.checksums) this.#sent(checksum);
        return;
      case "doubt":
        this.#sent(action.checksum);
        return;
      case "unsent":
        this.store.write(action.checksum, { state: "pending" });
        return;
      case "settle":
        this.store.settle(action.work.checksum, action.as);
        return;
      case "settle-stray":
        this.store.write(action.checksum, { state: action.isThere ? "done" : "pending" });
        return;
      case "find-strays":
        this.#dispatch({ type: "strays", strays: this.store.strays(this.#around.now()) });
        return;
      case "wake":
        this.#wakeAtMs = action.atMs;
        return;
      case "cut":
      case "decline":
      case "fail":
      case "hurry":
      case "notice":
      case "recheck":
      case "remember":
      case "retried":
      case "stop":
    }
  }

  #sent(checksum: string): void {
    this.store.write(checksum, { sentUptimeMs: this.#around.now() }, ["sending"]);
  }

  #offer(): void {
    const checksum = this.#toOffer[0];
    if (checksum === undefined) {
      if (this.#phase === "offering") this.#dispatch({ type: (this.#phase = "exhausted") });
      else if (this.#phase === "exhausted" && this.#plan.isIdle)
        this.#dispatch({ type: (this.#phase = "finished") });
      return;
    }
    if (!this.#plan.hasRoom) return;
    this.#toOffer.shift();
    const standing = this.store.get(checksum);
    const sentAgoMs =
      standing?.state === "sending" ? this.#around.now() - (standing.sentUptimeMs ?? 0) : null;
    this.#dispatch({ type: "offered", checksum, file: fileOf(checksum), standing, sentAgoMs });
  }

  #complete(op: Op, draw: Draw): void {
    this.#ops.splice(this.#ops.indexOf(op), 1);
    switch (op.type) {
      case "connect": {
        const health = { authenticated: true, agency: null, canUpload: true, batch: null, bulkCheck: null };
        this.#dispatch({ type: "connected", outcome: { type: "healthy", health } });
        return;
      }
      case "reserve":
        for (const { checksum } of op.works)
          this.store.write(checksum, { state: "sending", sentUptimeMs: this.#around.now() });
        this.#dispatch({ type: "reserved", units: [op.unit] });
        return;
      case "check": {
        const [checksum = ""] = op.checksums;
        const found = this.#around.server.has(checksum) ? "there" : "absent";
        this.#dispatch({ type: "checked", check: op.check, answer: new Map([[checksum, found]]) });
        return;
      }
      case "send":
        this.#answer(op, draw);
        return;
      case "share":
        this.#askShared(op.request, draw);
    }
  }

  #answer({ unit, works }: Extract<Op, { type: "send" }>, draw: Draw): void {
    const [work] = works;
    if (work === undefined || !this.#mayFinish(works)) {
      this.#dispatch({ type: "answered", unit, answer: { type: "unclaimed" } });
      return;
    }
    const { server, now } = this.#around;
    const drawn = draw(6);
    if (drawn === 1) {
      server.maybeStore(work.checksum, draw, now());
      const outcome = { type: "ambiguous", ...LOST, isUnrecognised: false } as const;
      this.#dispatch({ type: "answered", unit, answer: { type: "single", outcome } });
    } else if (drawn === 2) {
      const outcome = { type: "transient", ...LOST, status: 429 } as const;
      this.#dispatch({ type: "answered", unit, answer: { type: "single", outcome } });
    } else {
      server.store(work.checksum);
      const outcome = { type: "stored", candidateId: null } as const;
      this.#dispatch({ type: "answered", unit, answer: { type: "single", outcome } });
    }
  }

  #mayFinish(works: readonly Work[]): boolean {
    return this.#share.mayFinish(works, { isCutOff: this.#isCutOff, nowMs: this.#around.now() });
  }

  #askShared(request: ShareRequest, draw: Draw): void {
    const isSilent = this.#isCutOff || draw(40) === 1;
    // A request without an answer may have been executed.
    const outcome = this.#isCutOff && draw(2) === 0 ? null : this.#ask(request);
    if (!isSilent && outcome !== null) {
      this.#dispatch({ type: "shared", request, outcome });
      return;
    }
    const silent = { type: "silent", reason: "the connection was lost" } as const;
    const others = this.#ops.filter((op) => op.type === "share");
    this.#ops = this.#ops.filter((op) => op.type !== "share");
    this.#dispatch({ type: "shared", request, outcome: silent });
    for (const op of others) this.#dispatch({ type: "shared", request: op.request, outcome: silent });
  }

  #ask(request: ShareRequest): ShareOutcome {
    return this.#share.ask(request, { epoch: this.epoch, done: this.store.done }, this.#around.now());
  }
}
