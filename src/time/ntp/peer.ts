import { encodeRequest } from "./packet.ts";
import { bestSample, jitterNs, rootDistanceNs, type Sample, sampleOf } from "./sample.ts";
import type { Vote } from "./select.ts";
import type { Association } from "../net/nts/association.ts";
import { endpointKey, type Endpoint } from "../net/server-name.ts";
import { verify } from "./verify-answer.ts";

/** An address to ask, on behalf of a server (one name may have many addresses, and has one vote). */
export interface Target {
  readonly server: string;
  readonly host: string;
  readonly endpoint: Endpoint;
  /** The delay of earlier runs; null where it is not known, or where the last attempt failed. */
  readonly expectedDelayNs: bigint | null;
  /** The keys under which it is asked; without them it is plain NTP. */
  readonly association?: Association;
}

/** Why no more answers are to be had from an address. */
export type PeerEnd =
  | { readonly type: "kiss"; readonly code: string }
  | { readonly type: "unsynchronised"; readonly reason: string }
  | { readonly type: "invalid"; readonly reason: string }
  | { readonly type: "refused"; readonly reason: string };

export interface PeerOptions {
  /** Samples wanted of each address. */
  readonly samples: number;
  readonly buildTimeS: number;
  readonly precisionNs: bigint;
  readonly maxRootDistanceNs: bigint;
}

export interface Outgoing {
  readonly peer: Peer;
  readonly cookie: bigint;
  readonly bytes: Uint8Array;
}

/** How often an unanswered request is sent again. */
const RETRIES = 2;

/** One address: what was sent to it, and what came of it. */
export class Peer {
  readonly target: Target;
  readonly samples: Sample[] = [];
  end: PeerEnd | null = null;
  /** The last thing wrong with a packet that anyone could have forged. */
  fault: string | null = null;
  firstSentRawNs: bigint | null = null;
  requests = 0;
  /** The server, or whoever saw the request, says that the cookie is of no use. A true answer counts all the same. */
  hasNak = false;
  readonly #options: PeerOptions;
  /** Cookie → when it left. A cookie is good for one answer. */
  readonly #outstanding = new Map<bigint, bigint>();
  #retriesLeft: number;
  #lastSentRawNs: bigint | null = null;

  constructor(target: Target, options: PeerOptions) {
    this.target = target;
    this.#options = options;
    this.#retriesLeft = RETRIES;
  }

  get key(): string {
    const { server, endpoint, association } = this.target;
    // Two servers of key exchanges may name the same address, each with keys of its own.
    return association === undefined ? endpointKey(endpoint) : `${server} at ${endpointKey(endpoint)}`;
  }

  /** Whether an answer may still come that would count. */
  get isOpen(): boolean {
    return this.end === null && this.samples.length < this.#options.samples;
  }

  /** Requests that no answer came to, however long ago they were sent. */
  get unanswered(): number {
    return this.requests - this.samples.length;
  }

  owns(cookie: bigint): boolean {
    return this.#outstanding.has(cookie);
  }

  /** Whether a request may go out when its time has come: each is repeated so often and no more. */
  get mayAsk(): boolean {
    return this.#outstanding.size === 0 || (this.#retriesLeft > 0 && !this.hasNak);
  }

  /**
   * When something is to be done though nothing comes in: a request sent, or further samples given up. Null: nothing.
   *
   * @param againNs how long an answer is waited for before its request is sent again.
   */
  nextRawNs(nowRawNs: bigint, againNs: bigint): bigint | null {
    if (!this.isOpen) return null;
    if (this.#outstanding.size === 0 || this.#lastSentRawNs === null) return nowRawNs;
    // One that has said nothing yet may do so until the round ends.
    return this.mayAsk || this.samples.length > 0 ? this.#lastSentRawNs + againNs : null;
  }

  /** Makes the next request. */
  request(cookie: bigint, nowRawNs: bigint): Outgoing {
    if (this.#outstanding.size > 0) this.#retriesLeft -= 1;
    this.requests += 1;
    this.firstSentRawNs ??= nowRawNs;
    this.#lastSentRawNs = nowRawNs;
    this.#outstanding.set(cookie, nowRawNs);
    return { peer: this, cookie, bytes: encodeRequest(cookie) };
  }

  sentAt(cookie: bigint, atRawNs: bigint): void {
    if (this.#outstanding.has(cookie)) this.#outstanding.set(cookie, atRawNs);
  }

  close(end: PeerEnd): void {
    if (this.isOpen) this.end = end;
  }

  /** Takes a datagram from the peer's address. Returns whether it was a valid answer. */
  receive(bytes: Uint8Array, atRawNs: bigint): boolean {
    if (!this.#isAuthentic(bytes)) return false;
    const { buildTimeS, precisionNs, maxRootDistanceNs } = this.#options;
    const verdict = verify(bytes, {
      isOutstanding: (cookie) => this.#outstanding.has(cookie),
      maxRootDistanceNs,
      buildTimeS,
    });
    switch (verdict.type) {
      case "kiss":
      case "unsynchronised":
        this.close(verdict);
        return false;
      case "invalid":
        if (verdict.isFinal) this.close({ type: "invalid", reason: verdict.reason });
        else this.fault = verdict.reason;
        return false;
      case "answer": {
        const sentRawNs = this.#outstanding.get(verdict.cookie);
        this.#outstanding.clear();
        if (sentRawNs === undefined || !this.isOpen) return false;
        const flight = { sentRawNs, receivedRawNs: atRawNs, precisionNs };
        const sample = sampleOf(verdict.packet, flight, buildTimeS);
        if (sample === null) {
          this.close({
            type: "invalid",
            reason: "it claims to have held the request for longer than the round trip took",
          });
          return false;
        }
        const toldMs = Number((sample.offsetNs + atRawNs) / 1_000_000n);
        if (this.target.association?.isValidAt(toldMs) === false) {
          this.close({ type: "invalid", reason: "its certificate is not valid at the time that it reports" });
          return false;
        }
        this.samples.push(sample);
        this.#retriesLeft = RETRIES;
        return true;
      }
    }
  }

  /** With NTS nothing counts that the server did not sign, its kisses and its stratum included. */
  #isAuthentic(bytes: Uint8Array): boolean {
    const opened = this.target.association?.open(bytes);
    switch (opened?.type) {
      case undefined:
      case "authentic":
        return true;
      case "nak":
        this.hasNak = true;
        this.fault = "it does not know the cookie that it was sent (NTSN)";
        return false;
      case "forged":
        this.fault = opened.reason;
        return false;
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
