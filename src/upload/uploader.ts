import { TaskGroup } from "../lib/task-group.ts";
import { nextTurn } from "../lib/wait.ts";
import type { BufferPool } from "./intake/buffer-pool.ts";
import { runDelayMeter } from "./control/run-delay.ts";
import { checkContents } from "./send/check-contents.ts";
import { HeldContents } from "./send/held-contents.ts";
import type { EngineCare } from "./engine-care.ts";
import type { Content } from "./intake/intake.ts";
import type { Ledger } from "./ledger/ledger.ts";
import type { DestinationFact, Notice, PlanAction } from "./plan/actions.ts";
import type { CheckAnswer, PlanEvent, UnitAnswer } from "./plan/events.ts";
import type { ShareRequest } from "./plan/sharing/share-requests.ts";
import { type Ending, stopOf } from "./plan/stop.ts";
import type { UploadPlan } from "./plan/upload-plan.ts";
import type { Work } from "./plan/work.ts";
import type { Settling } from "./intake/settling.ts";
import type { ShareDriver } from "./shared/share-driver.ts";
import { contentOf, recordSettlement } from "./send/record-settlement.ts";
import { sendUnit } from "./send/send-unit.ts";
import type { Tally } from "./report/tally.ts";
import type { TanovaClient } from "./tanova/types.ts";

export interface UploaderOptions {
  readonly plan: UploadPlan;
  readonly client: TanovaClient;
  readonly ledger: Ledger;
  readonly tally: Tally;
  readonly pool: BufferPool;
  /** Takes back files that have changed since they were hashed. */
  readonly settling: Settling;
  readonly ending: Ending;
  /** The history shared with other machines; null if it is only in this store. */
  readonly share: ShareDriver | null;
  readonly engine: EngineCare;
  /** Called before the first content is sent. */
  readonly onFirst: () => void;
  readonly onNotice: (notice: Notice) => void;
  /** Called when a health check succeeds. */
  readonly onReached: () => void;
  readonly onFact: (fact: DestinationFact) => void;
}

/** While contents are taken in, the network has its turn this often; until the first is sent, after each of them. */
const LONGEST_SPELL_MS = 2;
/** The longest delay of setTimeout. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;
/** Contents left behind by earlier runs that one run settles. */
const STRAYS_AT_ONCE = 1_000;
const LOST = {
  status: null,
  reason: "the upload failed",
  retryAfterMs: null,
  isUnrecognised: false,
} as const;

/** Units whose rows share a commit. */
interface Writing {
  readonly commit: Promise<void>;
  readonly units: number[];
}

/**
 * Carries out what a plan wants done (network, store, timers), and reports the results to it: one event after the
 * other, each with all of its actions before the next. Nothing is decided here.
 */
export class Uploader implements AsyncDisposable {
  readonly #options: UploaderOptions;
  readonly #held: HeldContents;
  readonly #events: PlanEvent[] = [];
  readonly #tasks = new TaskGroup();
  /** The units whose rows are being written by the next commit. */
  #writing: Writing | null = null;
  readonly #runDelay = runDelayMeter();
  /** When this aborts, requests in flight are cut off. */
  readonly #cut = new AbortController();
  #waiting: { readonly until: () => boolean; readonly resolve: () => void }[] = [];
  #isBegun = false;
  #isAtWork = false;
  /** When the network last had its turn while contents were taken in. */
  #turnMs = performance.now();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: UploaderOptions) {
    this.#options = options;
    this.#held = new HeldContents(options.pool);
    const { signal } = options.ending;
    const stop = (): void => {
      const why = stopOf(signal);
      if (why !== null) this.#post({ type: "stopped", stop: why });
    };
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  }

  /** Takes in a content. Resolves when there is room for the next. */
  async offer({ checksum, file, bytes }: Content): Promise<void> {
    const { ledger, plan } = this.#options;
    if (bytes !== null) this.#held.hold(checksum, bytes);
    const isOpen = plan.works.get(checksum) !== undefined;
    const standing = isOpen ? null : ledger.content(checksum);
    const sentAgoMs = standing === null ? null : ledger.sentAgoMs(standing);
    this.#post({ type: "offered", checksum, file, standing, sentAgoMs });
    // If it is not sent soon, it is read again when its turn comes.
    const state = plan.works.get(checksum)?.state.type;
    if (state === undefined || state === "in-doubt" || state === "backoff") this.#held.release(checksum);
    if (!plan.hasRoom) await this.#until(() => plan.hasRoom);
    else if (plan.peak === 0 || performance.now() - this.#turnMs >= LONGEST_SPELL_MS) {
      await nextTurn();
      this.#turnMs = performance.now();
    }
  }

  /** Everything offered is settled, or the run is stopped and nothing is in flight. */
  get isIdle(): boolean {
    return this.#options.plan.isIdle;
  }

  /**
   * No more contents are known to come for now. Resolves when everything is settled, or the run is stopped and nothing
   * is in flight.
   */
  async idle(): Promise<void> {
    this.#post({ type: "exhausted" });
    await this.#until(() => this.#options.plan.isIdle);
  }

  /** Settles what earlier runs left behind, and ends. */
  async finish(): Promise<void> {
    this.#post({ type: "finished" });
    await this.#until(() => this.#options.plan.isOver);
  }

  /** Afterwards none of its work is in progress any more. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#cut.abort();
    await this.#tasks.idle();
    clearTimeout(this.#timer);
  }

  #until(condition: () => boolean): Promise<void> {
    if (condition()) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiting.push({ until: condition, resolve });
    });
  }

  /** The only queue: events that arise while one is handled are handled after it. */
  #post(event: PlanEvent): void {
    this.#events.push(event);
    if (this.#isAtWork) return;
    this.#isAtWork = true;
    for (let next = this.#events.shift(); next !== undefined; next = this.#events.shift()) {
      for (const action of this.#options.plan.on(next, performance.now())) {
        try {
          this.#perform(action);
        } catch (error) {
          this.#events.push({ type: "stopped", stop: { type: "broken", error } });
        }
      }
    }
    this.#isAtWork = false;
    if (!this.#waiting.some(({ until }) => until())) return;
    this.#waiting = this.#waiting.filter(({ until, resolve }) => {
      const isMet = until();
      if (isMet) resolve();
      return !isMet;
    });
  }

  #perform(action: PlanAction): void {
    const { ledger, tally, settling, ending, engine, share, onFirst, onNotice, onFact } = this.#options;
    switch (action.type) {
      case "connect":
        if (!this.#isBegun) onFirst();
        this.#isBegun = true;
        this.#begin(this.#connect());
        return;
      case "reserve":
        this.#reserve(action.unit, action.works);
        return;
      case "send":
        this.#begin(this.#send(action.unit, action.works));
        return;
      case "check":
        this.#begin(this.#check(action));
        return;
      case "share":
        if (share !== null) this.#begin(this.#share(share, action.request));
        return;
      case "hurry":
        ledger.hurry();
        return;
      case "renew":
        ledger.renew(action.checksums);
        return;
      case "doubt":
        ledger.doubt(action.checksum, action.because);
        return;
      case "unsent":
        this.#held.release(action.checksum);
        ledger.pending(contentOf(action), action.because);
        return;
      case "settle":
        this.#held.release(action.work.checksum);
        recordSettlement(action.work, action.as, { ledger, tally });
        if (action.as.type !== "left") engine.uploaded();
        return;
      case "settle-stray": {
        const content = { checksum: action.checksum, path: null };
        if (action.isThere) ledger.done(content, "upload");
        else ledger.pending(content, { status: null, reason: "an earlier upload of it never arrived" });
        return;
      }
      case "decline":
        if (action.as === "duplicate") tally.there("known-here", action.file.path);
        else {
          ledger.seen(action.checksum);
          tally.fail(action.file.path, action.as);
        }
        return;
      case "fail":
        tally.fail(action.file.path, action.because);
        return;
      case "retried":
        tally.retries += 1;
        return;
      case "recheck":
        settling.add(action.file, Date.now());
        return;
      case "find-strays":
        this.#begin(this.#findStrays());
        return;
      case "remember":
        onFact(action.fact);
        return;
      case "notice":
        onNotice(action.notice);
        return;
      case "wake":
        this.#wake(action.atMs);
        return;
      case "cut":
        this.#cut.abort();
        return;
      case "stop":
        ending.end(action.stop);
    }
  }

  #begin(task: Promise<void>): void {
    this.#tasks.add(task, (error) => this.#post({ type: "stopped", stop: { type: "broken", error } }));
  }

  async #connect(): Promise<void> {
    const { client, ending, share, onReached } = this.#options;
    const signal = AbortSignal.any([ending.signal, this.#cut.signal]);
    const outcome = await client.health(signal);
    if (outcome.type === "healthy") {
      share?.connected(outcome.health.agency);
      onReached();
    }
    this.#post({ type: "connected", outcome });
  }

  async #share(share: ShareDriver, request: ShareRequest): Promise<void> {
    this.#post({ type: "shared", request, outcome: await share.perform(request) });
  }

  #reserve(unit: number, works: readonly Work[]): void {
    const commit = this.#options.ledger.sending(works.map(contentOf));
    if (this.#writing?.commit === commit) {
      this.#writing.units.push(unit);
      return;
    }
    this.#writing = { commit, units: [unit] };
    this.#begin(this.#tellWritten(this.#writing));
  }

  /** Reports all units that share a commit together. */
  async #tellWritten({ commit, units }: Writing): Promise<void> {
    try {
      await commit;
    } catch (error) {
      this.#post({ type: "reserved", units, error });
      return;
    }
    this.#post({ type: "reserved", units });
  }

  async #send(unit: number, works: readonly Work[]): Promise<void> {
    let answer: UnitAnswer = { type: "single", outcome: { type: "ambiguous", ...LOST } };
    try {
      const { client, share } = this.#options;
      answer = await sendUnit(works, { client, share, held: this.#held, cut: this.#cut.signal });
    } finally {
      const runDelay = this.#runDelay();
      if (runDelay !== null) this.#post({ type: "measured", runDelay });
      // Contents that are sent again are read again.
      for (const { checksum } of works) this.#held.release(checksum);
      this.#post({ type: "answered", unit, answer });
    }
  }

  async #check({ check, checksums, inBulk }: Extract<PlanAction, { type: "check" }>): Promise<void> {
    const { client, engine } = this.#options;
    let answer: CheckAnswer = new Map();
    try {
      answer = await checkContents(client, { checksums, inBulk }, this.#cut.signal);
    } finally {
      this.#post({ type: "checked", check, answer });
      engine.checked();
    }
  }

  async #findStrays(): Promise<void> {
    this.#post({ type: "strays", strays: await this.#options.ledger.strays(STRAYS_AT_ONCE) });
  }

  #wake(atMs: number): void {
    clearTimeout(this.#timer);
    if (atMs === Infinity) return;
    const delayMs = Math.min(Math.max(0, atMs - performance.now()), LONGEST_TIMER_MS);
    this.#timer = setTimeout(() => this.#post({ type: "tick" }), delayMs);
  }
}
