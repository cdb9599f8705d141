import type { UploadOutcome } from "../tanova/types.ts";
import type { AskFirst } from "./ask-first.ts";
import { lookSpan } from "./in-doubt.ts";
import type { Reachability } from "./reachability.ts";
import { afterUpload, isPressed, type NextStep, type RetryPolicy } from "./retry-policy.ts";
import type { Stop } from "./stop.ts";
import type { Transitions } from "./transitions.ts";
import type { Work } from "./work.ts";

const NONE: readonly Stop[] = [];

/** Applies the outcomes of uploads to their contents. */
export class Outcomes {
  readonly #go: Transitions;
  readonly #first: AskFirst;
  readonly #server: Reachability;
  readonly #retry: RetryPolicy;
  /** A 409 was verified in this run, or is being verified. */
  #isRefusalChecked = false;

  constructor(go: Transitions, first: AskFirst, server: Reachability, retry: RetryPolicy) {
    this.#go = go;
    this.#first = first;
    this.#server = server;
    this.#retry = retry;
  }

  /** Counts an upload and moves its content on. Returns why the run must stop, if it must. */
  take(work: Work, outcome: UploadOutcome, nowMs: number): readonly Stop[] {
    const { isOwnFault, stop } = this.#server.judge(work.checksum, outcome, nowMs);
    this.#record(work, outcome, isOwnFault);
    const step = afterUpload(outcome, { attempts: work.attempts, isOwnFault }, this.#retry);
    this.#follow(work, step, nowMs);
    if (step.type !== "stop") return stop === null ? NONE : [stop];
    const refused = { ...step, type: "unauthorized" } as const;
    return stop === null ? [refused] : [refused, stop];
  }

  /** Counts an upload of a content, and remembers why it is not stored. */
  #record(work: Work, outcome: UploadOutcome, isOwnFault: boolean): void {
    work.sent += 1;
    if (work.sent > 1) this.#go.want({ type: "retried" });
    const isFree =
      outcome.type === "misplaced" || (outcome.type === "transient" && isPressed(outcome.status));
    if (!isFree || isOwnFault) work.attempts += 1;
    if ("reason" in outcome)
      work.last = { status: "status" in outcome ? outcome.status : null, reason: outcome.reason };
    if (outcome.type === "stored" || outcome.type === "duplicate")
      this.#first.learn(outcome.type === "duplicate");
  }

  #follow(work: Work, step: NextStep, nowMs: number): void {
    const { ambiguousWaitMs } = this.#retry;
    switch (step.type) {
      case "uploaded":
        this.#go.settle(work, step);
        return;
      case "said-to-be-there":
        this.#saidToBeThere(work, nowMs);
        return;
      case "look":
        this.#go.doubt(work, step.why, work.last, lookSpan(nowMs, ambiguousWaitMs, ambiguousWaitMs), nowMs);
        return;
      case "press":
      case "away":
        this.#go.putBack(work, work.last);
        return;
      case "forbidden":
        this.#server.forbid(work, step.because);
        return;
      case "stop":
        this.#go.settle(work, { type: "failed", because: step });
        return;
      case "unreadable":
        this.#go.want({ type: "fail", file: work.file, because: { status: null, reason: step.reason } });
        this.#go.replaceFile(work, { status: null, reason: step.reason });
        return;
      case "changed":
        this.#go.want({ type: "recheck", file: work.file });
        this.#go.replaceFile(work, { status: null, reason: step.reason });
        return;
      case "failed":
      case "refused":
        this.#go.settle(work, step);
        return;
      case "retry":
        this.#go.backOff(work, work.last, nowMs + step.delayMs);
    }
  }

  /** Handles a 409. Unless known to be reliable it is verified by asking, and the first one of a run always is. */
  #saidToBeThere(work: Work, nowMs: number): void {
    const isKnown = this.#first.refusesDuplicates && this.#isRefusalChecked;
    if (isKnown || work.isMaybeOurs || !this.#first.isAskable) {
      this.#go.there(work);
      return;
    }
    this.#isRefusalChecked = true;
    const { ambiguousWaitMs } = this.#retry;
    const because = { status: 409, reason: "the server says that it has it" };
    const span = lookSpan(nowMs, ambiguousWaitMs, ambiguousWaitMs);
    this.#go.doubt(work, "said-to-be-there", because, span, nowMs);
  }
}
