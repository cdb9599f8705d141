import type { PlanAction, Settlement } from "./actions.ts";
import type { LookSpan } from "./in-doubt.ts";
import { refusalOf, type Stop } from "./stop.ts";
import type { Because, Work } from "./work.ts";
import { Works } from "./works.ts";

/**
 * The arrows between the states of a work, each with what it has recorded. Once the run has a reason to stop, every
 * arrow that leads to waiting leads out of the run instead.
 */
export class Transitions {
  readonly works = new Works();
  #actions: PlanAction[] = [];
  #stop: Stop | null = null;

  /** Why nothing more is sent; null while the run goes on. */
  get stop(): Stop | null {
    return this.#stop;
  }

  want(action: PlanAction): void {
    this.#actions.push(action);
  }

  /** What is wanted since the last time. */
  take(): PlanAction[] {
    return this.#actions.splice(0);
  }

  /** In line, or out of it where the run ends. */
  queue(work: Work): void {
    if (this.#stop === null) this.works.move(work, { type: "queued" });
    else this.giveUp(work);
  }

  reserve(unit: number, works: readonly Work[]): void {
    for (const work of works) this.works.move(work, { type: "reserving" });
    this.want({ type: "reserve", unit, works });
  }

  send(unit: number, works: readonly Work[]): void {
    for (const work of works) this.works.move(work, { type: "sending" });
    this.want({ type: "send", unit, works });
  }

  /** Certainly not stored, through no fault of its own: sent again in another way. */
  putBack(work: Work): void {
    this.#unsent(work, work.last);
    this.queue(work);
  }

  /** Certainly not stored: sent again after a while. */
  backOff(work: Work, untilMs: number): void {
    this.#unsent(work, work.last);
    if (this.#stop === null) this.works.move(work, { type: "backoff", untilMs });
    else this.giveUp(work);
  }

  /** It got no clear answer: it is looked for. */
  doubt(work: Work, span: LookSpan, nowMs: number): void {
    work.isMaybeOurs = true;
    this.want({ type: "renew", checksums: [work.checksum] });
    if (this.#stop === null) this.look(work, { span, looks: 0, lookAtMs: nowMs });
    else this.giveUp(work);
  }

  look(work: Work, next: { span: LookSpan; looks: number; lookAtMs: number | null }): void {
    this.works.move(work, { type: "in-doubt", ...next });
  }

  /** The server has it. */
  there(work: Work): void {
    this.settle(work, { type: work.isMaybeOurs ? "uploaded" : "known" });
  }

  settle(work: Work, as: Settlement): void {
    this.works.move(work, { type: "settled" });
    this.want({ type: "settle", work, as });
  }

  /** Its file is gone, or is no longer what was hashed: another file of the same content takes its place. */
  replaceFile(work: Work, because: Because): void {
    this.#unsent(work, because);
    const { alternate } = work;
    if (alternate === null) {
      this.settle(work, { type: "gone" });
      return;
    }
    work.file = alternate;
    work.alternate = null;
    this.queue(work);
  }

  /** Booked in vain: it was never sent. */
  withdraw(work: Work): void {
    if (this.#stop?.type !== "broken") this.#unsent(work, work.last);
    this.giveUp(work);
  }

  /** The run ends before it: asked to end it is left out of the count, else it has failed. */
  giveUp(work: Work): void {
    const refusal = this.#stop === null ? null : refusalOf(this.#stop);
    this.settle(work, refusal === null ? { type: "left" } : { type: "not-sent", because: refusal });
  }

  /** Nothing more is sent. What waits is let go of; what is in flight, or being written, is waited for. */
  halt(stop: Stop): void {
    if (this.#stop !== null) return;
    this.#stop = stop;
    for (const work of this.works.in("reserved")) this.withdraw(work);
    for (const state of ["queued", "backoff", "in-doubt"] as const) {
      for (const work of this.works.in(state)) {
        const isAsked = work.state.type === "in-doubt" && work.state.lookAtMs === null;
        if (!isAsked) this.giveUp(work);
      }
    }
    this.want({ type: "stop", stop });
  }

  #unsent({ checksum, file }: Work, because: Because): void {
    this.want({ type: "unsent", checksum, file, because });
  }
}
