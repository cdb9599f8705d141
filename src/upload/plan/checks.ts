import { AskAhead } from "./ask-ahead.ts";
import type { CheckAnswer, Stray } from "./events.ts";
import { afterLook, remainingWaitMs } from "./in-doubt.ts";
import { afterTransient, type RetryPolicy } from "./retry-policy.ts";
import type { Transitions } from "./transitions.ts";
import type { Work } from "./work.ts";

/** What is in doubt is looked for by so many questions at once, beside the uploads and never in their way. */
const DOUBTS_AT_ONCE = 4;

type Check =
  | { readonly type: "ahead"; readonly works: readonly Work[] }
  | { readonly type: "doubt"; readonly works: readonly Work[] }
  | { readonly type: "stray"; readonly strays: readonly Stray[] };

/** The questions whether the server has something: which are asked next, and what follows from their answers. */
export class Checks {
  readonly ahead = new AskAhead();
  readonly #go: Transitions;
  readonly #policy: RetryPolicy;
  readonly #asked = new Map<number, Check>();
  #lastId = 0;
  #isBulk = false;
  #doubts = 0;
  #strays: Stray[] = [];
  #straysAsked = 0;

  constructor(go: Transitions, policy: RetryPolicy) {
    this.#go = go;
    this.#policy = policy;
  }

  begin(isBulk: boolean): void {
    this.#isBulk = isBulk;
    this.ahead.begin(isBulk);
  }

  /** What is in doubt is being asked for just now. */
  get isLooking(): boolean {
    return this.#doubts > 0;
  }

  /** What earlier runs left is not told yet. */
  get hasStrays(): boolean {
    return this.#strays.length + this.#straysAsked > 0;
  }

  find(strays: readonly Stray[]): void {
    this.#strays.push(...strays);
  }

  /** Nothing more is asked. */
  halt(): void {
    this.#strays = [];
  }

  /** Asks what is to be asked now. */
  advance(nowMs: number): void {
    this.#lookForDoubts(nowMs);
    this.#lookForStrays();
    for (
      let next = this.ahead.next(this.#go.works.in("queued"));
      next !== null;
      next = this.ahead.next(this.#go.works.in("queued"))
    ) {
      const { works, inBulk } = next;
      this.#ask(
        works.map(({ checksum }) => checksum),
        inBulk,
        { type: "ahead", works },
      );
    }
  }

  /** When the next content in doubt is to be looked for; Infinity where none waits for a time. */
  get wakeAtMs(): number {
    if (this.#doubts >= DOUBTS_AT_ONCE) return Infinity;
    let nextMs = Infinity;
    for (const { state } of this.#go.works.in("in-doubt"))
      if (state.type === "in-doubt" && state.lookAtMs !== null) nextMs = Math.min(nextMs, state.lookAtMs);
    return nextMs;
  }

  answered(id: number, answer: CheckAnswer, nowMs: number): void {
    const check = this.#asked.get(id);
    if (check === undefined) throw new Error(`Cannot take the answer to question ${id}: it was not asked`);
    this.#asked.delete(id);
    if (answer === null) this.#isBulk = false;
    switch (check.type) {
      case "ahead":
        this.#toldAhead(check.works, answer);
        return;
      case "doubt":
        this.#doubts -= 1;
        for (const work of check.works) this.#toldDoubt(work, answer, nowMs);
        return;
      case "stray":
        this.#straysAsked -= 1;
        this.#toldStrays(check.strays, answer);
    }
  }

  #ask(checksums: readonly string[], inBulk: boolean, check: Check): void {
    this.#lastId += 1;
    this.#asked.set(this.#lastId, check);
    this.#go.want({ type: "check", check: this.#lastId, checksums, inBulk });
  }

  #lookForDoubts(nowMs: number): void {
    const room = DOUBTS_AT_ONCE - this.#doubts;
    if (room === 0 || this.#go.works.in("in-doubt").size === 0) return;
    const due: Work[] = [];
    for (const work of this.#go.works.in("in-doubt")) {
      const { state } = work;
      if (state.type === "in-doubt" && state.lookAtMs !== null && state.lookAtMs <= nowMs) due.push(work);
    }
    const inBulk = this.#isBulk && due.length > 1;
    const groups = inBulk ? [due] : due.slice(0, room).map((work) => [work]);
    for (const works of groups) {
      this.#doubts += 1;
      for (const work of works)
        if (work.state.type === "in-doubt") this.#go.look(work, { ...work.state, lookAtMs: null });
      this.#ask(
        works.map(({ checksum }) => checksum),
        inBulk,
        { type: "doubt", works },
      );
    }
  }

  #toldDoubt(work: Work, answer: CheckAnswer, nowMs: number): void {
    const { state } = work;
    if (state.type !== "in-doubt") return;
    if (this.#go.stop !== null && answer?.get(work.checksum) !== "there") {
      this.#go.giveUp(work);
      return;
    }
    if (answer === null) {
      // Not in bulk, then: one by one, at once.
      this.#go.look(work, { ...state, lookAtMs: nowMs });
      return;
    }
    const looks = state.looks + 1;
    const step = afterLook(answer.get(work.checksum) ?? "unknown", looks, nowMs, state.span);
    if (step.type === "done") this.#go.there(work);
    else if (step.type === "again")
      this.#go.look(work, { span: state.span, looks, lookAtMs: nowMs + step.delayMs });
    else this.#neverArrived(work, nowMs);
  }

  #neverArrived(work: Work, nowMs: number): void {
    if (work.attempts === 0) {
      this.#go.queue(work);
      return;
    }
    const step = afterTransient({ ...work.last, retryAfterMs: null }, work.attempts, this.#policy);
    if (step.type === "failed") this.#go.settle(work, { type: "failed", because: step });
    else this.#go.backOff(work, nowMs + step.delayMs);
  }

  /** Those that the server has are done, unless they were taken up meanwhile. */
  #toldAhead(works: readonly Work[], answer: CheckAnswer): void {
    this.ahead.ended(answer === null);
    for (const work of works) {
      const isThere = answer?.get(work.checksum) === "there";
      if (answer !== null) this.ahead.learn(isThere);
      if (!isThere) work.asked = "absent";
      else if (work.state.type === "queued") this.#go.there(work);
    }
  }

  #lookForStrays(): void {
    const inBulk = this.#isBulk && this.#strays.length > 1;
    const groups = inBulk
      ? [this.#strays.splice(0)]
      : this.#strays.splice(0, DOUBTS_AT_ONCE - this.#straysAsked).map((stray) => [stray]);
    for (const strays of groups) {
      this.#straysAsked += 1;
      this.#ask(
        strays.map(({ checksum }) => checksum),
        inBulk,
        { type: "stray", strays },
      );
    }
  }

  /** There, they are done; absent for long enough, they are pending; else they stay as they are. */
  #toldStrays(strays: readonly Stray[], answer: CheckAnswer): void {
    if (answer === null) {
      this.#strays.push(...strays);
      return;
    }
    for (const { checksum, sentAgoMs } of strays) {
      const found = answer.get(checksum);
      const waitMs = remainingWaitMs(sentAgoMs, this.#policy.ambiguousWaitMs);
      if (found === "there") this.#go.want({ type: "settle-stray", checksum, isThere: true });
      else if (found === "absent" && waitMs === 0)
        this.#go.want({ type: "settle-stray", checksum, isThere: false });
    }
  }
}
