import type { PlanAction } from "../../src/upload/plan/actions.ts";
import type { PlanEvent } from "../../src/upload/plan/events.ts";
import type {
  HeldLease,
  Lease,
  ShareOutcome,
  ShareRequest,
} from "../../src/upload/plan/sharing/share-requests.ts";
import { type PlanOptions, UploadPlan } from "../../src/upload/plan/upload-plan.ts";
import type { Work } from "../../src/upload/plan/work.ts";
import { ClaimGuard } from "../../src/upload/shared/claim-guard.ts";
import { settlingMs } from "../../src/upload/shared/share-driver.ts";
import { ModelRedis } from "./model-redis.ts";
import type { Draw } from "./plan-world.ts";
import { fileOf } from "./work.ts";

export interface SharedWorldOptions {
  readonly machines: number;
  readonly contents: number;
  readonly workers: number;
  /** How long a shared store that is away is waited for; Infinity as with --watch. */
  readonly waitMs: number;
}

type Op = Extract<PlanAction, { type: "connect" | "reserve" | "send" | "check" | "share" }>;

const AMBIGUOUS_WAIT_MS = 20_000;
const LOST = { status: null, reason: "cut", retryAfterMs: null } as const;

interface Row {
  readonly state: "sending" | "pending" | "done";
  readonly sentMs: number;
}

/** One machine: a store that a kill leaves, and the run that it ends. */
class Machine {
  readonly rows = new Map<string, Row>();
  epoch: string | null = null;
  readonly #world: SharedWorld;
  readonly #name: number;
  #life = 0;
  #plan: UploadPlan;
  #ops: Op[] = [];
  #wakeAtMs = Infinity;
  #toOffer: string[] = [];
  #phase: "offering" | "exhausted" | "finished" = "offering";
  #joined: string | null = null;
  #guard: ClaimGuard;
  /** Nothing happens in it before; the shared store is out of its reach before. */
  frozenUntilMs = 0;
  cutOffUntilMs = 0;

  constructor(world: SharedWorld, name: number) {
    this.#world = world;
    this.#name = name;
    this.#guard = new ClaimGuard(() => world.nowMs);
    this.#plan = this.begin();
  }

  get isOver(): boolean {
    return this.#plan.isOver;
  }

  begin(): UploadPlan {
    this.#life += 1;
    this.#ops = [];
    this.#wakeAtMs = Infinity;
    this.#phase = "offering";
    this.#joined = null;
    this.#guard = new ClaimGuard(() => this.#world.nowMs);
    this.#toOffer = this.#world.contents.filter((checksum) => this.rows.get(checksum)?.state !== "done");
    const { workers, waitMs } = this.#world.options;
    const options: PlanOptions = {
      runId: this.#life,
      retryFailed: false,
      inFlight: { type: "fixed", workers },
      retry: {
        retries: 5,
        backoff: { baseMs: 100, maxMs: 1_000 },
        ambiguousWaitMs: AMBIGUOUS_WAIT_MS,
        outageWaitMs: 5_000,
        random: () => 0.5,
      },
      refusesDuplicates: false,
      batchItems: 1,
      batchBytes: 1e6,
      failuresToOpen: 50,
      graceMs: 500,
      sharing: { address: "redis://model", renewMs: 3_000, waitMs, mustPublish: true },
    };
    this.#plan = new UploadPlan(options);
    return this.#plan;
  }

  /** The process is gone: what was on its way is stored, will be, or never arrives. */
  kill(draw: Draw): void {
    for (const op of this.#ops)
      if (op.type === "send" && this.#mayFinish(op.works))
        for (const work of op.works) this.#world.maybeStore(work, draw);
    this.begin();
  }

  interrupt(): void {
    this.#tell({ type: "stopped", stop: { type: "interrupted" } });
  }

  step(draw: Draw): void {
    const at = draw(this.#ops.length + 2);
    // What is asked on one connection is answered in order.
    const drawn = this.#ops[at];
    const op = drawn?.type === "share" ? this.#ops.find(({ type }) => type === "share") : drawn;
    if (op !== undefined) this.#complete(op, draw);
    else if (at === this.#ops.length) this.#offer();
    else this.tick();
  }

  tick(): void {
    if (this.#wakeAtMs <= this.#world.nowMs) this.#tell({ type: "tick" });
  }

  #tell(event: PlanEvent): void {
    for (const action of this.#plan.on(event, this.#world.nowMs)) this.#perform(action);
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
        // It is written down before anything that was asked after it is answered.
        if (action.request.type === "remember") this.epoch = this.#joined;
        this.#ops.push(action);
        return;
      case "renew":
        for (const checksum of action.checksums) this.#sent(checksum);
        return;
      case "doubt":
        this.#sent(action.checksum);
        return;
      case "unsent":
        this.rows.set(action.checksum, { state: "pending", sentMs: 0 });
        return;
      case "settle":
        if (action.as.type === "uploaded" || action.as.type === "known")
          this.rows.set(action.work.checksum, { state: "done", sentMs: 0 });
        if (action.as.type === "failed" || action.as.type === "refused")
          this.rows.set(action.work.checksum, { state: "pending", sentMs: 0 });
        return;
      case "settle-stray":
        this.rows.set(action.checksum, { state: action.isThere ? "done" : "pending", sentMs: 0 });
        return;
      case "find-strays":
        this.#tell({ type: "strays", strays: [] });
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
    if (this.rows.get(checksum)?.state === "sending")
      this.rows.set(checksum, { state: "sending", sentMs: this.#world.nowMs });
  }

  #offer(): void {
    const checksum = this.#toOffer[0];
    if (checksum === undefined) {
      if (this.#phase === "offering") this.#tell({ type: (this.#phase = "exhausted") });
      else if (this.#phase === "exhausted" && this.#plan.isIdle)
        this.#tell({ type: (this.#phase = "finished") });
      return;
    }
    if (!this.#plan.hasRoom) return;
    this.#toOffer.shift();
    const row = this.rows.get(checksum);
    const standing =
      row === undefined
        ? null
        : {
            state: row.state,
            sentUptimeMs: row.sentMs,
            sentBoot: null,
            runId: null,
            status: null,
            reason: null,
          };
    const sentAgoMs = row?.state === "sending" ? this.#world.nowMs - row.sentMs : null;
    this.#tell({ type: "offered", checksum, file: fileOf(checksum), standing, sentAgoMs });
  }

  #complete(op: Op, draw: Draw): void {
    this.#ops.splice(this.#ops.indexOf(op), 1);
    switch (op.type) {
      case "connect": {
        const health = { authenticated: true, agency: null, canUpload: true, batch: null, bulkCheck: null };
        this.#tell({ type: "connected", outcome: { type: "healthy", health } });
        return;
      }
      case "reserve":
        for (const { checksum } of op.works)
          this.rows.set(checksum, { state: "sending", sentMs: this.#world.nowMs });
        this.#tell({ type: "reserved", units: [op.unit] });
        return;
      case "check": {
        const [checksum = ""] = op.checksums;
        const found = this.#world.isStored(checksum) ? "there" : "absent";
        this.#tell({ type: "checked", check: op.check, answer: new Map([[checksum, found]]) });
        return;
      }
      case "send":
        this.#answer(op, draw);
        return;
      case "share":
        this.#share(op.request, draw);
    }
  }

  #answer({ unit, works }: Extract<Op, { type: "send" }>, draw: Draw): void {
    const [work] = works;
    if (work === undefined || !this.#mayFinish(works)) {
      this.#tell({ type: "answered", unit, answer: { type: "unclaimed" } });
      return;
    }
    const drawn = draw(6);
    if (drawn === 1) {
      this.#world.maybeStore(work, draw);
      const outcome = { type: "ambiguous", ...LOST, isUnrecognised: false } as const;
      this.#tell({ type: "answered", unit, answer: { type: "single", outcome } });
    } else if (drawn === 2)
      this.#tell({
        type: "answered",
        unit,
        answer: { type: "single", outcome: { type: "transient", ...LOST, status: 429 } },
      });
    else {
      this.#world.store(work.checksum);
      this.#tell({
        type: "answered",
        unit,
        answer: { type: "single", outcome: { type: "stored", candidateId: null } },
      });
    }
  }

  /** As the driver asks before the last byte. */
  #mayFinish(works: readonly Work[]): boolean {
    const leases = works.flatMap(({ lease }) => (lease === null ? [] : [lease]));
    if (leases.length === works.length && leases.every(({ number }) => this.#guard.isSure(number)))
      return true;
    if (leases.length < works.length || this.#isCutOff) return false;
    const renewed = this.#prolong(
      leases.map((lease) => ({ ...lease, stage: "sending" })),
      false,
    );
    return renewed.type === "renewed" && renewed.lost.length === 0;
  }

  get #isCutOff(): boolean {
    return this.#world.nowMs < this.cutOffUntilMs;
  }

  #share(request: ShareRequest, draw: Draw): void {
    const isSilent = this.#isCutOff || draw(40) === 1;
    // What got no answer may have been done.
    const outcome = this.#isCutOff && draw(2) === 0 ? null : this.#ask(request);
    if (!isSilent && outcome !== null) {
      this.#tell({ type: "shared", request, outcome });
      return;
    }
    const silent = { type: "silent", reason: "the connection was lost" } as const;
    const others = this.#ops.filter((op) => op.type === "share");
    this.#ops = this.#ops.filter((op) => op.type !== "share");
    this.#tell({ type: "shared", request, outcome: silent });
    for (const op of others) this.#tell({ type: "shared", request: op.request, outcome: silent });
  }

  #token({ number }: Lease): string {
    return `${this.#name}/${this.#life}/${number}`;
  }

  #ask(request: ShareRequest): ShareOutcome {
    const { redis, nowMs } = this.#world;
    const isOver = this.#joined === null || redis.epoch !== this.#joined;
    switch (request.type) {
      case "join": {
        const before = this.#joined;
        const epoch = redis.join(before ?? this.epoch, AMBIGUOUS_WAIT_MS, nowMs);
        this.#joined = epoch.name;
        const kept = this.#prolong(request.leases, before !== epoch.name);
        if (kept.type !== "renewed") return kept;
        const settleMs = settlingMs(epoch, { known: this.epoch, before, waitMs: AMBIGUOUS_WAIT_MS });
        return { type: "joined", settleMs, isKnown: false, lost: kept.lost };
      }
      case "publish":
        for (const [checksum, { state }] of this.rows)
          if (state === "done") redis.done(checksum, null, nowMs);
        return { type: "published" };
      case "remember":
        return { type: "remembered" };
      case "claim": {
        const { checksum } = request.lease;
        if (isOver) return { type: "epoch-changed" };
        if (redis.isDone(checksum)) return { type: "done" };
        const holder = redis.holder(checksum, nowMs);
        if (holder !== null && holder.token !== this.#token(request.lease))
          return { type: "held", forMs: holder.untilMs - nowMs };
        redis.hold(checksum, this.#token(request.lease), nowMs);
        this.#guard.hold([request.lease.number], nowMs);
        const sinceMs = redis.doubtedMs(checksum);
        return { type: "claimed", inDoubtForMs: sinceMs === null ? null : nowMs - sinceMs };
      }
      case "mark": {
        if (isOver) return { type: "epoch-changed" };
        const lost = request.leases.filter(
          (lease) => redis.holder(lease.checksum, nowMs)?.token !== this.#token(lease),
        );
        if (lost.length > 0) return { type: "lost", leases: lost };
        for (const lease of request.leases) {
          redis.hold(lease.checksum, this.#token(lease), nowMs);
          redis.doubt(lease.checksum, nowMs);
          this.#guard.hold([lease.number], nowMs);
        }
        return { type: "marked" };
      }
      case "renew":
        return this.#prolong(request.leases, false);
      case "close": {
        const { lease, as } = request;
        if (as === "done") redis.done(lease.checksum, this.#token(lease), nowMs);
        else redis.release(lease.checksum, this.#token(lease), as === "unsent", nowMs);
        this.#guard.drop(lease.number);
        return { type: "closed" };
      }
    }
  }

  #prolong(
    leases: readonly HeldLease[],
    isRegained: boolean,
  ): Extract<ShareOutcome, { type: "renewed" | "epoch-changed" }> {
    const { redis, nowMs } = this.#world;
    if (redis.epoch !== this.#joined) return { type: "epoch-changed" };
    const lost: Lease[] = [];
    for (const lease of leases) {
      const { checksum, stage } = lease;
      const token = this.#token(lease);
      const holder = redis.holder(checksum, nowMs);
      if (holder?.token === token || (isRegained && holder === null)) {
        redis.hold(checksum, token, nowMs);
        if (stage === "sending" || (stage === "in-doubt" && redis.doubtedMs(checksum) === null))
          redis.doubt(checksum, nowMs);
        this.#guard.hold([lease.number], nowMs);
      } else {
        lost.push(lease);
        this.#guard.drop(lease.number);
      }
    }
    return { type: "renewed", lost };
  }
}

/**
 * Several machines with the same tree, one shared store and one server that refuses no duplicates, on one clock: what is
 * drawn decides what happens next, faults among it. A server answers truly, or not at all, and stores what it was sent
 * at once or up to the ambiguous wait later.
 */
export class SharedWorld {
  readonly options: SharedWorldOptions;
  readonly redis = new ModelRedis();
  readonly contents: readonly string[];
  nowMs = 1_000_000;
  readonly #machines: readonly Machine[];
  readonly #stored = new Map<string, number>();
  #landings: { readonly atMs: number; readonly checksum: string }[] = [];
  #replica: (() => void) | null = null;

  constructor(options: SharedWorldOptions) {
    this.options = options;
    this.contents = Array.from({ length: options.contents }, (_, at) => `c${at}`);
    this.#machines = Array.from({ length: options.machines }, (_, name) => new Machine(this, name));
    // All have taken part once: what is promised of somebody new is less.
    for (const machine of this.#machines)
      for (let step = 0; machine.epoch === null; step += 1) {
        if (step > 200) throw new Error("a machine does not come to take part");
        machine.step(() => 0);
      }
  }

  isStored(checksum: string): boolean {
    return (this.#stored.get(checksum) ?? 0) > 0;
  }

  store(checksum: string): void {
    const times = (this.#stored.get(checksum) ?? 0) + 1;
    this.#stored.set(checksum, times);
    if (times > 1) throw new Error(`${checksum} was stored ${times} times`);
  }

  /** Nobody knows: it is stored, will be, or never arrived. */
  maybeStore({ checksum }: Work, draw: Draw): void {
    const drawn = draw(3);
    if (drawn === 0) this.store(checksum);
    if (drawn === 1) this.#landings.push({ atMs: this.nowMs + draw(AMBIGUOUS_WAIT_MS), checksum });
  }

  /** One thing happens. */
  step(draw: Draw): void {
    const machine = this.#machines[draw(this.#machines.length)];
    if (machine === undefined) return;
    switch (draw(24)) {
      case 1:
        this.#pass(draw(2_000));
        return;
      case 2:
        this.#pass(draw(4) === 0 ? draw(30_000) : draw(400));
        return;
      case 3:
        if (draw(3) === 0) this.#fault(machine, draw);
        return;
      default:
        if (this.nowMs < machine.frozenUntilMs) this.#pass(draw(500));
        else if (machine.isOver) machine.begin();
        else machine.step(draw);
    }
  }

  #fault(machine: Machine, draw: Draw): void {
    switch (draw(8)) {
      case 0:
        this.redis.flush();
        return;
      case 1:
        this.redis.restart();
        if (draw(2) === 0) this.redis.flush();
        return;
      case 2:
        this.#replica ??= this.redis.copy();
        return;
      case 3:
        this.#replica?.();
        this.#replica = null;
        return;
      case 4:
        machine.frozenUntilMs = this.nowMs + 3_000 + draw(30_000);
        return;
      case 5:
        machine.cutOffUntilMs = this.nowMs + draw(30_000);
        return;
      case 6:
        machine.interrupt();
        return;
      default:
        machine.kill(draw);
    }
  }

  #pass(ms: number): void {
    this.nowMs += ms;
    const due = this.#landings.filter(({ atMs }) => atMs <= this.nowMs);
    this.#landings = this.#landings.filter(({ atMs }) => atMs > this.nowMs);
    for (const { checksum } of due) this.store(checksum);
  }

  /** All goes well from here on: every run ends, and in the next ones everything is there, once. */
  settle(): void {
    for (const machine of this.#machines) {
      machine.frozenUntilMs = 0;
      machine.cutOffUntilMs = 0;
    }
    for (let life = 0; life < 2; life += 1) {
      this.#finish();
      for (const machine of this.#machines) machine.begin();
    }
    this.#finish();
    for (const machine of this.#machines)
      for (const checksum of this.contents) {
        if (machine.rows.get(checksum)?.state !== "done" || !this.isStored(checksum))
          throw new Error(`${checksum} is ${machine.rows.get(checksum)?.state ?? "unknown"} in the end`);
      }
  }

  #finish(): void {
    for (let round = 0; this.#machines.some(({ isOver }) => !isOver); round += 1) {
      if (round > 5_000) throw new Error("the runs do not end");
      const open = this.#machines.filter(({ isOver }) => !isOver);
      for (const machine of open)
        for (let step = 0; step < 8 && !machine.isOver; step += 1) machine.step(() => 0);
      for (const machine of open) if (!machine.isOver) machine.tick();
      this.#pass(100);
    }
  }
}
