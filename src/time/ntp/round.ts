import { type Ending, earlyEnd, patienceNs, type PatienceOptions, type Quiet } from "./stop-rule.ts";
import { type Outgoing, Peer, type PeerOptions, type Target } from "./peer.ts";
import { type Standing, standingOf, tally } from "./server-vote.ts";
import { endpointKey, type Endpoint } from "../net/server-name.ts";
import type { TransportEvent } from "../net/transport.ts";

export interface RoundOptions extends PeerOptions, PatienceOptions {
  /** The time-out of the first request while no delay has been seen; later ones follow what is seen. */
  readonly initialTimeoutNs: bigint;
  readonly leastTimeoutNs: bigint;
  /** Servers held back are asked when the others have not agreed by then. */
  readonly reserveAfterNs: bigint;
  /** A random 64-bit number that is not zero. */
  readonly cookie: () => bigint;
}

/** A server in a round, from before its addresses are known. */
interface Asked {
  readonly host: string;
  resolving: boolean;
  failure: string | null;
  readonly peers: Peer[];
}

export interface Unresolved {
  readonly server: string;
  readonly host: string;
  readonly reason: string | null;
}

function median(values: readonly bigint[]): bigint {
  const sorted = values.toSorted((left, right) => (left < right ? -1 : left > right ? 1 : 0));
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0n;
}

/** One measurement as a state: requests come out, events go in, and it tells when it is over. It reads no clock. */
export class Round {
  readonly startRawNs: bigint;
  /** Datagrams from addresses that were not asked, and that echo nothing that was sent. */
  strangers = 0;
  private readonly options: RoundOptions;
  private readonly servers = new Map<string, Asked>();
  private readonly peersByKey = new Map<string, Peer>();
  private reserve: Target[] = [];
  private lastAnswerRawNs: bigint;

  constructor(options: RoundOptions, startRawNs: bigint) {
    this.options = options;
    this.startRawNs = startRawNs;
    this.lastAnswerRawNs = startRawNs;
  }

  get peers(): readonly Peer[] {
    return [...this.peersByKey.values()];
  }

  /** Servers that something was sent to, or whose name led nowhere. */
  get askedCount(): number {
    return [...this.servers.values()].filter(({ resolving, failure, peers }) => {
      return resolving || failure !== null || peers.some((peer) => peer.requests > 0);
    }).length;
  }

  /** Targets held back and never asked. */
  get heldBack(): readonly Target[] {
    return this.reserve;
  }

  get unresolved(): readonly Unresolved[] {
    return [...this.servers]
      .filter(([, asked]) => asked.resolving || asked.failure !== null)
      .map(([server, { host, failure }]) => ({ server, host, reason: failure }));
  }

  /** Announces a server whose addresses are being looked up. */
  expect(server: string, host: string): void {
    if (this.servers.has(server)) return;
    this.servers.set(server, { host, resolving: true, failure: null, peers: [] });
  }

  resolved(server: string, targets: readonly Target[], nowRawNs: bigint): void {
    const asked = this.asked(server);
    asked.resolving = false;
    for (const target of targets) {
      // The same address under a second name has one vote, the first name's.
      const key = endpointKey(target.endpoint);
      if (this.peersByKey.has(key)) continue;
      const peer = new Peer(target, this.options, nowRawNs);
      this.peersByKey.set(key, peer);
      asked.peers.push(peer);
    }
  }

  unresolvable(server: string, reason: string): void {
    const asked = this.asked(server);
    asked.resolving = false;
    asked.failure = reason;
  }

  holdBack(targets: readonly Target[]): void {
    this.reserve.push(...targets);
  }

  private asked(server: string): Asked {
    const asked = this.servers.get(server);
    if (asked === undefined) throw new Error(`Cannot find ${server}: the round does not expect it`);
    return asked;
  }

  /** The requests that are due now. */
  due(nowRawNs: bigint): readonly Outgoing[] {
    this.callReserve(nowRawNs);
    return this.peers
      .filter((peer) => peer.isOpen && peer.dueRawNs !== null && peer.dueRawNs <= nowRawNs)
      .map((peer) => peer.request(this.options.cookie(), nowRawNs, this.timeoutNs(peer)));
  }

  private callReserve(nowRawNs: bigint): void {
    if (this.reserve.length === 0) return;
    const isLate = nowRawNs >= this.startRawNs + this.options.reserveAfterNs;
    const ending = earlyEnd(this.count(nowRawNs), this.quiet(nowRawNs), this.options);
    if (ending !== "exhausted" && (ending !== null || !isLate)) return;
    const called = this.reserve;
    this.reserve = [];
    for (const target of called) {
      this.expect(target.server, target.host);
      this.resolved(target.server, [target], nowRawNs);
    }
  }

  /** Four times the delay that answers take here, or that this address took in earlier runs. */
  private timeoutNs(peer: Peer): bigint {
    const { initialTimeoutNs, leastTimeoutNs } = this.options;
    const seen = this.delays();
    const typical = peer.target.expectedDelayNs ?? (seen.length > 0 ? median(seen) : null);
    if (typical === null) return initialTimeoutNs;
    const timeout = 4n * typical;
    if (timeout < leastTimeoutNs) return leastTimeoutNs;
    return timeout < initialTimeoutNs ? timeout : initialTimeoutNs;
  }

  private delays(): readonly bigint[] {
    return this.peers.flatMap((peer) => peer.samples.map((sample) => sample.delayNs));
  }

  notSent(outgoing: Outgoing, reason: string): void {
    outgoing.peer.close({ kind: "refused", reason });
  }

  on(event: TransportEvent): void {
    switch (event.kind) {
      case "sent":
        for (const peer of this.peersByKey.values()) peer.sentAt(event.cookie, event.atRawNs);
        return;
      case "refused":
        this.peerAt(event.to)?.close({ kind: "refused", reason: event.reason });
        return;
      case "datagram":
        this.onDatagram(event.from, event.bytes, event.atRawNs);
    }
  }

  private onDatagram(from: Endpoint, bytes: Uint8Array, atRawNs: bigint): void {
    const peer = this.peerAt(from);
    if (peer !== undefined) {
      if (peer.receive(bytes, atRawNs)) this.lastAnswerRawNs = atRawNs;
      return;
    }
    const origin =
      bytes.byteLength >= 48 ? new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(24) : 0n;
    const meant = this.peers.find((candidate) => candidate.owns(origin));
    if (meant === undefined) this.strangers += 1;
    else meant.fault = `the answer came from ${endpointKey(from)}, which was not asked`;
  }

  private peerAt(endpoint: Endpoint): Peer | undefined {
    const exact = this.peersByKey.get(endpointKey(endpoint));
    if (exact !== undefined) return exact;
    // The kernel does not tell an address's zone.
    return this.peers.find(
      ({ target: { endpoint: asked } }) =>
        asked.port === endpoint.port && asked.address.split("%")[0] === endpoint.address,
    );
  }

  standings(nowRawNs: bigint): readonly Standing[] {
    return [...this.servers].map(([server, asked]): Standing => {
      if (asked.resolving) return { kind: "open" };
      return standingOf(server, asked.peers, nowRawNs);
    });
  }

  private count(nowRawNs: bigint): ReturnType<typeof tally> {
    return tally(this.standings(nowRawNs));
  }

  private quiet(nowRawNs: bigint): Quiet {
    let expectedNs = 0n;
    for (const { isOpen, samples, target, firstSentRawNs } of this.peers) {
      if (!isOpen || samples.length > 0 || target.expectedDelayNs === null || firstSentRawNs === null)
        continue;
      // Twice what it took before, from when it was asked, as a wait from the last answer on.
      const wait = firstSentRawNs + 2n * target.expectedDelayNs - this.lastAnswerRawNs;
      const bounded = wait < this.options.initialTimeoutNs ? wait : this.options.initialTimeoutNs;
      if (bounded > expectedNs) expectedNs = bounded;
    }
    return { quietNs: nowRawNs - this.lastAnswerRawNs, medianDelayNs: median(this.delays()), expectedNs };
  }

  /** Whether the round is over; the deadline is the caller's. */
  ending(nowRawNs: bigint): Ending | null {
    if (this.servers.size === 0) return "exhausted";
    const ending = earlyEnd(this.count(nowRawNs), this.quiet(nowRawNs), this.options);
    return ending === "exhausted" && this.reserve.length > 0 ? null : ending;
  }

  /** When something is to be done next though nothing comes in: a request due, or the end of patience. */
  nextWakeRawNs(nowRawNs: bigint): bigint {
    let next = this.lastAnswerRawNs + patienceNs(this.count(nowRawNs), this.quiet(nowRawNs), this.options);
    if (next <= nowRawNs) next = nowRawNs + this.options.leastTimeoutNs;
    for (const { isOpen, dueRawNs } of this.peers) {
      if (isOpen && dueRawNs !== null && dueRawNs < next) next = dueRawNs;
    }
    return next;
  }
}
