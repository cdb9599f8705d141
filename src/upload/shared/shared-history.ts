import { createHash, randomUUID } from "node:crypto";
import type { Link } from "../../redis/link.ts";
import { SCRIPTS } from "./scripts.ts";

/** How long a claim holds without being renewed, and how often it is. */
export const LEASE_MS = 10_000;

/** A claim on a content, by the word that only its holder knows. */
export interface Claim {
  readonly checksum: string;
  readonly token: string;
}

/** How far a claimed content is; see scripts.ts. */
export type HeldClaim = Claim & { readonly stage: "waiting" | "sending" | "in-doubt" };

/** The epoch has changed: what machines held or had published may be forgotten. See scripts.ts. */
interface EpochChanged {
  readonly type: "epoch-changed";
}

export type ClaimAnswer =
  | EpochChanged
  /** Some machine has sent it. */
  | { readonly type: "done" }
  /** Another machine is at it; its lease ends then unless it is renewed. */
  | { readonly type: "held"; readonly forMs: number }
  /** It is ours. `inDoubtForMs`: some machine began to send it so long ago and never said what came of it. */
  | { readonly type: "claimed"; readonly inDoubtForMs: number | null };

export type MarkAnswer =
  | EpochChanged
  /** Somebody else may have these by now, and none was marked. */
  | { readonly type: "lost"; readonly lost: readonly Claim[] }
  | { readonly type: "marked" };

export type RenewAnswer = EpochChanged | { readonly type: "renewed"; readonly lost: readonly Claim[] };

/** An epoch as it is joined. */
export interface Epoch {
  readonly name: string;
  readonly ageMs: number;
  /** No machine knows of one before it. */
  readonly isFirst: boolean;
}

/** Of a checksum so many hex digits name the bucket: 65,536 of them stay small enough to be kept packed. */
const BUCKET_DIGITS = 4;
/** Contents that one command publishes. */
const PUBLISHED_AT_ONCE = 500;

/**
 * One destination's history as all machines share it. Every method is one step on the server, and throws
 * SharedStoreError where it cannot be asked.
 */
export class SharedHistory {
  readonly #link: Link;
  readonly #prefix: string;
  #epoch = "";

  /** @param destination what history is kept by: nothing of another destination is ever seen. */
  constructor(link: Link, destination: string) {
    this.#link = link;
    const name = createHash("sha256").update(destination).digest("hex").slice(0, 16);
    this.#prefix = `nodupe:1:${name}:`;
  }

  /**
   * Takes part in the server's present epoch.
   *
   * @param known the last epoch that this machine took part in; null where there was none.
   * @param witnessMs for how long after its beginning an epoch may turn out not to be the first.
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
    const args = [randomUUID(), known ?? "", `${witnessMs}`];
    const [epoch, ageMs, kind] = await this.#run(SCRIPTS.join, [this.#epochKey], args);
    return { name: String(epoch), ageMs: Math.max(0, Number(ageMs)), isFirst: kind === "first" };
  }

  /**
   * The epochs of the machines that are connected, paused and cut off ones too: the names of connections outlast a
   * FLUSHALL.
   */
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

  /** Writes down that contents are about to be sent. Before that nothing of them may go out. */
  async mark(claims: readonly Claim[]): Promise<MarkAnswer> {
    const [type, ...lost] = await this.#run(SCRIPTS.mark, this.#keysOf(claims), [
      this.#epoch,
      `${LEASE_MS}`,
      ...claims.map(({ token }) => token),
    ]);
    if (type === "epoch") return { type: "epoch-changed" };
    return type === "lost" ? { type: "lost", lost: numbered(claims, lost) } : { type: "marked" };
  }

  /** Prolongs all claims that are held, from the claim on through the wait for a lost answer to the end. */
  renew(claims: readonly HeldClaim[]): Promise<RenewAnswer> {
    return this.#prolong(SCRIPTS.renew, claims);
  }

  /** Takes claims back after an epoch began. */
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

  /** The server has it: all machines know from now on, and the claim is over. */
  async done({ checksum, token }: Claim): Promise<void> {
    const keys = [this.#bucket(checksum), this.#lease(checksum), this.#doubt(checksum)];
    await this.#run(SCRIPTS.done, keys, [token, checksum.slice(BUCKET_DIGITS)]);
  }

  /** Gives a claim up. `isCertain`: nothing of it can be on the server. */
  async release({ checksum, token }: Claim, isCertain: boolean): Promise<void> {
    const keys = [this.#lease(checksum), this.#doubt(checksum)];
    await this.#run(SCRIPTS.release, keys, [token, isCertain ? "1" : "0"]);
  }

  /** Tells all machines what is done, in batches. */
  async publish(checksums: readonly string[]): Promise<void> {
    await this.#inBuckets(SCRIPTS.publish, checksums);
  }

  /** Takes back that contents are done: any machine may send them again. */
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
 * The epoch before one that seems to be the first, as the connections of other machines are named after it; null if
 * there is none to be seen.
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
