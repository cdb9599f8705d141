import type { Link } from "../../redis/link.ts";
import { SCRIPTS } from "./scripts.ts";

/** How long a claim holds without being renewed. */
export const LEASE_MS = 10_000;

/** A claim on a content, with a token known only to its holder. */
export interface Claim {
  readonly checksum: string;
  readonly token: string;
}

/** `stage`: how far the content is; see scripts.ts. */
export type HeldClaim = Claim & { readonly stage: "waiting" | "sending" | "in-doubt" };

/** The epoch has changed: claims and published contents may be lost. See scripts.ts. */
interface EpochChanged {
  readonly type: "epoch-changed";
}

export type ClaimAnswer =
  | EpochChanged
  /** Some machine has sent it. */
  | { readonly type: "done" }
  /** Another machine holds it; its lease ends after `forMs` unless it is renewed. */
  | { readonly type: "held"; readonly forMs: number }
  /** It is ours. `inDoubtForMs`: how long ago a machine began to send it without recording the outcome, or null. */
  | { readonly type: "claimed"; readonly inDoubtForMs: number | null };

export type MarkAnswer =
  | EpochChanged
  /** Other machines may hold these by now; none was marked. */
  | { readonly type: "lost"; readonly lost: readonly Claim[] }
  | { readonly type: "marked" };

export type RenewAnswer = EpochChanged | { readonly type: "renewed"; readonly lost: readonly Claim[] };

/** An epoch that was joined. */
export interface Epoch {
  readonly name: string;
  readonly ageMs: number;
  /** No machine knows of an earlier one. */
  readonly isFirst: boolean;
}

/** Hex digits of a checksum that name its bucket: 65,536 buckets stay small enough for Redis to keep them packed. */
const BUCKET_DIGITS = 4;
/** Contents published by one command. */
const PUBLISHED_AT_ONCE = 500;

/**
 * One destination's history as shared by all machines. Every method is one atomic step on the server unless it says
 * otherwise, and throws SharedStoreError if there is no answer.
 */
export class SharedHistory {
  readonly #link: Link;
  readonly #prefix: string;
  #epoch = "";

  /** @param destination whose history it is; other destinations are kept apart. */
  constructor(link: Link, destination: string) {
    this.#link = link;
    const name = new Bun.CryptoHasher("sha256").update(destination).digest("hex").slice(0, 16);
    this.#prefix = `nodupe:1:${name}:`;
  }

  /**
   * Joins the server's current epoch, in a few steps.
   *
   * @param known the last epoch that this machine joined; null if there was none.
   * @param witnessMs how long after its beginning an epoch may still turn out not to be the first.
   */
  async join(known: string | null, witnessMs: number): Promise<Epoch> {
    let epoch = await this.#join(known, witnessMs);
    if (known === null && epoch.isFirst && epoch.ageMs < witnessMs) {
      const earlier = earlierEpoch(await this.#connectedEpochs(), epoch.name);
      if (earlier !== null) epoch = await this.#join(earlier, witnessMs);
    }
    this.#epoch = epoch.name;
    await this.#link.name(this.#nameOf(epoch.name));
    return epoch;
  }

  async #join(known: string | null, witnessMs: number): Promise<Epoch> {
    const args = [crypto.randomUUID(), known ?? "", `${witnessMs}`];
    const [epoch, ageMs, kind] = await this.#run(SCRIPTS.join, [this.#epochKey], args);
    return { name: String(epoch), ageMs: Math.max(0, Number(ageMs)), isFirst: kind === "first" };
  }

  /** The epochs of all connected machines, even paused or cut off ones: connection names survive FLUSHALL. */
  async #connectedEpochs(): Promise<readonly string[]> {
    const prefix = this.#nameOf("");
    const names = await this.#link.names();
    return names.flatMap((name) => (name.startsWith(prefix) ? [name.slice(prefix.length)] : []));
  }

  #nameOf(epoch: string): string {
    return `${this.#prefix}machine:${epoch}`;
  }

  async claim({ checksum, token }: Claim): Promise<ClaimAnswer> {
    const keys = [this.#epochKey, this.#bucket(checksum), this.#lease(checksum), this.#doubt(checksum)];
    const args = [this.#epoch, token, `${LEASE_MS}`, checksum.slice(BUCKET_DIGITS)];
    const [type, first, second] = await this.#run(SCRIPTS.claim, keys, args);
    if (type === "epoch") return { type: "epoch-changed" };
    if (type === "done") return { type: "done" };
    if (type === "held") return { type: "held", forMs: Math.max(0, Number(first)) };
    const sinceMs = Number(first);
    return { type: "claimed", inDoubtForMs: sinceMs === 0 ? null : Math.max(0, Number(second) - sinceMs) };
  }

  /** Records that contents are about to be sent; not one byte may go out before that. */
  async mark(claims: readonly Claim[]): Promise<MarkAnswer> {
    const [type, ...lost] = await this.#run(SCRIPTS.mark, this.#keysOf(claims), [
      this.#epoch,
      `${LEASE_MS}`,
      ...claims.map(({ token }) => token),
    ]);
    if (type === "epoch") return { type: "epoch-changed" };
    return type === "lost" ? { type: "lost", lost: numbered(claims, lost) } : { type: "marked" };
  }

  /** Renews claims, from when they are made until they end, including the wait for a lost answer. */
  renew(claims: readonly HeldClaim[]): Promise<RenewAnswer> {
    return this.#prolong(SCRIPTS.renew, claims);
  }

  /** Takes claims back after a new epoch began. */
  regain(claims: readonly HeldClaim[]): Promise<RenewAnswer> {
    return this.#prolong(SCRIPTS.regain, claims);
  }

  async #prolong(script: string, claims: readonly HeldClaim[]): Promise<RenewAnswer> {
    if (claims.length === 0) return { type: "renewed", lost: [] };
    const [type, ...lost] = await this.#run(script, this.#keysOf(claims), [
      this.#epoch,
      `${LEASE_MS}`,
      ...claims.flatMap(({ token, stage }) => [token, stage]),
    ]);
    if (type === "epoch") return { type: "epoch-changed" };
    return { type: "renewed", lost: numbered(claims, lost) };
  }

  /** Records that the server has it, and ends the claim. */
  async done({ checksum, token }: Claim): Promise<void> {
    const keys = [this.#bucket(checksum), this.#lease(checksum), this.#doubt(checksum)];
    await this.#run(SCRIPTS.done, keys, [token, checksum.slice(BUCKET_DIGITS)]);
  }

  /** Gives up a claim. `isCertain`: nothing of the content can be on the server. */
  async release({ checksum, token }: Claim, isCertain: boolean): Promise<void> {
    const keys = [this.#lease(checksum), this.#doubt(checksum)];
    await this.#run(SCRIPTS.release, keys, [token, isCertain ? "1" : "0"]);
  }

  /** Records contents as done, in batches. */
  async publish(checksums: readonly string[]): Promise<void> {
    await this.#inBuckets(SCRIPTS.publish, checksums);
  }

  /** Records contents as not done, in batches, so that any machine may send them again. */
  async retract(checksums: readonly string[]): Promise<void> {
    await this.#inBuckets(SCRIPTS.retract, checksums);
  }

  async #inBuckets(script: string, checksums: readonly string[]): Promise<void> {
    for (let start = 0; start < checksums.length; start += PUBLISHED_AT_ONCE) {
      const batch = checksums.slice(start, start + PUBLISHED_AT_ONCE);
      const fields = batch.map((checksum) => checksum.slice(BUCKET_DIGITS));
      await this.#run(
        script,
        batch.map((checksum) => this.#bucket(checksum)),
        fields,
      );
    }
  }

  #run(
    script: string,
    keys: readonly string[],
    args: readonly string[],
  ): Promise<readonly (string | number)[]> {
    return this.#link.run(script, keys, args);
  }

  get #epochKey(): string {
    return `${this.#prefix}epoch`;
  }

  #keysOf(claims: readonly Claim[]): readonly string[] {
    return [
      this.#epochKey,
      ...claims.flatMap(({ checksum }) => [this.#lease(checksum), this.#doubt(checksum)]),
    ];
  }

  #bucket(checksum: string): string {
    return `${this.#prefix}done:${checksum.slice(0, BUCKET_DIGITS)}`;
  }

  #lease(checksum: string): string {
    return `${this.#prefix}lease:${checksum}`;
  }

  #doubt(checksum: string): string {
    return `${this.#prefix}doubt:${checksum}`;
  }
}

/**
 * Finds an epoch other than `epoch` in the names of connections: it proves that `epoch` is not the first, although it
 * seems to be. Null if there is none.
 */
export function earlierEpoch(names: readonly string[], epoch: string): string | null {
  return names.find((name) => name !== epoch) ?? null;
}

function numbered(claims: readonly Claim[], numbers: readonly (string | number)[]): readonly Claim[] {
  return numbers.flatMap((at) => {
    const claim = claims[Number(at)];
    return claim === undefined ? [] : [claim];
  });
}
