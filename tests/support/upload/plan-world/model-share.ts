import type {
  HeldLease,
  Lease,
  ShareOutcome,
  ShareRequest,
} from "../../../../src/upload/plan/sharing/share-requests.ts";
import type { Work } from "../../../../src/upload/plan/work.ts";
import { ClaimGuard } from "../../../../src/upload/shared/claim-guard.ts";
import { earlierEpoch, type Epoch } from "../../../../src/upload/shared/shared-history.ts";
import { settlingMs } from "../../../../src/upload/shared/share-driver.ts";
import type { ModelRedis } from "./model-redis.ts";

/** A model of the driver in shared/: what one run of a machine asks of a shared store and holds in it. */
export class ModelShare {
  readonly #redis: ModelRedis;
  readonly #guard: ClaimGuard;
  readonly #waitMs: number;
  readonly #machine: number;
  readonly #holder: string;
  #joined: string | null = null;

  constructor(
    redis: ModelRedis,
    {
      machine,
      life,
      waitMs,
      now,
    }: {
      readonly machine: number;
      readonly life: number;
      readonly waitMs: number;
      readonly now: () => number;
    },
  ) {
    this.#redis = redis;
    this.#machine = machine;
    this.#holder = `${machine}/${life}`;
    this.#waitMs = waitMs;
    this.#guard = new ClaimGuard(now);
  }

  /** The epoch that it has joined; null before that. */
  get joined(): string | null {
    return this.#joined;
  }

  #token({ number }: Lease): string {
    return `${this.#holder}/${number}`;
  }

  /**
   * @param machine the epoch recorded in its store, and the contents done in it.
   * @returns the shared store's answer to a request.
   */
  ask(
    request: ShareRequest,
    machine: { readonly epoch: string | null; readonly done: readonly string[] },
    nowMs: number,
  ): ShareOutcome {
    const redis = this.#redis;
    const isOver = this.#joined === null || redis.epoch !== this.#joined;
    switch (request.type) {
      case "join": {
        const before = this.#joined;
        const epoch = this.#join(before ?? machine.epoch, nowMs);
        this.#joined = epoch.name;
        const isRegained = before !== epoch.name;
        const lapsed = isRegained ? this.#guard.lapsed(request.leases) : [];
        const held = request.leases.filter((lease) => !lapsed.includes(lease));
        const kept = this.#prolong(held, { isRegained, nowMs });
        if (kept.type !== "renewed") return kept;
        for (const { number } of lapsed) this.#guard.drop(number);
        const settleMs = settlingMs(epoch, { known: machine.epoch, before, waitMs: this.#waitMs });
        return { type: "joined", settleMs, isKnown: false, lost: [...lapsed, ...kept.lost] };
      }
      case "publish":
        for (const checksum of machine.done) redis.done(checksum, null, nowMs);
        return { type: "published" };
      case "remember":
        return { type: "remembered" };
      case "claim": {
        const { checksum } = request.lease;
        if (isOver) return { type: "epoch-changed" };
        if (redis.isDone(checksum)) return { type: "done" };
        const holder = redis.holder(checksum, nowMs);
        if (holder !== null && holder.token !== this.#token(request.lease))
          return { type: "held", forMs: holder.untilMs - nowMs };
        redis.hold(checksum, this.#token(request.lease), nowMs);
        this.#guard.hold([request.lease.number], nowMs);
        const sinceMs = redis.doubtedMs(checksum);
        return { type: "claimed", inDoubtForMs: sinceMs === null ? null : nowMs - sinceMs };
      }
      case "mark": {
        if (isOver) return { type: "epoch-changed" };
        const lost = request.leases.filter(
          (lease) => redis.holder(lease.checksum, nowMs)?.token !== this.#token(lease),
        );
        if (lost.length > 0) return { type: "lost", leases: lost };
        for (const lease of request.leases) {
          redis.hold(lease.checksum, this.#token(lease), nowMs);
          redis.doubt(lease.checksum, nowMs);
          this.#guard.hold([lease.number], nowMs);
        }
        return { type: "marked" };
      }
      case "renew":
        return this.#prolong(request.leases, { isRegained: false, nowMs });
      case "close": {
        const { lease, as } = request;
        if (as === "done") redis.done(lease.checksum, this.#token(lease), nowMs);
        else redis.release(lease.checksum, this.#token(lease), as === "unsent", nowMs);
        this.#guard.drop(lease.number);
        return { type: "closed" };
      }
    }
  }

  #join(known: string | null, nowMs: number): Epoch {
    const redis = this.#redis;
    const epoch = redis.join(known, this.#waitMs, nowMs);
    const earlier = known === null && epoch.isFirst ? earlierEpoch(redis.names(), epoch.name) : null;
    const joined = earlier === null ? epoch : redis.join(earlier, this.#waitMs, nowMs);
    redis.name(this.#machine, joined.name);
    return joined;
  }

  /** Whether the last byte of these may be sent, as the driver asks before sending it. */
  mayFinish(works: readonly Work[], how: { readonly isCutOff: boolean; readonly nowMs: number }): boolean {
    const leases = works.flatMap(({ lease }) => (lease === null ? [] : [lease]));
    if (leases.length === works.length && leases.every(({ number }) => this.#guard.isSure(number)))
      return true;
    if (leases.length < works.length || how.isCutOff) return false;
    const sending = leases.map((lease) => ({ ...lease, stage: "sending" as const }));
    const renewed = this.#prolong(sending, { isRegained: false, nowMs: how.nowMs });
    return renewed.type === "renewed" && renewed.lost.length === 0;
  }

  #prolong(
    leases: readonly HeldLease[],
    { isRegained, nowMs }: { readonly isRegained: boolean; readonly nowMs: number },
  ): Extract<ShareOutcome, { type: "renewed" | "epoch-changed" }> {
    const redis = this.#redis;
    if (redis.epoch !== this.#joined) return { type: "epoch-changed" };
    const lost: Lease[] = [];
    for (const lease of leases) {
      const { checksum, stage } = lease;
      const token = this.#token(lease);
      const holder = redis.holder(checksum, nowMs);
      const isFree = holder === null && redis.doubtedMs(checksum) === null;
      if (holder?.token === token || (isRegained && isFree)) {
        redis.hold(checksum, token, nowMs);
        if (stage === "sending" || (stage === "in-doubt" && redis.doubtedMs(checksum) === null))
          redis.doubt(checksum, nowMs);
        this.#guard.hold([lease.number], nowMs);
      } else {
        lost.push(lease);
        this.#guard.drop(lease.number);
      }
    }
    return { type: "renewed", lost };
  }
}
