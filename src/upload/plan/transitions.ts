import type { Notice, PlanAction, Settlement } from "./actions.ts";
import type { Doubt, Looking, LookSpan } from "./in-doubt.ts";
import type { Leases } from "./sharing/leases.ts";
import { type Stop, unsentBy } from "./stop.ts";
import type { Because, Work } from "./work.ts";
import { Works } from "./works.ts";

/**
 * The transitions between the states of a work, each with what it records. Once the run has a reason to stop, every
 * transition to a waiting state takes the work out of the run instead.
 */
export class Transitions {
  readonly works = new Works();
  /** null if history is not shared. */
  readonly leases: Leases | null;
  #actions: PlanAction[] = [];
  #stop: Stop | null = null;

  constructor(leases: Leases | null) {
    this.leases = leases;
  }

  /** Why nothing more is sent; null while the run goes on. */
  get stop(): Stop | null {
    return this.#stop;
  }

  want(action: PlanAction): void {
    this.#actions.push(action);
  }

  /** The actions wanted since the last call. */
  take(): PlanAction[] {
    const actions = this.#actions;
    this.#actions = [];
    return actions;
  }

  tell(notice: Notice): void {
    if (this.#stop === null) this.want({ type: "notice", notice });
  }

  /** Puts a work in line, or gives it up if the run is ending. */
  queue(work: Work): void {
    if (this.#stop !== null) this.giveUp(work);
    else if (this.leases === null || work.lease !== null) this.works.move(work, { type: "queued" });
    else this.works.move(work, { type: "unclaimed", doubt: null, tries: 0 });
  }

  reserve(unit: number, works: readonly Work[]): void {
    for (const work of works) this.works.move(work, { type: "reserving" });
    this.want({ type: "reserve", unit, works });
  }

  /** Has works with a lease marked in the shared store before they are sent. */
  mark(unit: number, works: readonly Work[]): void {
    for (const work of works) this.works.move(work, { type: "marking" });
    const leases = works.flatMap(({ lease }) => (lease === null ? [] : [lease]));
    this.want({ type: "share", request: { type: "mark", unit, leases } });
  }

  send(unit: number, works: readonly Work[]): void {
    for (const work of works) {
      work.mayBeThere = true;
      this.works.move(work, { type: "sending" });
    }
    this.want({ type: "send", unit, works });
  }

  /** Certainly not stored, for a reason that is not the content's: sent again as soon as anything may be. */
  putBack(work: Work, because: Because): void {
    this.#unsent(work, because);
    this.queue(work);
  }

  /** Certainly not stored: sent again after a while. */
  backOff(work: Work, because: Because, untilMs: number): void {
    this.#unsent(work, because);
    // Other machines need not wait for it.
    this.leases?.end(work, "unsent");
    if (this.#stop === null) this.works.move(work, { type: "backoff", untilMs });
    else this.giveUp(work);
  }

  /** It may be stored: the server is asked. */
  doubt(work: Work, why: Doubt, because: Because, span: LookSpan, nowMs: number): void {
    if (why !== "said-to-be-there") work.isMaybeOurs = true;
    this.want({ type: "doubt", checksum: work.checksum, because });
    if (this.#stop === null) this.look(work, { why, span, looks: 0, unanswered: 0 }, nowMs);
    else this.giveUp(work);
  }

  /** @param lookAtMs null while the server is being asked. */
  look(work: Work, looking: Looking, lookAtMs: number | null): void {
    const { why, span, looks, unanswered } = looking;
    this.works.move(work, { type: "in-doubt", why, span, looks, unanswered, lookAtMs });
  }

  /** The server has the content. */
  there(work: Work): void {
    this.settle(work, { type: work.isMaybeOurs ? "uploaded" : "known" });
  }

  settle(work: Work, as: Settlement): void {
    this.works.move(work, { type: "settled" });
    this.want({ type: "settle", work, as });
    if (this.leases === null) return;
    const isThere = as.type === "uploaded" || as.type === "known";
    const isRefused = as.type === "refused" || as.type === "failed";
    this.leases.end(work, isThere ? "done" : work.mayBeThere && !isRefused ? "in-doubt" : "unsent");
  }

  /** The file is gone or has changed since it was hashed: another file of the same content takes its place. */
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

  /** Takes back a reserved work that was never sent. */
  withdraw(work: Work): void {
    if (this.#stop?.type !== "broken") this.#unsent(work, work.last);
    this.giveUp(work);
  }

  /** The run ends before the work is done. */
  giveUp(work: Work): void {
    const unsent = this.#stop === null ? { type: "left" as const } : unsentBy(this.#stop);
    this.settle(work, unsent.type === "failed" ? { type: "open", because: unsent.because } : unsent);
  }

  /** Sends nothing more. Waiting works are given up; those in flight or being written are waited for. */
  halt(stop: Stop): void {
    if (this.#stop !== null) return;
    this.#stop = stop;
    for (const work of this.works.in.reserved) this.withdraw(work);
    for (const state of ["unclaimed", "claiming", "elsewhere", "queued", "backoff", "in-doubt"] as const) {
      for (const work of this.works.in[state]) {
        const isAsked = work.state.type === "in-doubt" && work.state.lookAtMs === null;
        if (!isAsked) this.giveUp(work);
      }
    }
    this.want({ type: "stop", stop });
  }

  #unsent(work: Work, because: Because): void {
    const { checksum, file } = work;
    work.mayBeThere = false;
    this.want({ type: "unsent", checksum, file, because });
  }
}
