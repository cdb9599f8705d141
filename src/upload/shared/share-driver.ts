import { messageOf } from "../../lib/errors.ts";
import { thisBoot } from "../ledger/boot.ts";
import type { HeldLease, Lease, ShareOutcome, ShareRequest } from "../plan/sharing/share-requests.ts";
import { ClaimGuard } from "./claim-guard.ts";
import type { Link } from "../../redis/link.ts";
import type { ShareRecord } from "./share-record.ts";
import { type Claim, type Epoch, LEASE_MS, type RenewAnswer, SharedHistory } from "./shared-history.ts";
import { SharedStoreError } from "../../redis/shared-store-error.ts";

/**
 * How long (ms) after joining an epoch there may still be uploads arriving that the shared store has forgotten.
 *
 * @param of.known the epoch that this machine remembers; null if it never joined one.
 * @param of.before the epoch that it was in until now; null if it was in none.
 */
export function settlingMs(
  epoch: Epoch,
  of: { readonly known: string | null; readonly before: string | null; readonly waitMs: number },
): number {
  const isSame = of.before === null || of.before === epoch.name;
  const isNew = epoch.isFirst && of.known === null && isSame;
  return of.known === epoch.name || isNew ? 0 : Math.max(0, of.waitMs - epoch.ageMs);
}

/** The connection that the runs of a process share. */
export interface SharedStore {
  readonly link: Link;
  /** How long to wait for it (ms); Infinity for no limit. */
  readonly waitMs: number;
}

export interface ShareDriverOptions {
  readonly store: SharedStore;
  readonly record: ShareRecord;
  readonly destination: string;
  readonly runId: number;
  readonly ambiguousWaitMs: number;
}

/** Carries out a plan's requests to the shared history, for one run. */
export class ShareDriver {
  readonly #options: ShareDriverOptions;
  /** Distinguishes this run's claims from all others. */
  readonly #word = crypto.randomUUID();
  readonly #guard = new ClaimGuard(thisBoot(0).uptimeMs);
  #history: SharedHistory | null = null;
  #epoch: Epoch | null = null;

  constructor(options: ShareDriverOptions) {
    this.#options = options;
  }

  /** Call this once the server has said whose history it is. */
  connected(agency: string | null): void {
    const { store, destination } = this.#options;
    this.#history ??= new SharedHistory(store.link, `${destination}\n${agency ?? ""}`);
  }

  async perform(request: ShareRequest): Promise<ShareOutcome> {
    const { record } = this.#options;
    try {
      return await this.#perform(request);
    } catch (error) {
      if (!(error instanceof SharedStoreError)) throw error;
      const reason = messageOf(error);
      record.state("away", reason);
      return { type: "silent", reason };
    }
  }

  /** Records that everything done in this run was published. */
  allTold(): void {
    const { record, runId } = this.#options;
    record.told(runId);
  }

  /** Whether the claims still hold, so that their contents may be sent to the last byte. */
  async mayFinish(leases: readonly Lease[]): Promise<boolean> {
    if (leases.every(({ number }) => this.#guard.isSure(number))) return true;
    const outcome = await this.perform({
      type: "renew",
      leases: leases.map((lease) => ({ ...lease, stage: "sending" as const })),
    });
    return outcome.type === "renewed" && leases.every(({ number }) => this.#guard.isSure(number));
  }

  #perform(request: ShareRequest): Promise<ShareOutcome> {
    switch (request.type) {
      case "join":
        return this.#join(request.leases);
      case "publish":
        return this.#publish();
      case "remember":
        return this.#remember();
      case "claim":
        return this.#claim(request.lease);
      case "mark":
        return this.#mark(request.leases);
      case "renew":
        return this.#prolong(request.leases, "renew");
      case "close":
        return this.#close(request);
    }
  }

  get #shared(): SharedHistory {
    if (this.#history === null) throw new Error("Cannot share a history before it is known whose it is");
    return this.#history;
  }

  async #join(leases: readonly HeldLease[]): Promise<ShareOutcome> {
    const { record, runId, ambiguousWaitMs } = this.#options;
    const { epoch: known, isBehind } = record.memory(runId);
    const waitMs = Math.max(LEASE_MS, ambiguousWaitMs);
    const before = this.#epoch;
    const epoch = await this.#shared.join(before?.name ?? known, waitMs);
    const isSame = before?.name === epoch.name;
    const lapsed = isSame ? [] : this.#guard.lapsed(leases);
    const held = leases.filter((lease) => !lapsed.includes(lease));
    const kept = await this.#prolong(held, isSame ? "renew" : "regain");
    if (kept.type !== "renewed") return kept;
    for (const { number } of lapsed) this.#guard.drop(number);
    this.#epoch = epoch;
    const isKnown = known === epoch.name;
    const settleMs = settlingMs(epoch, { known, before: before?.name ?? null, waitMs });
    record.state(settleMs > 0 ? "settling" : "joined");
    return { type: "joined", settleMs, isKnown: isKnown && !isBehind, lost: [...lapsed, ...kept.lost] };
  }

  async #publish(): Promise<ShareOutcome> {
    const { record, runId } = this.#options;
    const isKnown = record.memory(runId).epoch === this.#epoch?.name;
    for (let page = record.retracted(); page.length > 0; page = record.retracted()) {
      await this.#shared.retract(page);
      record.retractionTold(page);
    }
    for (const page of record.done(isKnown)) await this.#shared.publish(page);
    return { type: "published" };
  }

  #remember(): Promise<ShareOutcome> {
    const { record } = this.#options;
    if (this.#epoch !== null) record.remember(this.#epoch.name);
    record.state("joined");
    return Promise.resolve({ type: "remembered" });
  }

  async #claim(lease: Lease): Promise<ShareOutcome> {
    const askedMs = this.#guard.now();
    const answer = await this.#shared.claim(this.#claimOf(lease));
    if (answer.type === "claimed") this.#guard.hold([lease.number], askedMs);
    return answer;
  }

  async #mark(leases: readonly Lease[]): Promise<ShareOutcome> {
    const askedMs = this.#guard.now();
    const answer = await this.#shared.mark(leases.map((lease) => this.#claimOf(lease)));
    if (answer.type === "lost") return { type: "lost", leases: this.#lostOf(leases, answer.lost) };
    if (answer.type === "marked")
      this.#guard.hold(
        leases.map(({ number }) => number),
        askedMs,
      );
    return answer;
  }

  async #prolong(
    leases: readonly HeldLease[],
    how: "renew" | "regain",
  ): Promise<Extract<ShareOutcome, { type: "renewed" | "epoch-changed" }>> {
    const askedMs = this.#guard.now();
    const claims = leases.map((lease) => ({ ...this.#claimOf(lease), stage: lease.stage }));
    const answer: RenewAnswer = await this.#shared[how](claims);
    if (answer.type === "epoch-changed") return answer;
    const lost = this.#lostOf(leases, answer.lost);
    this.#guard.hold(
      leases.map(({ number }) => number),
      askedMs,
    );
    for (const { number } of lost) this.#guard.drop(number);
    return { type: "renewed", lost };
  }

  async #close({ lease, as }: Extract<ShareRequest, { type: "close" }>): Promise<ShareOutcome> {
    const claim = this.#claimOf(lease);
    if (as === "done") await this.#shared.done(claim);
    else await this.#shared.release(claim, as === "unsent");
    this.#guard.drop(lease.number);
    return { type: "closed" };
  }

  #claimOf({ checksum, number }: Lease): Claim {
    return { checksum, token: `${this.#word}:${number}` };
  }

  #lostOf(leases: readonly Lease[], lost: readonly Claim[]): readonly Lease[] {
    const tokens = new Set(lost.map(({ token }) => token));
    return leases.filter((lease) => tokens.has(this.#claimOf(lease).token));
  }
}
