import type { PlanAction, Settlement } from "../../../../src/upload/plan/actions.ts";
import { admit } from "../../../../src/upload/plan/dedupe.ts";
import type { PlanEvent } from "../../../../src/upload/plan/events.ts";
import { UploadPlan } from "../../../../src/upload/plan/upload-plan.ts";
import type { OpenState, Work } from "../../../../src/upload/plan/work.ts";
import type { FoundFile } from "../../../../src/upload/scan/file-page.ts";
import { fileOf } from "../work.ts";
import { type Draw, FAIR, must } from "./draw.ts";
import { drawnAnswer, drawnCheck, drawnHealth } from "./model-answers.ts";
import { ModelServer } from "./model-server.ts";
import { ModelStore } from "./model-store.ts";
import { ModelTree } from "./model-tree.ts";
import { modelPlanOptions } from "./plan-options.ts";

export interface WorldOptions {
  /** Number of contents; file n has content n modulo this. */
  readonly contents: number;
  readonly files: number;
  readonly batchItems: number;
  readonly workers: number;
  readonly bulkCheck: boolean;
  /** The server answers 409 to contents that it has; otherwise it stores them again. */
  readonly refusesDuplicates: boolean;
  /** The client believes so from an earlier run. It is wrong if the server has changed within a day. */
  readonly isKnownToRefuse: boolean;
}

type Op = Extract<PlanAction, { type: "connect" | "reserve" | "send" | "check" }>;

const AMBIGUOUS_WAIT_MS = 1_000;
const OPEN_STATES: readonly OpenState[] = [
  "queued",
  "reserving",
  "reserved",
  "sending",
  "backoff",
  "in-doubt",
];

/**
 * A server, a store and a tree around a plan, on a simulated clock; draws decide which of the possible events
 * happens next.
 */
export class PlanWorld {
  readonly #options: WorldOptions;
  readonly #store = new ModelStore();
  readonly #server: ModelServer;
  /** Contents of which any run began to send bytes. */
  readonly #everSent = new Set<string>();
  readonly #files: FoundFile[];
  #nowMs = 0;
  #plan: UploadPlan;
  #ops: Op[] = [];
  #wakeAtMs = Infinity;
  /** Consecutive ticks at the same moment. */
  #spins = 0;
  #tree: ModelTree = new ModelTree([]);
  #phase: "offering" | "exhausted" | "finished" = "offering";

  constructor(options: WorldOptions) {
    this.#options = options;
    this.#server = new ModelServer({ ...options, ambiguousWaitMs: AMBIGUOUS_WAIT_MS });
    this.#files = Array.from({ length: options.files }, (_, index) => fileOf(`${index}`));
    this.#plan = this.#begin();
  }

  /** Performs `steps` events of a run as drawn, then lets everything go well to its end. */
  run(draw: Draw, steps: number): void {
    this.#plan = this.#begin();
    const isKilled = draw(8) === 0;
    for (let step = 0; step < steps && !this.#isOver; step += 1) this.#step(draw);
    if (isKilled) this.#kill(draw);
    else this.#finish();
  }

  /** A run in which everything goes well; throws if anything is lost, repeated or left open afterwards. */
  settle(): void {
    this.#nowMs += 60_000;
    this.#server.land(this.#nowMs);
    this.#plan = this.#begin();
    this.#finish();
    for (const file of this.#files) {
      const checksum = this.#checksumOf(file);
      const state = this.#store.get(checksum)?.state ?? "unknown";
      must(state === "done" || state === "failed", `${file.name} is ${state} in the end`);
      must(state === "failed" || this.#server.has(checksum), `${file.name} is done and not stored`);
    }
  }

  #checksumOf(file: FoundFile): string {
    return `c${Number(file.name) % this.#options.contents}`;
  }

  #begin(): UploadPlan {
    this.#store.beginRun();
    this.#ops = [];
    this.#wakeAtMs = Infinity;
    this.#tree = new ModelTree(
      this.#files.filter((file) => this.#store.get(this.#checksumOf(file))?.state !== "done"),
    );
    this.#phase = "offering";
    const { workers, batchItems, isKnownToRefuse } = this.#options;
    return new UploadPlan(
      modelPlanOptions({
        runId: this.#store.runId,
        workers,
        batchItems,
        retries: 2,
        ambiguousWaitMs: AMBIGUOUS_WAIT_MS,
        refusesDuplicates: isKnownToRefuse,
        failuresToOpen: 3,
        sharing: null,
      }),
    );
  }

  get #isOver(): boolean {
    return this.#plan.isOver;
  }

  #dispatch(event: PlanEvent): void {
    for (const action of this.#plan.on(event, this.#nowMs)) this.#perform(action);
    this.#check();
  }

  /** Invariants checked after every event. */
  #check(): void {
    const sent = this.#ops.flatMap((op) => (op.type === "send" ? op.works : []));
    must(new Set(sent).size === sent.length, "a content is sent twice at once");
    must(
      this.#ops.filter(({ type }) => type === "send").length <= this.#options.workers,
      "too many in flight",
    );
    must(this.#ops.filter(({ type }) => type === "connect").length <= 1, "asked for health twice at once");
    let open = 0;
    for (const state of OPEN_STATES) {
      for (const work of this.#plan.works.in[state]) {
        open += 1;
        must(work.state.type === state, `a work that is ${work.state.type} is found ${state}`);
        must(this.#plan.works.get(work.checksum) === work, "a work is not the one of its content");
        if (state === "sending") must(sent.includes(work), "a work is sending and nothing is in flight");
        if (state === "reserving")
          must(this.#isReserving(work), "a work is reserving and nothing is written");
        if (state === "reserved") {
          const row = this.#store.get(work.checksum);
          must(row?.state === "sending", "a work is reserved and its row does not say so");
        }
      }
    }
    must(open === this.#plan.works.size, "a work is in no state");
  }

  #isReserving(work: Work): boolean {
    return this.#ops.some((op) => op.type === "reserve" && op.works.includes(work));
  }

  #perform(action: PlanAction): void {
    switch (action.type) {
      case "connect":
      case "reserve":
      case "check":
        this.#ops.push(action);
        return;
      case "send":
        for (const { checksum } of action.works) {
          must(this.#store.get(checksum)?.state === "sending", "sent before its row said so");
          must(
            !this.#ops.some(
              (op) => op.type === "send" && op.works.some((work) => work.checksum === checksum),
            ),
            "sent while it is in flight",
          );
          this.#everSent.add(checksum);
        }
        this.#ops.push(action);
        return;
      case "renew":
        for (const checksum of action.checksums)
          this.#store.write(checksum, { sentUptimeMs: this.#nowMs }, ["sending"]);
        return;
      case "doubt":
        this.#store.write(action.checksum, { sentUptimeMs: this.#nowMs, ...action.because }, ["sending"]);
        return;
      case "unsent":
        this.#store.write(action.checksum, { state: "pending" });
        return;
      case "settle":
        this.#settled(action.work, action.as);
        return;
      case "settle-stray":
        this.#store.write(action.checksum, { state: action.isThere ? "done" : "pending" });
        return;
      case "decline":
        this.#tree.end(action.file, action.as === "duplicate" ? "duplicate" : "failed");
        return;
      case "fail":
        this.#tree.end(action.file, "failed");
        return;
      case "recheck":
        this.#tree.readAnew(action.file);
        return;
      case "find-strays":
        this.#dispatch({ type: "strays", strays: this.#store.strays(this.#nowMs) });
        return;
      case "wake":
        this.#wakeAtMs = action.atMs;
        return;
      case "hurry":
      case "retried":
      case "remember":
      case "notice":
      case "cut":
      case "share":
      case "stop":
    }
  }

  #settled({ checksum, file, alternate }: Work, as: Settlement): void {
    if (as.type === "uploaded" || as.type === "known")
      must(this.#server.has(checksum), "said to be there and is not");
    this.#store.settle(checksum, as);
    if (as.type === "gone") return;
    this.#tree.end(file, as.type);
    if (alternate !== null) this.#tree.end(alternate, as.type === "left" ? "left" : "duplicate");
  }

  #step(draw: Draw): void {
    const kinds = this.#ops.length + 5;
    const drawn = draw(kinds);
    const op = this.#ops[drawn];
    if (op !== undefined) this.#complete(op, draw);
    else if (drawn <= this.#ops.length + 1) this.#offer();
    else if (drawn === this.#ops.length + 2) this.#pass(draw(3) === 0 ? 5_000 : draw(300));
    else if (drawn === this.#ops.length + 3) this.#tick();
    else if (draw(40) === 0) this.#stop(draw);
  }

  #offer(): void {
    const { next } = this.#tree;
    if (next === null) {
      this.#close();
      return;
    }
    if (!this.#plan.hasRoom) return;
    this.#tree.offered(next);
    const checksum = this.#checksumOf(next);
    const isOpen = this.#plan.works.get(checksum) !== undefined;
    const standing = isOpen ? null : this.#store.get(checksum);
    const sentAgoMs = standing?.sentUptimeMs == null ? null : this.#nowMs - standing.sentUptimeMs;
    const isLooking =
      !isOpen &&
      admit(standing, { isInFlight: false, runId: this.#store.runId, retryFailed: false }).type === "look";
    this.#dispatch({ type: "offered", checksum, file: next, standing, sentAgoMs });
    if (isLooking) this.#store.write(checksum, {});
  }

  /** Reports that the tree, including files offered again, is exhausted. */
  #close(): void {
    if (this.#phase === "offering") {
      this.#phase = "exhausted";
      this.#dispatch({ type: "exhausted" });
    } else if (this.#phase === "exhausted" && this.#plan.isIdle) {
      this.#phase = "finished";
      this.#dispatch({ type: "finished" });
    }
  }

  #pass(ms: number): void {
    this.#nowMs += ms;
    this.#server.land(this.#nowMs);
  }

  /** The moment has come at which the plan asked to be woken. */
  #tick(): void {
    if (this.#wakeAtMs === Infinity) return;
    this.#spins = this.#wakeAtMs <= this.#nowMs ? this.#spins + 1 : 0;
    must(this.#spins < 100, `woken again and again without an end: ${this.#describe()}`);
    this.#pass(Math.max(0, this.#wakeAtMs - this.#nowMs));
    this.#dispatch({ type: "tick" });
  }

  #stop(draw: Draw): void {
    const error = new Error("no space");
    this.#dispatch({
      type: "stopped",
      stop: draw(2) === 0 ? { type: "interrupted" } : { type: "broken", error },
    });
  }

  /** Writes rows: those of one unit, or of all that wait for the same commit. */
  #reserve(op: Extract<Op, { type: "reserve" }>, draw: Draw): void {
    if (draw(60) === 1) {
      this.#dispatch({ type: "reserved", units: [op.unit], error: new Error("the disk is full") });
      return;
    }
    const group = [op];
    if (draw(2) === 0) {
      for (const other of this.#ops) if (other.type === "reserve") group.push(other);
      this.#ops = this.#ops.filter(({ type }) => type !== "reserve");
    }
    for (const { checksum } of group.flatMap(({ works }) => works))
      this.#store.write(checksum, { state: "sending", sentUptimeMs: this.#nowMs, status: null });
    this.#dispatch({ type: "reserved", units: group.map(({ unit }) => unit) });
  }

  #complete(op: Op, draw: Draw): void {
    this.#ops.splice(this.#ops.indexOf(op), 1);
    switch (op.type) {
      case "connect":
        this.#dispatch({ type: "connected", outcome: drawnHealth(draw, this.#options) });
        return;
      case "reserve":
        this.#reserve(op, draw);
        return;
      case "send": {
        const answer = drawnAnswer(this.#server, op.works, draw, this.#nowMs);
        this.#dispatch({ type: "answered", unit: op.unit, answer });
        return;
      }
      case "check": {
        const answer =
          op.inBulk && draw(8) === 1
            ? null
            : new Map(op.checksums.map((checksum) => [checksum, drawnCheck(this.#server, checksum, draw)]));
        this.#dispatch({ type: "checked", check: op.check, answer });
      }
    }
  }

  /** The process is gone: what was in flight is stored now, later or never. */
  #kill(draw: Draw): void {
    this.#forgiveSending();
    for (const op of this.#ops)
      if (op.type === "send")
        for (const { checksum } of op.works) this.#server.maybeStore(checksum, draw, this.#nowMs);
  }

  /** What is reserved now stays reserved without having been sent: nobody can take it back, or the store is broken. */
  #forgiveSending(): void {
    for (const checksum of this.#store.sending) this.#everSent.add(checksum);
  }

  /** The state of the run, for debugging. */
  #describe(): string {
    const works = OPEN_STATES.flatMap((state) => [...this.#plan.works.in[state]]);
    return JSON.stringify({
      works: works.map(({ checksum, state, asked }) => ({ checksum, asked, ...state })),
      ops: this.#ops.map(({ type }) => type),
      nowMs: this.#nowMs,
      wakeAtMs: this.#wakeAtMs,
      phase: this.#phase,
    });
  }

  /** From here on everything goes well; the run must end. */
  #finish(): void {
    for (let step = 0; !this.#isOver; step += 1) {
      must(step < 20_000, `the run does not end: ${this.#describe()}`);
      const [op] = this.#ops;
      if (op !== undefined && step % 3 !== 2) this.#complete(op, FAIR);
      else if (this.#tree.next !== null && this.#plan.hasRoom) this.#offer();
      else if (this.#phase !== "finished") {
        this.#close();
        if (op === undefined) this.#tick();
      } else if (op === undefined) this.#tick();
    }
    must(this.#plan.works.size === 0, "the run is over and works are open");
    if (this.#plan.stop?.type === "broken") this.#forgiveSending();
    must(
      !this.#ops.some(({ type }) => type === "send" || type === "reserve"),
      "over while something is in flight",
    );
    this.#tree.mustBeOver();
    for (const checksum of this.#store.sending)
      must(this.#everSent.has(checksum), `${checksum} is sending and was never sent`);
  }
}
