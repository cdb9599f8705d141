import { encodeRequest } from "./packet.ts";
import { bestSample, jitterNs, rootDistanceNs, type Sample, sampleOf } from "./sample.ts";
import type { Vote } from "./select.ts";
import type { Association } from "../net/nts/association.ts";
import { endpointKey, type Endpoint } from "../net/server-name.ts";
import { verify } from "./verify-answer.ts";

/** An address to query for a server (a name can have several addresses, but has one vote). */
export interface Target {
  readonly server: string;
  readonly host: string;
  readonly endpoint: Endpoint;
  /** The delay in earlier runs; null if unknown, or if the last attempt failed. */
  readonly expectedDelayNs: bigint | null;
  /** The keys to use with it; plain NTP without them. */
  readonly association?: Association;
}

/** Why an address will give no more answers. */
export type PeerEnd =
  | { readonly type: "kiss"; readonly code: string }
  | { readonly type: "unsynchronised"; readonly reason: string }
  | { readonly type: "invalid"; readonly reason: string }
  /** Its certificate is not valid at the time that it reports. */
  | { readonly type: "expired" }
  | { readonly type: "refused"; readonly reason: string };

export interface PeerOptions {
  /** Samples wanted from each address. */
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

/** How many times an unanswered request is repeated. */
const RETRIES = 2;

/** One address: what was sent to it and what came back. */
export class Peer {
  readonly target: Target;
  readonly samples: Sample[] = [];
  end: PeerEnd | null = null;
  /** What was wrong with the last invalid packet that anyone could have forged. */
  fault: string | null = null;
  firstSentRawNs: bigint | null = null;
  requests = 0;
  /** The server, or anyone who saw the request, says that the cookie is invalid. A genuine answer is still accepted. */
  hasNak = false;
  readonly #options: PeerOptions;
  /** Cookie → when it was sent. Each cookie is good for one answer. */
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
    // Two key exchange servers may name the same address, each with its own keys.
    return association === undefined ? endpointKey(endpoint) : `${server} at ${endpointKey(endpoint)}`;
  }

  /** Whether another answer would still count. */
  get isOpen(): boolean {
    return this.end === null && this.samples.length < this.#options.samples;
  }

  /** Requests that were not answered, however recently they were sent. */
  get unanswered(): number {
    return this.requests - this.samples.length;
  }

  owns(cookie: bigint): boolean {
    return this.#outstanding.has(cookie);
  }

  /** Whether another request may be sent when it is due: repeats are limited. */
  get canSend(): boolean {
    return this.#outstanding.size === 0 || (this.#retriesLeft > 0 && !this.hasNak);
  }

  /**
   * When to act even if nothing arrives: to send a request, or to give up on further samples. Null: never.
   *
   * @param againNs how long to wait for an answer before repeating the request.
   */
  nextRawNs(nowRawNs: bigint, againNs: bigint): bigint | null {
    if (!this.isOpen) return null;
    if (this.#outstanding.size === 0 || this.#lastSentRawNs === null) return nowRawNs;
    // An address that has not answered yet may do so until the round ends.
    return this.canSend || this.samples.length > 0 ? this.#lastSentRawNs + againNs : null;
  }

  /** Creates the next request. */
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

  /** Processes a datagram from the peer's address. Returns whether it was a valid answer. */
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
        const serverTimeMs = Number((sample.offsetNs + atRawNs) / 1_000_000n);
        if (this.target.association?.isValidAt(serverTimeMs) === false) {
          this.close({ type: "expired" });
          return false;
        }
        this.samples.push(sample);
        this.#retriesLeft = RETRIES;
        return true;
      }
    }
  }

  /** With NTS, whatever the server did not sign is ignored, including kisses and strata. */
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

  /** The address's vote, by its best sample; null before it has answered. */
  vote(nowRawNs: bigint): Vote | null {
    const best = bestSample(this.samples);
    if (best === null) return null;
    const distance = rootDistanceNs(best, jitterNs(this.samples, best), nowRawNs);
    return { id: this.key, offsetNs: best.offsetNs, rootDistanceNs: distance };
  }
}
