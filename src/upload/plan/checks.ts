import type { CheckOutcome, Unanswered } from "../tanova/types.ts";
import { AskFirst } from "./ask-first.ts";
import type { CheckAnswer, Stray } from "./events.ts";
import { afterLook, remainingWaitMs } from "./in-doubt.ts";
import { afterTransient, isPressed, type RetryPolicy } from "./retry-policy.ts";
import type { Transitions } from "./transitions.ts";
import type { Work } from "./work.ts";

/** Requests at once that look for contents in doubt. They run parallel to the uploads and never delay them. */
const DOUBTS_AT_ONCE = 4;

type Check =
  | { readonly type: "first"; readonly works: readonly Work[]; readonly round: number }
  | { readonly type: "doubt"; readonly works: readonly Work[] }
  | { readonly type: "stray"; readonly strays: readonly Stray[] };

/** The checks whether the server has a content: which come next, and what follows from their answers. */
export class Checks {
  readonly first: AskFirst;
  readonly #go: Transitions;
  readonly #policy: RetryPolicy;
  readonly #asked = new Map<number, Check>();
  #lastId = 0;
  #isBulk = false;
  #firsts = 0;
  #doubts = 0;
  #strays: Stray[] = [];
  #straysAsked = 0;
  /** The round of checks before uploads. A content reported absent in an earlier round may be there by now. */
  #round = 0;

  constructor(go: Transitions, policy: RetryPolicy, refusesDuplicates: boolean) {
    this.#go = go;
    this.#policy = policy;
    this.first = new AskFirst(go.works, refusesDuplicates);
  }

  begin(isBulk: boolean): void {
    this.#isBulk = isBulk;
  }

  /** A check for a content in doubt is under way. */
  get isLooking(): boolean {
    return this.#doubts > 0;
  }

  /** Contents that earlier runs left in doubt are still to be checked. */
  get hasStrays(): boolean {
    return this.#strays.length + this.#straysAsked > 0;
  }

  /** When the next check is due even if nothing else happens; Infinity if none waits for a time. */
  get wakeAtMs(): number {
    let nextMs = this.first.wakeAtMs;
    const inDoubt = this.#go.works.in["in-doubt"];
    if (inDoubt.size === 0 || this.#doubts >= DOUBTS_AT_ONCE) return nextMs;
    for (const { state } of inDoubt)
      if (state.type === "in-doubt" && state.lookAtMs !== null) nextMs = Math.min(nextMs, state.lookAtMs);
    return nextMs;
  }

  find(strays: readonly Stray[]): void {
    this.#strays.push(...strays);
  }

  /** Other machines may have sent contents found absent earlier: all are checked again before they are sent. */
  forgetAbsent(): void {
    this.#round += 1;
    for (const work of this.#go.works.all()) this.#go.works.ask(work, "no");
  }

  /** Starts no more checks. */
  halt(): void {
    this.#strays = [];
  }

  /** Starts the checks that are due now; before uploads, for at most `window` contents at once. */
  advance(nowMs: number, window: number): void {
    this.#lookForDoubts(nowMs);
    this.#lookForStrays();
    while (this.#firsts < (this.#isBulk ? 1 : window)) {
      const works = this.first.next(nowMs, this.#isBulk);
      if (works.length === 0) return;
      this.#firsts += 1;
      this.#ask(works, this.#isBulk && works.length > 1, { type: "first", works, round: this.#round });
    }
  }

  /** Handles an answer. Returns what the server left unanswered, to be judged by the caller. */
  answered(id: number, answer: CheckAnswer, nowMs: number): readonly Unanswered[] {
    const check = this.#asked.get(id);
    if (check === undefined) throw new Error(`Cannot take the answer to question ${id}: it was not asked`);
    this.#asked.delete(id);
    if (answer === null) this.#isBulk = false;
    switch (check.type) {
      case "first":
        this.#firsts -= 1;
        for (const work of check.works) {
          const found = answer?.get(work.checksum);
          const isOld = found === "absent" && check.round !== this.#round;
          this.#toldFirst(work, isOld ? undefined : found, nowMs);
        }
        break;
      case "doubt":
        this.#doubts -= 1;
        for (const work of check.works) this.#toldDoubt(work, answer?.get(work.checksum), nowMs);
        break;
      case "stray":
        this.#straysAsked -= 1;
        if (answer === null) this.#strays.push(...check.strays);
        else for (const stray of check.strays) this.#toldStray(stray, answer.get(stray.checksum));
    }
    return [...(answer?.values() ?? [])].filter((found) => typeof found !== "string");
  }

  #ask(contents: readonly { readonly checksum: string }[], inBulk: boolean, check: Check): void {
    this.#lastId += 1;
    this.#asked.set(this.#lastId, check);
    const checksums = contents.map(({ checksum }) => checksum);
    this.#go.want({ type: "check", check: this.#lastId, checksums, inBulk });
  }

  #lookForDoubts(nowMs: number): void {
    const room = DOUBTS_AT_ONCE - this.#doubts;
    if (room === 0 || this.#go.works.in["in-doubt"].size === 0) return;
    const due: Work[] = [];
    for (const work of this.#go.works.in["in-doubt"]) {
      const { state } = work;
      if (state.type === "in-doubt" && state.lookAtMs !== null && state.lookAtMs <= nowMs) due.push(work);
    }
    const inBulk = this.#isBulk && due.length > 1;
    const groups = inBulk ? [due] : due.slice(0, room).map((work) => [work]);
    for (const works of groups) {
      this.#doubts += 1;
      for (const work of works) if (work.state.type === "in-doubt") this.#go.look(work, work.state, null);
      this.#ask(works, inBulk, { type: "doubt", works });
    }
  }

  /**
   * Handles the answer to a check before an upload. If `found` is undefined, an absence is outdated or there was no
   * bulk answer: the content is checked again.
   */
  #toldFirst(work: Work, found: CheckOutcome | undefined, nowMs: number): void {
    const isInLine = work.state.type === "queued";
    if (found === "there") {
      this.first.learn(true);
      if (isInLine) this.#go.there(work);
    } else if (found === "absent") {
      this.first.learn(false);
      this.#go.works.ask(work, "absent");
    } else if (found === "not-offered") this.first.learnUnaskable();
    else if (found === undefined) this.#go.works.ask(work, "no");
    else if (isInLine) this.#unansweredFirst(work, found, nowMs);
    // It was sent without an answer in the meantime: if it comes back, it is asked about again.
    else this.#go.works.ask(work, "no");
  }

  #unansweredFirst(work: Work, found: Unanswered, nowMs: number): void {
    if (!isPressed(found.status)) work.unanswered += 1;
    const step = afterTransient(found, Math.max(1, work.unanswered), this.#policy);
    if (step.type === "retry") {
      this.first.again(work, nowMs + step.delayMs);
      return;
    }
    const reason = `not sent: the server does not say whether it has it (${found.reason})`;
    this.#go.settle(work, { type: "open", because: { status: found.status, reason } });
  }

  #toldDoubt(work: Work, found: CheckOutcome | undefined, nowMs: number): void {
    const { state } = work;
    if (state.type !== "in-doubt") return;
    if (found === "there") this.#isThere(work);
    else if (this.#go.stop !== null) this.#go.giveUp(work);
    // No bulk answer: check each content on its own, at once.
    else if (found === undefined) this.#go.look(work, state, nowMs);
    else {
      const isAnswered = typeof found === "string";
      const looking = {
        ...state,
        looks: state.looks + 1,
        unanswered: isAnswered ? 0 : state.unanswered + 1,
      };
      const step = afterLook(found, looking, nowMs);
      if (step.type === "again") this.#go.look(work, looking, step.atMs);
      else if (step.type === "absent") this.#isAbsent(work, nowMs);
      else this.#isNotTold(work, step.type === "unaskable", nowMs);
    }
  }

  #isThere(work: Work): void {
    if (work.state.type === "in-doubt" && work.state.why === "said-to-be-there") this.#learnRefusal(true);
    this.#go.there(work);
  }

  #isAbsent(work: Work, nowMs: number): void {
    if (work.state.type !== "in-doubt" || work.state.why !== "said-to-be-there") {
      this.#neverArrived(work, nowMs);
      return;
    }
    this.#learnRefusal(false);
    const reason = "the server says that it has it (HTTP 409), and when asked that it has not";
    this.#go.settle(work, { type: "refused", because: { status: 409, reason } });
  }

  /** The checks ended without a clear answer: the server cannot be asked, or does not answer. */
  #isNotTold(work: Work, isUnaskable: boolean, nowMs: number): void {
    if (work.state.type !== "in-doubt") return;
    const { why } = work.state;
    if (why === "said-to-be-there") this.#go.there(work);
    else if (isUnaskable && why === "lost") this.#neverArrived(work, nowMs);
    else {
      if (isUnaskable) this.#go.tell({ type: "unaskable", file: work.file, because: work.last });
      const reason = `it may have been stored, and is not sent again by itself: ${work.last.reason}`;
      this.#go.settle(work, { type: "open", because: { status: work.last.status, reason } });
    }
  }

  #learnRefusal(isSo: boolean): void {
    if (this.first.refusesDuplicates === isSo && !isSo) return;
    this.first.learnRefusal(isSo);
    this.#go.want({ type: "remember", fact: { type: "refuses-duplicates", isSo } });
  }

  #neverArrived(work: Work, nowMs: number): void {
    work.mayBeThere = false;
    this.#go.works.ask(work, "absent");
    if (work.attempts === 0) {
      this.#go.queue(work);
      return;
    }
    const step = afterTransient({ ...work.last, retryAfterMs: null }, work.attempts, this.#policy);
    if (step.type === "failed") this.#go.settle(work, step);
    else this.#go.backOff(work, work.last, nowMs + step.delayMs);
  }

  #lookForStrays(): void {
    if (this.#strays.length === 0) return;
    const inBulk = this.#isBulk && this.#strays.length > 1;
    const groups = inBulk
      ? [this.#strays.splice(0)]
      : this.#strays.splice(0, DOUBTS_AT_ONCE - this.#straysAsked).map((stray) => [stray]);
    for (const strays of groups) {
      this.#straysAsked += 1;
      this.#ask(strays, inBulk, { type: "stray", strays });
    }
  }

  /** On the server: done. Absent for long enough: pending. Otherwise the row stays as it is. */
  #toldStray({ checksum, sentAgoMs }: Stray, found: CheckOutcome | undefined): void {
    if (found === "there") {
      this.#go.want({ type: "settle-stray", checksum, isThere: true });
      this.#go.leases?.done(checksum);
    } else if (found === "absent" && remainingWaitMs(sentAgoMs, this.#policy.ambiguousWaitMs) === 0)
      this.#go.want({ type: "settle-stray", checksum, isThere: false });
  }
}
