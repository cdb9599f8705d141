import type { Closing, HeldLease, Lease, LeaseStage } from "./share-requests.ts";
import type { Work } from "../work.ts";

/** A lease to be given up, and how. `isAsked`: the request to the shared store is under way. */
interface Ending {
  readonly lease: Lease;
  readonly as: Closing;
  isAsked: boolean;
}

/**
 * A content that is being marked may be on its way by the time that its lease is renewed. The renewal has to date its
 * doubt: a machine that takes over counts from there.
 */
function stageOf({ state, mayBeThere }: Work): LeaseStage {
  if (state.type === "sending" || state.type === "marking") return "sending";
  return mayBeThere ? "in-doubt" : "waiting";
}

/** The claims of a run: those it holds, and those whose end the shared store has not confirmed yet. */
export class Leases {
  readonly #held = new Map<Lease, Work>();
  readonly #endings = new Map<number, Ending>();
  #lastNumber = 0;

  get size(): number {
    return this.#held.size + this.#endings.size;
  }

  /** Some ends are not confirmed by the shared store yet. */
  get hasEndings(): boolean {
    return this.#endings.size > 0;
  }

  next(checksum: string): Lease {
    this.#lastNumber += 1;
    return { checksum, number: this.#lastNumber };
  }

  hold(work: Work, lease: Lease): void {
    work.lease = lease;
    this.#held.set(lease, work);
  }

  /** The claim is no longer held, whatever the shared store says. */
  drop({ number }: Lease): Work | null {
    for (const [lease, work] of this.#held) {
      if (lease.number !== number) continue;
      this.#held.delete(lease);
      work.lease = null;
      return work;
    }
    return null;
  }

  /** Ends the claim of a work. A content that was sent and is done is reported even if no claim is held any more. */
  end(work: Work, as: Closing): void {
    const { lease } = work;
    if (lease !== null) {
      this.#held.delete(lease);
      work.lease = null;
    } else if (as !== "done" || !work.mayBeThere) return;
    this.close(lease ?? this.next(work.checksum), as);
  }

  /** Reports another content as done, whoever sent it. */
  done(checksum: string): void {
    this.close(this.next(checksum), "done");
  }

  close(lease: Lease, as: Closing): void {
    this.#endings.set(lease.number, { lease, as, isAsked: false });
  }

  /** The ends that must be reported to the shared store now. */
  *takeEndings(): Generator<Ending> {
    for (const ending of this.#endings.values()) {
      if (ending.isAsked) continue;
      ending.isAsked = true;
      yield ending;
    }
  }

  /** The shared store has confirmed an end, or has not answered. */
  told({ number }: Lease, isTold: boolean): void {
    const ending = this.#endings.get(number);
    if (ending === undefined) return;
    if (isTold) this.#endings.delete(number);
    else ending.isAsked = false;
  }

  /** All leases to be kept, with their stages. Ended ones are kept too until the shared store knows. */
  list(): readonly HeldLease[] {
    const held = [...this.#held].map(([lease, work]) => ({ ...lease, stage: stageOf(work) }));
    const ending = [...this.#endings.values()].map(({ lease }) => ({ ...lease, stage: "waiting" as const }));
    return [...held, ...ending];
  }
}
