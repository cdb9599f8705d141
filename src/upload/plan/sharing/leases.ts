import type { Closing, HeldLease, Lease, LeaseStage } from "./share-requests.ts";
import type { Work } from "../work.ts";

/** A lease that is to be given up, and how; `isAsked`: the shared store is being told. */
interface Ending {
  readonly lease: Lease;
  readonly as: Closing;
  isAsked: boolean;
}

function stageOf({ state, mayBeThere }: Work): LeaseStage {
  if (state.type === "sending") return "sending";
  return mayBeThere ? "in-doubt" : "waiting";
}

/** The claims of a run: those that it holds, and those whose end the shared store has not confirmed yet. */
export class Leases {
  readonly #held = new Map<Lease, Work>();
  readonly #endings = new Map<number, Ending>();
  #lastNumber = 0;

  get size(): number {
    return this.#held.size + this.#endings.size;
  }

  /** The shared store has still to be told of ends. */
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

  /** It is held no longer, whatever the shared store says. */
  drop({ number }: Lease): Work | null {
    for (const [lease, work] of this.#held) {
      if (lease.number !== number) continue;
      this.#held.delete(lease);
      work.lease = null;
      return work;
    }
    return null;
  }

  /** A work's part in it is over; what was sent and is done is told even where no claim is held any more. */
  end(work: Work, as: Closing): void {
    const { lease } = work;
    if (lease !== null) {
      this.#held.delete(lease);
      work.lease = null;
    } else if (as !== "done" || !work.mayBeThere) return;
    this.close(lease ?? this.next(work.checksum), as);
  }

  /** Another content is done, whoever sent it. */
  done(checksum: string): void {
    this.close(this.next(checksum), "done");
  }

  close(lease: Lease, as: Closing): void {
    this.#endings.set(lease.number, { lease, as, isAsked: false });
  }

  /** Ends that the shared store is to be told of now. */
  *takeEndings(): Generator<Ending> {
    for (const ending of this.#endings.values()) {
      if (ending.isAsked) continue;
      ending.isAsked = true;
      yield ending;
    }
  }

  /** The shared store was told of an end, or has not answered. */
  told({ number }: Lease, isTold: boolean): void {
    const ending = this.#endings.get(number);
    if (ending === undefined) return;
    if (isTold) this.#endings.delete(number);
    else ending.isAsked = false;
  }

  /** All that is to be kept, and how far it is. What has ended is kept too until the shared store knows. */
  list(): readonly HeldLease[] {
    const held = [...this.#held].map(([lease, work]) => ({ ...lease, stage: stageOf(work) }));
    const ending = [...this.#endings.values()].map(({ lease }) => ({ ...lease, stage: "waiting" as const }));
    return [...held, ...ending];
  }
}
