import type { Epoch } from "../../../../src/upload/shared/shared-history.ts";

const LEASE_MS = 10_000;

interface Lease {
  readonly token: string;
  readonly untilMs: number;
}

/** A model of scripts.ts: the contents of a shared store, and its atomic operations. */
export class ModelRedis {
  #run = 1;
  #words = 0;
  #epoch: {
    readonly run: number;
    readonly word: number;
    readonly isFirst: boolean;
    readonly bornMs: number;
  } | null = null;
  #done = new Set<string>();
  #leases = new Map<string, Lease>();
  #doubts = new Map<string, number>();
  /** Connection → the epoch in its name. Names belong to the process, not to its data. */
  #names = new Map<number, string>();

  get epoch(): string | null {
    return this.#epoch === null || this.#epoch.run !== this.#run ? null : JSON.stringify(this.#epoch);
  }

  flush(): void {
    this.#epoch = null;
    this.#done = new Set();
    this.#leases = new Map();
    this.#doubts = new Map();
  }

  /** Restarts as another process with the same data, or with what a replica had of it. */
  restart(): void {
    this.#run += 1;
    this.#names.clear();
  }

  name(machine: number, epoch: string): void {
    this.#names.set(machine, epoch);
  }

  /** The machine's connection has ended. */
  disconnect(machine: number): void {
    this.#names.delete(machine);
  }

  names(): readonly string[] {
    return [...this.#names.values()];
  }

  copy(): () => void {
    const [epoch, done, leases, doubts] = [
      this.#epoch,
      new Set(this.#done),
      new Map(this.#leases),
      new Map(this.#doubts),
    ];
    return () => {
      this.restart();
      [this.#epoch, this.#done, this.#leases, this.#doubts] = [
        epoch,
        new Set(done),
        new Map(leases),
        new Map(doubts),
      ];
    };
  }

  join(known: string | null, witnessMs: number, nowMs: number): Epoch {
    const before = this.#epoch;
    if (before === null || before.run !== this.#run)
      this.#begin({ isFirst: before === null && known === null, bornMs: nowMs });
    else if (before.isFirst && known !== null && known !== this.epoch && nowMs - before.bornMs < witnessMs)
      this.#begin({ isFirst: false, bornMs: before.bornMs });
    const { isFirst = false, bornMs = nowMs } = this.#epoch ?? {};
    return { name: this.epoch ?? "", ageMs: nowMs - bornMs, isFirst };
  }

  #begin(how: { readonly isFirst: boolean; readonly bornMs: number }): void {
    this.#words += 1;
    this.#epoch = { run: this.#run, word: this.#words, ...how };
  }

  holder(checksum: string, nowMs: number): Lease | null {
    const lease = this.#leases.get(checksum) ?? null;
    return lease !== null && lease.untilMs > nowMs ? lease : null;
  }

  isDone(checksum: string): boolean {
    return this.#done.has(checksum);
  }

  doubtedMs(checksum: string): number | null {
    return this.#doubts.get(checksum) ?? null;
  }

  hold(checksum: string, token: string, nowMs: number): void {
    this.#leases.set(checksum, { token, untilMs: nowMs + LEASE_MS });
  }

  doubt(checksum: string, nowMs: number): void {
    this.#doubts.set(checksum, nowMs);
  }

  done(checksum: string, token: string | null, nowMs: number): void {
    this.#done.add(checksum);
    this.#doubts.delete(checksum);
    if (this.holder(checksum, nowMs)?.token === token) this.#leases.delete(checksum);
  }

  release(checksum: string, token: string, isCertain: boolean, nowMs: number): void {
    if (this.holder(checksum, nowMs)?.token !== token) return;
    this.#leases.delete(checksum);
    if (isCertain) this.#doubts.delete(checksum);
  }
}
