import type { ContentStanding } from "../../src/upload/ledger/ledger.ts";
import type { PlanAction, Settlement } from "../../src/upload/plan/actions.ts";
import { admit } from "../../src/upload/plan/dedupe.ts";
import type { PlanEvent } from "../../src/upload/plan/events.ts";
import type { OpenState, Work } from "../../src/upload/plan/work.ts";
import { type PlanOptions, UploadPlan } from "../../src/upload/plan/upload-plan.ts";
import type { FoundFile } from "../../src/upload/scan/scan.ts";
import type { CheckOutcome, HealthOutcome, UploadOutcome } from "../../src/upload/tanova/types.ts";
import { fileOf } from "./work.ts";

/** Draws a number from 0 to `count - 1`: what happens next. */
export type Draw = (count: number) => number;

export interface WorldOptions {
  /** Contents of the tree; file number n has content n modulo this. */
  readonly contents: number;
  readonly files: number;
  readonly batchItems: number;
  readonly workers: number;
  readonly bulkCheck: boolean;
  /** The server answers 409 to what it has; else it stores it again. */
  readonly refusesDuplicates: boolean;
  /** The client believes so from an earlier run. Wrongly so is a server that has changed within a day. */
  readonly isKnownToRefuse: boolean;
}

type Row = ContentStanding;
type Op = Extract<PlanAction, { type: "connect" | "reserve" | "send" | "check" }>;

const AMBIGUOUS_WAIT_MS = 1_000;
const LOST = { status: null, reason: "cut", retryAfterMs: null } as const;
const OPEN_STATES: readonly OpenState[] = [
  "queued",
  "reserving",
  "reserved",
  "sending",
  "backoff",
  "in-doubt",
];

class Broken extends Error {}

/** What must hold, or the sequence has shown a defect. */
function must(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Broken(what);
}

/**
 * A server, a store and a tree around a plan, on a clock of their own: what is drawn decides which of all that can happen
 * next does. A server answers truly, or not at all; what it was sent it stores while the request is whole, or up to the
 * ambiguous wait later.
 */
export class PlanWorld {
  readonly options: WorldOptions;
  readonly rows = new Map<string, Row>();
  /** How often each content was stored. */
  readonly stored = new Map<string, number>();
  /** Contents that were begun to be sent, in any run. */
  readonly everSent = new Set<string>();
  readonly #landings: { readonly atMs: number; readonly checksum: string }[] = [];
  readonly #files: FoundFile[];
  #nowMs = 0;
  #runId = 0;
  #plan: UploadPlan;
  #ops: Op[] = [];
  #wakeAtMs = Infinity;
  /** Ticks in a row that came at once. */
  #spins = 0;
  #toOffer: FoundFile[] = [];
  /** What became of each file in this run. */
  #ends = new Map<string, string>();
  #offered = new Set<string>();
  #phase: "offering" | "exhausted" | "finished" = "offering";

  constructor(options: WorldOptions) {
    this.options = options;
    this.#files = Array.from({ length: options.files }, (_, index) => fileOf(`${index}`));
    this.#plan = this.#begin();
  }

  /** Lets `steps` things happen in this run, as they are drawn, then everything go well to its end. */
  run(draw: Draw, steps: number): void {
    this.#plan = this.#begin();
    const isKilled = draw(8) === 0;
    for (let step = 0; step < steps && !this.#isOver; step += 1) this.#step(draw);
    if (isKilled) this.#kill(draw);
    else this.#finish();
  }

  /** A run in which all goes well; throws where anything is lost, repeated or left open after it. */
  settle(): void {
    this.#nowMs += 60_000;
    this.#land();
    this.#plan = this.#begin();
    this.#finish();
    for (const file of this.#files) {
      const row = this.rows.get(this.#checksumOf(file));
      must(
        row?.state === "done" || row?.state === "failed",
        `${file.name} is ${row?.state ?? "unknown"} in the end`,
      );
      const times = this.stored.get(this.#checksumOf(file)) ?? 0;
      must(times <= 1, `${file.name} was stored ${times} times`);
      must(row.state === "failed" || times === 1, `${file.name} is done and not stored`);
    }
  }

  #checksumOf(file: FoundFile): string {
    return `c${Number(file.name) % this.options.contents}`;
  }

  #begin(): UploadPlan {
    this.#runId += 1;
    this.#ops = [];
    this.#wakeAtMs = Infinity;
    this.#toOffer = this.#files.filter((file) => this.rows.get(this.#checksumOf(file))?.state !== "done");
    this.#ends = new Map();
    this.#offered = new Set();
    this.#phase = "offering";
    const { workers, batchItems } = this.options;
    const options: PlanOptions = {
      runId: this.#runId,
      retryFailed: false,
      inFlight: { type: "fixed", workers },
      retry: {
        retries: 2,
        backoff: { baseMs: 100, maxMs: 1_000 },
        ambiguousWaitMs: AMBIGUOUS_WAIT_MS,
        outageWaitMs: 5_000,
        random: () => 0.5,
      },
      refusesDuplicates: this.options.isKnownToRefuse,
      batchItems,
      batchBytes: 1e6,
      failuresToOpen: 3,
      graceMs: 500,
      sharing: null,
    };
    return new UploadPlan(options);
  }

  get #isOver(): boolean {
    return this.#plan.isOver;
  }

  #tell(event: PlanEvent): void {
    for (const action of this.#plan.on(event, this.#nowMs)) this.#perform(action);
    this.#check();
  }

  /** What holds after every event. */
  #check(): void {
    const sent = this.#ops.flatMap((op) => (op.type === "send" ? op.works : []));
    must(new Set(sent).size === sent.length, "a content is sent twice at once");
    must(
      this.#ops.filter(({ type }) => type === "send").length <= this.options.workers,
      "too many in flight",
    );
    must(this.#ops.filter(({ type }) => type === "connect").length <= 1, "asked for health twice at once");
    let open = 0;
    for (const state of OPEN_STATES) {
      for (const work of this.#plan.works.in(state)) {
        open += 1;
        must(work.state.type === state, `a work that is ${work.state.type} is found ${state}`);
        must(this.#plan.works.get(work.checksum) === work, "a work is not the one of its content");
        if (state === "sending") must(sent.includes(work), "a work is sending and nothing is in flight");
        if (state === "reserving")
          must(this.#isReserving(work), "a work is reserving and nothing is written");
        if (state === "reserved") {
          const row = this.rows.get(work.checksum);
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
          must(this.rows.get(checksum)?.state === "sending", "sent before its row said so");
          must(
            !this.#ops.some(
              (op) => op.type === "send" && op.works.some((work) => work.checksum === checksum),
            ),
            "sent while it is in flight",
          );
          this.everSent.add(checksum);
        }
        this.#ops.push(action);
        return;
      case "renew":
        for (const checksum of action.checksums)
          this.#write(checksum, { sentUptimeMs: this.#nowMs }, ["sending"]);
        return;
      case "doubt":
        this.#write(action.checksum, { sentUptimeMs: this.#nowMs, ...action.because }, ["sending"]);
        return;
      case "unsent":
        this.#write(action.checksum, { state: "pending" });
        return;
      case "settle":
        this.#settled(action.work, action.as);
        return;
      case "settle-stray":
        this.#write(action.checksum, { state: action.isThere ? "done" : "pending" });
        return;
      case "decline":
        this.#end(action.file, action.as === "duplicate" ? "duplicate" : "failed");
        return;
      case "fail":
        this.#end(action.file, "failed");
        return;
      case "recheck":
        this.#offered.delete(action.file.path);
        this.#toOffer.push(action.file);
        return;
      case "find-strays":
        this.#tell({ type: "strays", strays: this.#strays() });
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

  #strays(): { checksum: string; sentAgoMs: number }[] {
    return [...this.rows]
      .filter(([, row]) => row.state === "sending" && row.runId !== this.#runId)
      .map(([checksum, row]) => ({ checksum, sentAgoMs: this.#nowMs - (row.sentUptimeMs ?? 0) }));
  }

  #write(checksum: string, change: Partial<Row>, onlyIn?: readonly Row["state"][]): void {
    const row = this.rows.get(checksum);
    if (onlyIn !== undefined && (row === undefined || !onlyIn.includes(row.state))) return;
    const fresh: Row = {
      state: "pending",
      sentUptimeMs: null,
      sentBoot: null,
      runId: null,
      status: null,
      reason: null,
    };
    this.rows.set(checksum, { ...fresh, ...row, runId: this.#runId, ...change });
  }

  #settled(work: Work, as: Settlement): void {
    const { checksum, file, alternate } = work;
    switch (as.type) {
      case "uploaded":
      case "known":
        must((this.stored.get(checksum) ?? 0) > 0, "said to be there and is not");
        this.#write(checksum, { state: "done" });
        break;
      case "refused":
        this.#write(checksum, { state: "failed" });
        break;
      case "failed":
        this.#write(checksum, { state: "pending" });
        break;
      case "gone":
        this.#write(checksum, { runId: null });
        return;
      case "open":
      case "postponed":
      case "left":
    }
    this.#end(file, as.type);
    if (alternate !== null) this.#end(alternate, as.type === "left" ? "left" : "duplicate");
  }

  #end(file: FoundFile, how: string): void {
    must(this.#offered.has(file.path), `${file.name} ends and was not offered`);
    must(
      !this.#ends.has(file.path),
      `${file.name} ends twice: ${this.#ends.get(file.path) ?? ""} and ${how}`,
    );
    this.#ends.set(file.path, how);
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
    const next = this.#toOffer[0];
    if (next === undefined) {
      this.#close();
      return;
    }
    if (!this.#plan.hasRoom) return;
    this.#toOffer.shift();
    this.#offered.add(next.path);
    const checksum = this.#checksumOf(next);
    const isOpen = this.#plan.works.get(checksum) !== undefined;
    const standing = isOpen ? null : (this.rows.get(checksum) ?? null);
    const sentAgoMs = standing?.sentUptimeMs == null ? null : this.#nowMs - standing.sentUptimeMs;
    const isLooking =
      !isOpen &&
      admit(standing, { isInFlight: false, runId: this.#runId, retryFailed: false }).type === "look";
    this.#tell({ type: "offered", checksum, file: next, standing, sentAgoMs });
    if (isLooking) this.#write(checksum, {});
  }

  /** The tree is at its end, and so is what came back of it. */
  #close(): void {
    if (this.#phase === "offering") {
      this.#phase = "exhausted";
      this.#tell({ type: "exhausted" });
    } else if (this.#phase === "exhausted" && this.#plan.isIdle) {
      this.#phase = "finished";
      this.#tell({ type: "finished" });
    }
  }

  #pass(ms: number): void {
    this.#nowMs += ms;
    this.#land();
  }

  #land(): void {
    for (const landing of this.#landings.splice(0)) {
      if (landing.atMs > this.#nowMs) this.#landings.push(landing);
      else this.#store(landing.checksum);
    }
  }

  #store(checksum: string): "stored" | "duplicate" {
    const times = this.stored.get(checksum) ?? 0;
    if (times > 0 && this.options.refusesDuplicates) return "duplicate";
    this.stored.set(checksum, times + 1);
    return "stored";
  }

  /** The next time that the plan wants to be woken at has come. */
  #tick(): void {
    if (this.#wakeAtMs === Infinity) return;
    this.#spins = this.#wakeAtMs <= this.#nowMs ? this.#spins + 1 : 0;
    must(this.#spins < 100, `woken again and again without an end: ${this.#describe()}`);
    this.#nowMs = Math.max(this.#nowMs, this.#wakeAtMs);
    this.#land();
    this.#tell({ type: "tick" });
  }

  #stop(draw: Draw): void {
    const error = new Error("no space");
    this.#tell({
      type: "stopped",
      stop: draw(2) === 0 ? { type: "interrupted" } : { type: "broken", error },
    });
  }

  /** Rows are written: those of one unit, or of all that wait for the same commit. */
  #reserve(op: Extract<Op, { type: "reserve" }>, draw: Draw): void {
    if (draw(60) === 1) {
      this.#tell({ type: "reserved", units: [op.unit], error: new Error("the disk is full") });
      return;
    }
    const group = [op];
    if (draw(2) === 0) {
      for (const other of this.#ops) if (other.type === "reserve") group.push(other);
      this.#ops = this.#ops.filter(({ type }) => type !== "reserve");
    }
    for (const { checksum } of group.flatMap(({ works }) => works))
      this.#write(checksum, { state: "sending", sentUptimeMs: this.#nowMs, status: null });
    this.#tell({ type: "reserved", units: group.map(({ unit }) => unit) });
  }

  #complete(op: Op, draw: Draw): void {
    this.#ops.splice(this.#ops.indexOf(op), 1);
    switch (op.type) {
      case "connect":
        this.#tell({ type: "connected", outcome: this.#health(draw(12)) });
        return;
      case "reserve":
        this.#reserve(op, draw);
        return;
      case "send":
        this.#answer(op, draw);
        return;
      case "check":
        if (op.inBulk && draw(8) === 1) this.#tell({ type: "checked", check: op.check, answer: null });
        else {
          const told = op.checksums.map((checksum) => {
            const isThere = (this.stored.get(checksum) ?? 0) > 0;
            const found: CheckOutcome =
              draw(6) === 1
                ? { type: "unanswered", ...LOST, status: draw(3) === 1 ? 429 : null }
                : isThere
                  ? "there"
                  : "absent";
            return [checksum, found] as const;
          });
          this.#tell({ type: "checked", check: op.check, answer: new Map(told) });
        }
    }
  }

  #health(drawn: number): HealthOutcome {
    if (drawn === 1) return { type: "unauthorized", status: 401, reason: "no" };
    if (drawn <= 3 && drawn > 1)
      return { type: "unreachable", status: 503, reason: "away", retryAfterMs: drawn === 2 ? 50 : null };
    const batch = { path: "/b", maxItems: 10, maxBytes: 1e6 };
    const bulkCheck = this.options.bulkCheck ? { path: "/c", maxItems: 10 } : null;
    return {
      type: "healthy",
      health: { authenticated: true, agency: null, canUpload: true, batch, bulkCheck },
    };
  }

  #answer(op: Extract<Op, { type: "send" }>, draw: Draw): void {
    const { unit, works } = op;
    const [only] = works;
    if (works.length === 1 && only !== undefined) {
      this.#tell({ type: "answered", unit, answer: { type: "single", outcome: this.#outcome(only, draw) } });
      return;
    }
    const whole = draw(12);
    const refused = [
      null,
      { type: "not-offered", status: 404 },
      { type: "too-large" },
      { type: "permanent", status: 400, reason: "no" },
      { type: "changed", checksum: works[0]?.checksum ?? "", reason: "changed" },
      { type: "transient", ...LOST, status: 503 },
    ] as const;
    const refusal = refused[whole] ?? null;
    if (refusal !== null) {
      this.#tell({ type: "answered", unit, answer: { type: "batch", outcome: refusal } });
      return;
    }
    if (whole === 6) {
      for (const work of works) this.#maybeStore(work, draw);
      const outcome = { type: "ambiguous", ...LOST, isUnrecognised: draw(4) === 1 } as const;
      this.#tell({ type: "answered", unit, answer: { type: "batch", outcome } });
      return;
    }
    const results = works
      .filter(() => draw(10) !== 1)
      .map((work) => [work.checksum, this.#outcome(work, draw)] as const)
      .filter(([, { type }]) => type !== "changed");
    const outcome = { type: "answered", results: new Map(results) } as const;
    this.#tell({ type: "answered", unit, answer: { type: "batch", outcome } });
  }

  /** Nobody knows: it is stored, will be, or never arrived. */
  #maybeStore({ checksum }: Work, draw: Draw): void {
    const drawn = draw(3);
    if (drawn === 0) this.#store(checksum);
    if (drawn === 1) this.#landings.push({ atMs: this.#nowMs + draw(AMBIGUOUS_WAIT_MS), checksum });
  }

  #outcome(work: Work, draw: Draw): UploadOutcome {
    switch (draw(16)) {
      case 1:
      case 2:
        this.#maybeStore(work, draw);
        return { type: "ambiguous", ...LOST, isUnrecognised: draw(4) === 1 };
      case 3:
        return { type: "transient", ...LOST };
      case 4:
        return { type: "transient", ...LOST, status: 429, retryAfterMs: draw(2) === 0 ? 100 : null };
      case 5:
        return { type: "permanent", status: 422, reason: "no text" };
      case 6:
        return { type: "permanent", status: null, reason: "it is no longer there" };
      case 7:
        return { type: "changed", reason: "it has changed" };
      case 8:
        return draw(6) === 1
          ? { type: "unauthorized", status: draw(2) === 0 ? 401 : 403, reason: "no" }
          : { type: "misplaced", status: 404, reason: "no such thing" };
      default:
        return this.#store(work.checksum) === "stored"
          ? { type: "stored", candidateId: null }
          : { type: "duplicate" };
    }
  }

  /** The process is gone: what was in flight is stored, will be, or never arrived. */
  #kill(draw: Draw): void {
    this.#forgiveSending();
    for (const op of this.#ops)
      if (op.type === "send") for (const work of op.works) this.#maybeStore(work, draw);
  }

  /** What is reserved now stays so without having been sent: nobody is there to take it back, or the store is broken. */
  #forgiveSending(): void {
    for (const [checksum, { state }] of this.rows) if (state === "sending") this.everSent.add(checksum);
  }

  /** How the run stands, for whoever has to find out. */
  #describe(): string {
    const works = OPEN_STATES.flatMap((state) => [...this.#plan.works.in(state)]);
    return JSON.stringify({
      works: works.map(({ checksum, state, asked }) => ({ checksum, asked, ...state })),
      ops: this.#ops.map(({ type }) => type),
      nowMs: this.#nowMs,
      wakeAtMs: this.#wakeAtMs,
      phase: this.#phase,
    });
  }

  /** All goes well from here on; the run has to come to its end. */
  #finish(): void {
    const fair: Draw = () => 0;
    for (let step = 0; !this.#isOver; step += 1) {
      must(step < 20_000, `the run does not end: ${this.#describe()}`);
      const [op] = this.#ops;
      if (op !== undefined && step % 3 !== 2) this.#complete(op, fair);
      else if (this.#toOffer.length > 0 && this.#plan.hasRoom) this.#offer();
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
    for (const path of this.#offered) must(this.#ends.has(path), `${path} was offered and has no end`);
    for (const [checksum, row] of this.rows)
      must(
        row.state !== "sending" || this.everSent.has(checksum),
        `${checksum} is sending and was never sent`,
      );
  }
}
