import { InFlight, type InFlightOptions } from "../control/in-flight.ts";
import { nextUnit } from "./batching.ts";
import { RENEW_MS } from "./in-doubt.ts";
import type { Transitions } from "./transitions.ts";
import type { Work } from "./work.ts";

export interface UnitsOptions {
  readonly inFlight: InFlightOptions;
  /** Items per batch; 1 means no batches. */
  readonly batchItems: number;
  readonly batchBytes: number;
}

/** What may be sent at a moment. */
interface Turn {
  /** The most that may be in flight, whatever was learnt. */
  readonly most: number;
  /** No more contents are known to come, so batches need not wait to be filled. */
  readonly isExhausted: boolean;
  readonly mayGo: (work: Work) => boolean;
}

/** Whether a reserved work must go back in line because its claim is lost. */
type IsStale = ((work: Work) => boolean) | null;

/** The contents of one request. */
interface Unit {
  readonly id: number;
  readonly works: readonly Work[];
  /** When sending began; null before. */
  sentAtMs: number | null;
}

/** A batch that is not full is sent after this long. */
const LINGER_MS = 25;
/** Units reserved beyond those that may be sent, as a share: hides the time of a commit; a kill leaves few in doubt. */
const RESERVED_AHEAD = 0.25;

/**
 * The contents of one request, from when it is formed until its answer. Units are reserved ahead of time (their rows
 * say `sending` on the disk), so that no upload waits for a commit. From then on the time in their rows is renewed, so
 * that after a kill it shows how recently they may have been sent.
 */
export class Units {
  readonly #go: Transitions;
  readonly #options: UnitsOptions;
  readonly #inFlight: InFlight;
  /** Reserving, reserved or sending. */
  readonly #units = new Map<number, Unit>();
  /** Units whose rows are on the disk, in the order in which they are sent. */
  #reserved: Unit[] = [];
  #lastId = 0;
  #batchItems: number;
  /** Since when a batch has been waiting to be filled. */
  #lingerFromMs: number | null = null;
  #renewAtMs = Infinity;

  constructor(go: Transitions, options: UnitsOptions) {
    this.#go = go;
    this.#options = options;
    this.#inFlight = new InFlight(options.inFlight);
    this.#batchItems = options.batchItems;
  }

  /** The most requests that were ever in flight at once. */
  get peak(): number {
    return this.#inFlight.peak;
  }

  get takesBatches(): boolean {
    return this.#batchItems > 1;
  }

  /** @param runDelay the share of the time since the last measurement that this thread waited for a processor. */
  measured(runDelay: number): void {
    this.#inFlight.measured(runDelay);
  }

  /** Limits the items of all further batches. */
  limitBatch(items: number): void {
    this.#batchItems = Math.min(this.#batchItems, items);
  }

  /** When rows must be renewed; Infinity if none is in flight. */
  get renewAtMs(): number {
    return this.#renewAtMs;
  }

  /** When a batch has waited long enough to be filled; Infinity if none waits. */
  get lingerUntilMs(): number {
    return this.#lingerFromMs === null ? Infinity : this.#lingerFromMs + LINGER_MS;
  }

  /** Requests that may be in flight at once now. */
  get limit(): number {
    return this.#inFlight.limit;
  }

  get active(): number {
    return this.#inFlight.active;
  }

  /**
   * How many more contents may be claimed: as many as can be checked at once, plus those of the units that may be
   * reserved. The rest is left to other machines.
   */
  get claimRoom(): number {
    const units = this.#inFlight.limit + this.#ahead(this.#inFlight.limit) - this.#units.size;
    const wanted = Math.max(0, units) * this.#batchItems + this.#inFlight.limit;
    return wanted - this.#go.works.in.queued.size;
  }

  #ahead(limit: number): number {
    return Math.ceil(limit * RESERVED_AHEAD);
  }

  /** Forms, reserves and sends as many units as allowed now. */
  advance(nowMs: number, { most, isExhausted, mayGo }: Turn): void {
    const limit = Math.min(most, this.#inFlight.limit);
    const queued = this.#go.works.in.queued;
    const hasLingered = nowMs >= this.lingerUntilMs;
    while (queued.size > 0 && this.#units.size < limit + this.#ahead(limit)) {
      const taken = this.#units.size;
      const mayWait = !(hasLingered && taken < limit) && !isExhausted;
      const batch = { items: this.#batchItems, bytes: this.#options.batchBytes, mayWait };
      const works = nextUnit(queued, batch, mayGo);
      if (works.length === 0) break;
      this.#lastId += 1;
      this.#units.set(this.#lastId, { id: this.#lastId, works, sentAtMs: null });
      this.#go.reserve(this.#lastId, works);
    }
    if (queued.size === 0 || !this.takesBatches) this.#lingerFromMs = null;
    else if (this.#lingerFromMs === null || hasLingered) this.#lingerFromMs = nowMs;
    const isStale = this.#go.leases === null ? null : (work: Work) => work.lease === null || !mayGo(work);
    this.#send(nowMs, limit, isStale);
  }

  /** The rows of a unit are on the disk: it is sent next, or withdrawn if the run has stopped. */
  written(id: number): void {
    const unit = this.#unit(id);
    for (const work of unit.works) this.#go.works.move(work, { type: "reserved" });
    if (this.#go.stop === null) {
      this.#reserved.push(unit);
      return;
    }
    this.#units.delete(id);
    for (const work of unit.works) this.#go.withdraw(work);
  }

  /** The rows of a unit could not be written, which stops the run. */
  unwritten(id: number): void {
    const unit = this.#unit(id);
    this.#units.delete(id);
    for (const work of unit.works) this.#go.giveUp(work);
  }

  /** A unit has its answer. Returns its works, and how long the answer took. */
  answered(id: number, nowMs: number): { readonly works: readonly Work[]; readonly latencyMs: number } {
    const { works, sentAtMs } = this.#unit(id);
    this.#units.delete(id);
    return { works, latencyMs: nowMs - (sentAtMs ?? nowMs) };
  }

  /** Learns from an answer how many may be in flight. `rejected`: any of it was refused because of load. */
  learn(sample: { readonly latencyMs: number; readonly rejected: boolean }): void {
    this.#inFlight.end(sample);
  }

  /** A check was refused because of load, which says something about uploads too. */
  pressed(): void {
    this.#inFlight.rejected();
  }

  /** Nothing more is sent: reserved works have been withdrawn. */
  halt(): void {
    for (const { id } of this.#reserved.splice(0)) this.#units.delete(id);
    this.#lingerFromMs = null;
  }

  /** Renews the rows of everything that is, or may at any moment be, in flight. */
  renew(nowMs: number): void {
    const { works: all } = this.#go;
    const reserved = all.in.reserved;
    const marking = all.in.marking;
    const sending = all.in.sending;
    if (reserved.size + marking.size + sending.size === 0) {
      this.#renewAtMs = Infinity;
      return;
    }
    const isDue = nowMs >= this.#renewAtMs;
    if (isDue) {
      const works = [...reserved, ...marking, ...sending];
      this.#go.want({ type: "renew", checksums: works.map(({ checksum }) => checksum) });
    }
    if (isDue || this.#renewAtMs === Infinity) this.#renewAtMs = nowMs + RENEW_MS;
  }

  #unit(id: number): Unit {
    const unit = this.#units.get(id);
    if (unit === undefined) throw new Error(`Cannot find unit ${id}: it was never formed, or is over`);
    return unit;
  }

  /** The shared store has recorded that a unit is about to be sent; if it has not, the unit is not sent. */
  marked(id: number, isMarked: boolean, nowMs: number): void {
    const unit = this.#unit(id);
    if (isMarked && this.#go.stop === null) {
      unit.sentAtMs = nowMs;
      this.#go.send(unit.id, unit.works);
      return;
    }
    this.#inFlight.cancel();
    this.#recall(unit);
  }

  /** Takes back a unit of which not one byte was sent. */
  #recall(unit: Unit): void {
    this.#units.delete(unit.id);
    for (const work of unit.works) this.#go.putBack(work, work.last);
  }

  #send(nowMs: number, limit: number, isStale: IsStale): void {
    while (this.#inFlight.active < limit) {
      const unit = this.#reserved.shift();
      if (unit === undefined) break;
      if (isStale !== null && unit.works.some(isStale)) {
        this.#recall(unit);
        continue;
      }
      unit.sentAtMs = nowMs;
      this.#inFlight.begin();
      if (isStale === null) this.#go.send(unit.id, unit.works);
      else this.#go.mark(unit.id, unit.works);
    }
    const isWaiting = this.#inFlight.active <= limit / 2;
    if (isWaiting && this.#go.works.in.reserving.size > 0) this.#go.want({ type: "hurry" });
  }
}
