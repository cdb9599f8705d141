import { lookSpan, remainingWaitMs } from "../in-doubt.ts";
import type { Leases } from "./leases.ts";
import type { ShareOutcome, ShareRequest } from "./share-requests.ts";
import type { Stop } from "../stop.ts";
import type { Transitions } from "../transitions.ts";
import type { Work } from "../work.ts";

/** How history is shared with other machines. Times in milliseconds. */
export interface SharingOptions {
  /** The address of the shared store, safe to be shown. */
  readonly address: string;
  /** How often claims are renewed. */
  readonly renewMs: number;
  /** How long to wait for a shared store that does not answer; Infinity for no limit. */
  readonly waitMs: number;
  /** Something done here is still to be reported, even if there is nothing to send. */
  readonly mustPublish: boolean;
}

/** A shared store that does not answer is asked again after this long, then after twice as long and so on. */
const RETRY = { baseMs: 250, maxMs: 4_000 };
/** Longer than the longest pause between attempts. */
const PROVEN_MS = 10_000;
/** A content claimed by another machine is asked for again after this long, then after twice as long and so on. */
const ELSEWHERE = { baseMs: 200, maxMs: 2_000 };

/** Whether this run takes part: not asked yet, being asked, or in an epoch of the shared store. */
type Part = "none" | "joining" | "joined";

/**
 * A run's part in a history that machines share: which contents it may claim, what it holds, and what it reports.
 *
 * - The shared store does not answer: nothing new is sent, uploads in flight finish. It is asked again for `waitMs`,
 *   then the run stops.
 * - It answers in another epoch: what is held and done is reported again. Nothing new is sent until everything that may
 *   be in transit has arrived; then the server is asked about each content.
 * - It says that a claim is lost: the content is claimed again before anything of it is sent.
 */
export class Sharing {
  readonly leases: Leases;
  readonly #go: Transitions;
  readonly #options: SharingOptions;
  readonly #ambiguousWaitMs: number;
  #part: Part = "none";
  #askAtMs = 0;
  #awaySinceMs: number | null = null;
  #awayReason = "";
  /**
   * It was found away by something other than joining: without rights or memory a server still lets machines join. It
   * counts as back once it has done something else, or has been there for PROVEN_MS.
   */
  #isUnproven = false;
  #joinedAtMs = 0;
  #asked = 0;
  /** `again`: the report under way began in an epoch that is over. */
  #publishing: "wanted" | "asked" | "again" | "done" = "wanted";
  /** Nothing is sent before this time; -Infinity once it has been reached and recorded. */
  #settledAtMs = Infinity;
  /** The moment of the last notice about that. */
  #toldMs = -Infinity;
  #isRenewing = false;
  #renewAtMs = Infinity;
  #claims = 0;

  constructor(go: Transitions, leases: Leases, options: SharingOptions, ambiguousWaitMs: number) {
    this.leases = leases;
    this.#go = go;
    this.#options = options;
    this.#ambiguousWaitMs = ambiguousWaitMs;
  }

  /** New uploads may begin. */
  get isReady(): boolean {
    return this.#part === "joined" && this.#settledAtMs === -Infinity;
  }

  /** Something is to be reported, even if nothing is left to send. */
  get hasWork(): boolean {
    return this.leases.hasEndings || (this.#options.mustPublish && this.#publishing !== "done");
  }

  /** The shared store is reachable and is being informed of ended claims. */
  get isTelling(): boolean {
    return this.#part === "joined" && (this.leases.hasEndings || this.#claims > 0);
  }

  /** When it is given up; null if it answers. */
  get #givenUpAtMs(): number | null {
    if (this.#awaySinceMs === null || this.#part === "joined") return null;
    return this.#awaySinceMs + this.#options.waitMs;
  }

  /** How long to wait for the shared store (run clock, Infinity if not known); null if not waiting for it. */
  get untilMs(): number | null {
    const givenUpAtMs = this.#givenUpAtMs;
    if (givenUpAtMs !== null) return givenUpAtMs;
    return this.#part === "joined" && this.#settledAtMs !== -Infinity ? this.#settledAtMs : null;
  }

  /** When something is due even if nothing else happens. */
  get wakeAtMs(): number {
    const { works } = this.#go;
    let nextMs = this.#part === "none" && this.#go.stop === null ? this.#askAtMs : Infinity;
    nextMs = Math.min(nextMs, this.#givenUpAtMs ?? Infinity);
    if (this.#part !== "joined") return nextMs;
    if (this.leases.size > 0 && !this.#isRenewing) nextMs = Math.min(nextMs, this.#renewAtMs);
    if (this.#settledAtMs > -Infinity && this.#publishing === "done")
      nextMs = Math.min(nextMs, this.#settledAtMs);
    if (!this.isReady) return nextMs;
    for (const { state } of works.in.elsewhere)
      if (state.type === "elsewhere") nextMs = Math.min(nextMs, state.askAtMs);
    return nextMs;
  }

  /** Joins, renews claims and reports ended ones. Returns a stop if the shared store was away for too long. */
  advance(nowMs: number): Stop | null {
    const { address, waitMs } = this.#options;
    const isOver = this.#go.stop !== null;
    if (nowMs >= (this.#givenUpAtMs ?? Infinity) && !isOver) {
      const reason = `the shared store ${address} does not answer (${this.#awayReason}); this run waited ${Math.round(waitMs / 1_000)} s for it`;
      return { type: "unreachable", what: "shared-store", status: null, reason };
    }
    if (this.#part === "none" && nowMs >= this.#askAtMs && !isOver) {
      this.#part = "joining";
      this.#want({ type: "join", leases: this.leases.list() });
    }
    if (this.#part !== "joined") return null;
    for (const { lease, as } of this.leases.takeEndings()) this.#want({ type: "close", lease, as });
    if (this.leases.size > 0 && nowMs >= this.#renewAtMs && !this.#isRenewing) {
      this.#isRenewing = true;
      this.#want({ type: "renew", leases: this.leases.list() });
    }
    if (isOver) return null;
    if (this.#publishing === "wanted") {
      this.#publishing = "asked";
      this.#want({ type: "publish" });
    }
    return null;
  }

  /**
   * Whether the start of an epoch has just been waited out: what was learnt from the server before no longer counts.
   */
  settles(nowMs: number): boolean {
    const isOver = this.#part === "joined" && this.#publishing === "done" && nowMs >= this.#settledAtMs;
    if (!isOver || this.#settledAtMs === -Infinity) return false;
    this.#settledAtMs = -Infinity;
    this.#want({ type: "remember" });
    return true;
  }

  /** Claims waiting contents, with at most `room` claims under way. */
  claim(nowMs: number, room: number): void {
    const { works } = this.#go;
    for (const work of works.in.elsewhere) {
      const { state } = work;
      if (state.type === "elsewhere" && state.askAtMs <= nowMs)
        works.move(work, { ...state, type: "unclaimed" });
    }
    let left = room - works.in.claiming.size;
    for (const work of works.in.unclaimed) {
      if (left <= 0) return;
      if (work.state.type !== "unclaimed") continue;
      left -= 1;
      const lease = this.leases.next(work.checksum);
      works.move(work, { ...work.state, type: "claiming", lease });
      this.#claims += 1;
      this.#want({ type: "claim", lease });
    }
  }

  /** The server accepts nothing at the moment: other machines may have what waits in line. */
  yield(): void {
    const { works } = this.#go;
    for (const work of works.in.queued) {
      if (work.asked === "waiting") continue;
      this.leases.end(work, "unsent");
      works.move(work, { type: "unclaimed", doubt: null, tries: 0 });
    }
  }

  /** Handles an answer; the caller decides whether a unit may be sent. */
  answered(request: ShareRequest, outcome: ShareOutcome, nowMs: number): void {
    if (outcome.type === "silent") this.#wentAway(request, outcome.reason, nowMs);
    else if (request.type !== "join" && request.type !== "remember" && outcome.type !== "epoch-changed")
      this.#proved();
    if (outcome.type === "epoch-changed") this.#forgotten(nowMs);
    switch (request.type) {
      case "join":
        this.#joined(outcome, nowMs);
        return;
      case "publish":
        this.#publishing = outcome.type === "published" && this.#publishing === "asked" ? "done" : "wanted";
        return;
      case "remember":
        return;
      case "claim":
        this.#claims -= 1;
        this.#claimed(request, outcome, nowMs);
        return;
      case "mark":
        if (outcome.type === "lost") this.#lost(outcome.leases);
        return;
      case "renew":
        this.#isRenewing = false;
        this.#renewAtMs = nowMs + this.#options.renewMs;
        if (outcome.type === "renewed") this.#lost(outcome.lost);
        return;
      case "close":
        this.leases.told(request.lease, outcome.type === "closed");
    }
  }

  #want(request: ShareRequest): void {
    this.#go.want({ type: "share", request });
  }

  #wentAway({ type }: ShareRequest, reason: string, nowMs: number): void {
    // Answers to requests made before it was found away say nothing new.
    if (this.#part !== (type === "join" ? "joining" : "joined")) return;
    if (this.#part === "joined" && nowMs - this.#joinedAtMs > PROVEN_MS) this.#returned(false);
    this.#part = "none";
    this.#asked += 1;
    this.#askAtMs = nowMs + Math.min(RETRY.maxMs, RETRY.baseMs * 2 ** (this.#asked - 1));
    this.#awayReason = reason;
    if (type !== "join") this.#isUnproven = true;
    if (this.#awaySinceMs !== null) return;
    this.#awaySinceMs = nowMs;
    this.#go.tell({ type: "share-away", reason, untilMs: nowMs + this.#options.waitMs });
  }

  /** It carried out a request. */
  #proved(): void {
    if (!this.#isUnproven || this.#part !== "joined") return;
    this.#isUnproven = false;
    this.#returned(this.#settledAtMs === -Infinity);
  }

  #returned(isReady: boolean): void {
    this.#asked = 0;
    if (this.#awaySinceMs === null) return;
    this.#awaySinceMs = null;
    if (isReady) this.#go.tell({ type: "share-back" });
  }

  #forgotten(nowMs: number): void {
    if (this.#part !== "joined") return;
    this.#part = "none";
    this.#askAtMs = nowMs;
    this.#settledAtMs = Infinity;
  }

  #joined(outcome: ShareOutcome, nowMs: number): void {
    if (outcome.type !== "joined") {
      if (outcome.type === "epoch-changed") this.#part = "none";
      return;
    }
    this.#part = "joined";
    this.#joinedAtMs = nowMs;
    this.#renewAtMs = nowMs + this.#options.renewMs;
    if (!this.#isUnproven) this.#returned(outcome.settleMs === 0);
    this.#lost(outcome.lost);
    const isOld = outcome.isKnown && this.#publishing === "done";
    if (!outcome.isKnown) this.#publishing = this.#publishing === "asked" ? "again" : "wanted";
    else if (this.#publishing === "wanted" && !this.#options.mustPublish) this.#publishing = "done";
    if (isOld && this.#settledAtMs === -Infinity) return;
    this.#settledAtMs = nowMs + outcome.settleMs;
    if (outcome.settleMs === 0 || Math.abs(this.#settledAtMs - this.#toldMs) < 1_000) return;
    this.#toldMs = this.#settledAtMs;
    this.#go.tell({ type: "share-settling", untilMs: this.#settledAtMs });
  }

  #claimed(request: Extract<ShareRequest, { type: "claim" }>, outcome: ShareOutcome, nowMs: number): void {
    const { lease } = request;
    const work = this.#go.works.get(lease.checksum);
    if (work?.state.type !== "claiming" || work.state.lease !== lease) {
      // The run ended first.
      if (outcome.type !== "held" && outcome.type !== "done") this.leases.close(lease, "in-doubt");
      return;
    }
    const { doubt, tries } = work.state;
    if (outcome.type === "claimed") {
      this.leases.hold(work, lease);
      this.#begin(work, outcome.inDoubtForMs, nowMs);
    } else if (outcome.type === "done") this.#go.there(work);
    else if (outcome.type === "held") {
      const pauseMs = Math.min(ELSEWHERE.maxMs, ELSEWHERE.baseMs * 2 ** Math.min(tries, 10));
      const askAtMs = nowMs + Math.min(pauseMs, outcome.forMs + 1);
      this.#go.works.move(work, { type: "elsewhere", doubt, tries: tries + 1, askAtMs });
    } else {
      // It may be ours: give it up before claiming it again.
      this.leases.close(lease, "in-doubt");
      this.#go.works.move(work, { type: "unclaimed", doubt, tries });
    }
  }

  /** The claim is ours: check the content if somebody may have sent it, otherwise put it in line. */
  #begin(work: Work, inDoubtForMs: number | null, nowMs: number): void {
    if (work.state.type !== "claiming") return;
    const { doubt } = work.state;
    this.#go.works.ask(work, "no");
    if (doubt === null && inDoubtForMs === null) {
      this.#go.queue(work);
      return;
    }
    work.mayBeThere = true;
    const waitMs = this.#ambiguousWaitMs;
    const theirs = lookSpan(nowMs, inDoubtForMs === null ? 0 : remainingWaitMs(inDoubtForMs, waitMs), waitMs);
    const span = doubt === null || doubt.span.untilMs < theirs.untilMs ? theirs : doubt.span;
    const looking = doubt ?? { why: "lost" as const, looks: 0, unanswered: 0 };
    this.#go.look(work, { ...looking, span }, nowMs);
  }

  #lost(leases: readonly { readonly number: number; readonly checksum: string }[]): void {
    for (const lease of leases) {
      const work = this.leases.drop(lease);
      if (work?.state.type === "queued")
        this.#go.works.move(work, { type: "unclaimed", doubt: null, tries: 0 });
    }
  }
}
