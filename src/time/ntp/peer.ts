import { encodeRequest } from "./packet.ts";
import { bestSample, jitterNs, rootDistanceNs, type Sample, sampleOf } from "./sample.ts";
import type { Vote } from "./select.ts";
import { endpointKey, type Endpoint } from "../net/server-name.ts";
import { verify } from "./verify-answer.ts";

/** An address to ask, on behalf of a server (one name may have many addresses, and has one vote). */
export interface Target {
  readonly server: string;
  readonly host: string;
  readonly endpoint: Endpoint;
  /** The delay of earlier runs; null where it is not known, or where the last attempt failed. */
  readonly expectedDelayNs: bigint | null;
}

/** Why no more answers are to be had from an address. */
export type PeerEnd =
  | { readonly kind: "kiss"; readonly code: string }
  | { readonly kind: "unsynchronised"; readonly reason: string }
  | { readonly kind: "invalid"; readonly reason: string }
  | { readonly kind: "refused"; readonly reason: string };

export interface PeerOptions {
  /** Samples wanted of each address. */
  readonly samples: number;
  /** How often an unanswered request is sent again. */
  readonly retries: number;
  readonly pivotS: number;
  readonly precisionNs: bigint;
  readonly maxRootDistanceNs: bigint;
}

export interface Outgoing {
  readonly peer: Peer;
  readonly cookie: bigint;
  readonly bytes: Uint8Array;
}

/** One address: what was sent to it, and what came of it. */
export class Peer {
  readonly target: Target;
  readonly samples: Sample[] = [];
  end: PeerEnd | null = null;
  /** The last thing wrong with a packet that anyone could have forged. */
  fault: string | null = null;
  firstSentRawNs: bigint | null = null;
  requests = 0;
  /** When the next request is due; null while there is nothing more to send. */
  dueRawNs: bigint | null;
  private readonly options: PeerOptions;
  /** Cookie → when it left. A cookie is good for one answer. */
  private readonly outstanding = new Map<bigint, bigint>();
  private retriesLeft: number;

  constructor(target: Target, options: PeerOptions, dueRawNs: bigint) {
    this.target = target;
    this.options = options;
    this.retriesLeft = options.retries;
    this.dueRawNs = dueRawNs;
  }

  get key(): string {
    return endpointKey(this.target.endpoint);
  }

  /** Whether an answer may still come that would count. */
  get isOpen(): boolean {
    return this.end === null && this.samples.length < this.options.samples;
  }

  /** Requests that no answer came to, however long ago they were sent. */
  get unanswered(): number {
    return this.requests - this.samples.length;
  }

  owns(cookie: bigint): boolean {
    return this.outstanding.has(cookie);
  }

  /** Makes the next request; the one after it is due after the time-out, which doubles from one to the next. */
  request(cookie: bigint, nowRawNs: bigint, timeoutNs: bigint): Outgoing {
    if (this.outstanding.size > 0) this.retriesLeft -= 1;
    this.requests += 1;
    this.firstSentRawNs ??= nowRawNs;
    this.outstanding.set(cookie, nowRawNs);
    const doubled = timeoutNs << BigInt(this.options.retries - this.retriesLeft);
    this.dueRawNs = this.retriesLeft > 0 ? nowRawNs + doubled : null;
    return { peer: this, cookie, bytes: encodeRequest(cookie) };
  }

  sentAt(cookie: bigint, atRawNs: bigint): void {
    if (this.outstanding.has(cookie)) this.outstanding.set(cookie, atRawNs);
  }

  close(end: PeerEnd): void {
    if (!this.isOpen) return;
    this.end = end;
    this.dueRawNs = null;
  }

  /** Takes a datagram from the peer's address. Returns whether it was a valid answer. */
  receive(bytes: Uint8Array, atRawNs: bigint): boolean {
    const verdict = verify(bytes, {
      isOutstanding: (cookie) => this.outstanding.has(cookie),
      maxRootDistanceNs: this.options.maxRootDistanceNs,
    });
    switch (verdict.kind) {
      case "kiss":
      case "unsynchronised":
        this.close(verdict);
        return false;
      case "invalid":
        if (verdict.final) this.close({ kind: "invalid", reason: verdict.reason });
        else this.fault = verdict.reason;
        return false;
      case "answer": {
        const sentRawNs = this.outstanding.get(verdict.cookie);
        this.outstanding.clear();
        if (sentRawNs === undefined || !this.isOpen) return false;
        const { pivotS, precisionNs } = this.options;
        const sample = sampleOf(verdict.packet, { sentRawNs, receivedRawNs: atRawNs, precisionNs }, pivotS);
        this.samples.push(sample);
        this.retriesLeft = this.options.retries;
        this.dueRawNs = this.isOpen ? atRawNs : null;
        return true;
      }
    }
  }

  /** What the address says, by its best sample; null before it has answered. */
  vote(nowRawNs: bigint): Vote | null {
    const best = bestSample(this.samples);
    if (best === null) return null;
    const distance = rootDistanceNs(best, jitterNs(this.samples, best), nowRawNs);
    return { id: this.key, offsetNs: best.offsetNs, rootDistanceNs: distance };
  }
}
