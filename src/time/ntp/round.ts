import { endpointKey, type Endpoint } from "../net/server-name.ts";
import type { TransportEvent } from "../net/transport.ts";
import { type Outgoing, Peer, type PeerOptions, type Target } from "./peer.ts";
import { compareNs } from "./select.ts";
import { shareVotes, type Standing, standingOf } from "./server-vote.ts";
import { type Ending, SILENT_NS, type Stop, stopOf, type StopOptions } from "./stop-rule.ts";

export interface RoundOptions extends PeerOptions, StopOptions {
  /** A random, non-zero 64-bit number. */
  readonly cookie: () => bigint;
}

/** How a server's addresses are obtained. */
export interface Awaited {
  /** The least time to wait for them from the start, even if others agree already. */
  readonly patienceNs: bigint;
  /** The reason reported if they do not come in time. */
  readonly late: string;
}

/** A server in a round, even before its addresses are known. */
interface Asked {
  readonly host: string;
  isResolving: boolean;
  readonly awaited: Awaited;
  failure: string | null;
  readonly peers: Peer[];
}

export interface Unresolved {
  readonly server: string;
  readonly host: string;
  /** Why it has no address; null if it is still awaited. */
  readonly failure: string | null;
  readonly late: string;
}

/**
 * Silent addresses are queried again after this time or four median delays, whichever is longer: fast liars cannot
 * shorten it.
 */
const ASK_AGAIN_NS = 250_000_000n;
const NAME: Awaited = { patienceNs: SILENT_NS, late: "its name was not resolved in time" };

function median(values: readonly bigint[]): bigint {
  return values.toSorted(compareNs)[Math.floor((values.length - 1) / 2)] ?? 0n;
}

function latest(...moments: readonly bigint[]): bigint {
  return moments.reduce((late, moment) => (moment > late ? moment : late), 0n);
}

/** One measurement as a state machine: events in, requests out, until it is over. Reads no clock. */
export class Round {
  readonly startRawNs: bigint;
  readonly #options: RoundOptions;
  readonly #servers = new Map<string, Asked>();
  readonly #peersByKey = new Map<string, Peer>();
  #lastAnswerRawNs: bigint;

  constructor(options: RoundOptions, startRawNs: bigint) {
    this.#options = options;
    this.startRawNs = startRawNs;
    this.#lastAnswerRawNs = startRawNs;
  }

  get peers(): readonly Peer[] {
    return [...this.#peersByKey.values()];
  }

  /**
   * The number of servers queried or meant to be, including dead ones and names that do not resolve; servers that
   * share a vote count once.
   */
  askedCount(standings: readonly Standing[]): number {
    const asked = [...this.#servers.values()].filter(({ isResolving, failure, peers }) => {
      return isResolving || failure !== null || peers.some(({ requests, isOpen }) => requests > 0 || isOpen);
    });
    return asked.length - standings.filter(({ sharesVoteOf }) => sharesVoteOf !== null).length;
  }

  /**
   * How many servers must agree. If certificates are not valid by the system clock, a single server is not enough
   * to show that the clock is wrong: it takes two, and more than half of all queried.
   */
  leastServers(standings: readonly Standing[]): number {
    const { minServers } = this.#options;
    const isDoubtful = standings.some(({ speaker }) => speaker?.target.association?.isValidNow === false);
    return isDoubtful ? Math.max(minServers, 2, Math.floor(this.askedCount(standings) / 2) + 1) : minServers;
  }

  get unresolved(): readonly Unresolved[] {
    return [...this.#servers]
      .filter(([, asked]) => asked.isResolving || asked.failure !== null)
      .map(
        ([
          server,
          {
            host,
            failure,
            awaited: { late },
          },
        ]) => ({ server, host, failure, late }),
      );
  }

  /** Announces a server whose addresses are being looked up. */
  expect(server: string, host: string, awaited: Awaited = NAME): void {
    if (this.#servers.has(server)) return;
    this.#servers.set(server, { host, isResolving: true, awaited, failure: null, peers: [] });
  }

  resolved(server: string, targets: readonly Target[]): void {
    const asked = this.#asked(server);
    asked.isResolving = false;
    for (const target of targets) {
      const peer = new Peer(target, this.#options);
      // If two names share an address, the first name gets its vote.
      if (this.#peersByKey.has(peer.key)) continue;
      this.#peersByKey.set(peer.key, peer);
      asked.peers.push(peer);
    }
  }

  /** Announces that a server's keys are being exchanged anew: it may still answer. */
  renew(server: string): void {
    this.#asked(server).isResolving = true;
  }

  /** Replaces the server's keys that brought no answer. */
  renewed(server: string, targets: readonly Target[]): void {
    const { peers } = this.#asked(server);
    const useless = peers.filter(({ samples }) => samples.length === 0);
    for (const peer of useless) {
      this.#peersByKey.delete(peer.key);
      peers.splice(peers.indexOf(peer), 1);
    }
    this.resolved(server, targets);
  }

  unresolvable(server: string, reason: string): void {
    const asked = this.#asked(server);
    asked.isResolving = false;
    asked.failure = reason;
  }

  #asked(server: string): Asked {
    const asked = this.#servers.get(server);
    if (asked === undefined) throw new Error(`Cannot find ${server}: the round does not expect it`);
    return asked;
  }

  /** The requests that are due. */
  due(nowRawNs: bigint): readonly Outgoing[] {
    const againNs = this.#askAgainNs();
    const due: Outgoing[] = [];
    for (const peer of this.#peersByKey.values()) {
      const nextRawNs = peer.nextRawNs(nowRawNs, againNs);
      if (nextRawNs === null || nextRawNs > nowRawNs) continue;
      if (peer.canSend) due.push(peer.request(this.#options.cookie(), nowRawNs));
      else peer.close({ type: "refused", reason: "its last requests were not answered" });
    }
    return due;
  }

  #askAgainNs(): bigint {
    return latest(ASK_AGAIN_NS, 4n * this.#medianDelayNs());
  }

  #medianDelayNs(): bigint {
    return median(this.peers.flatMap((peer) => peer.samples.map((sample) => sample.delayNs)));
  }

  notSent(outgoing: Outgoing, reason: string): void {
    outgoing.peer.close({ type: "refused", reason });
  }

  on(event: TransportEvent): void {
    switch (event.type) {
      case "sent":
        for (const peer of this.#peersByKey.values()) peer.sentAt(event.cookie, event.atRawNs);
        return;
      case "refused":
        // Anyone can claim that a port is closed; only somebody who saw the request knows its cookie.
        for (const peer of this.#peersByKey.values())
          if (peer.owns(event.cookie)) peer.close({ type: "refused", reason: event.reason });
        return;
      case "datagram":
        this.#onDatagram(event.from, event.bytes, event.atRawNs);
    }
  }

  #onDatagram(from: Endpoint, bytes: Uint8Array, atRawNs: bigint): void {
    const origin =
      bytes.byteLength >= 48 ? new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(24) : 0n;
    const there = this.#peersAt(from);
    const peer = there.find((candidate) => candidate.owns(origin)) ?? there[0];
    if (peer !== undefined) {
      if (peer.receive(bytes, atRawNs)) this.#lastAnswerRawNs = atRawNs;
      return;
    }
    const meant = this.peers.find((candidate) => candidate.owns(origin));
    if (meant !== undefined) meant.fault = `the answer came from ${endpointKey(from)}, which was not asked`;
  }

  /** More than one only with NTS, where several servers may have named the same address. */
  #peersAt({ address, port }: Endpoint): readonly Peer[] {
    const there = (isMeant: (asked: string) => boolean): readonly Peer[] =>
      this.peers.filter(({ target: { endpoint } }) => endpoint.port === port && isMeant(endpoint.address));
    const exact = there((asked) => asked === address);
    // The kernel does not report an address's zone.
    return exact.length > 0 ? exact : there((asked) => asked.split("%")[0] === address);
  }

  standings(nowRawNs: bigint): readonly Standing[] {
    const standings = [...this.#servers].map(([server, { isResolving, peers }]): Standing => {
      const standing = standingOf(server, peers, nowRawNs);
      return isResolving && standing.vote === null ? { ...standing, isPending: true } : standing;
    });
    return shareVotes(standings);
  }

  #stop(nowRawNs: bigint): Stop {
    if (this.#servers.size === 0) return { type: "over", ending: "exhausted" };
    const standings = this.standings(nowRawNs);
    const count = {
      asked: this.askedCount(standings),
      votes: standings.flatMap(({ vote }) => vote ?? []),
      pending: standings.filter(({ isPending }) => isPending).length,
      isSampling: standings.some(({ isSampling }) => isSampling),
    };
    const moments = {
      lastAnswerRawNs: this.#lastAnswerRawNs,
      medianDelayNs: this.#medianDelayNs(),
      silentUntilRawNs: this.#silentUntilRawNs(),
    };
    return stopOf(count, moments, { ...this.#options, minServers: this.leastServers(standings) });
  }

  /** When every silent server has had a second since it was queried, and twice its delay in earlier runs. */
  #silentUntilRawNs(): bigint {
    let untilRawNs = this.startRawNs + SILENT_NS;
    for (const { isResolving, awaited } of this.#servers.values())
      if (isResolving) untilRawNs = latest(untilRawNs, this.startRawNs + awaited.patienceNs);
    for (const { isOpen, samples, target, firstSentRawNs } of this.#peersByKey.values()) {
      if (!isOpen || samples.length > 0 || firstSentRawNs === null) continue;
      const patienceNs = latest(SILENT_NS, 2n * (target.expectedDelayNs ?? 0n));
      untilRawNs = latest(untilRawNs, firstSentRawNs + patienceNs);
    }
    return untilRawNs;
  }

  /** Why the round is over, or null; the caller checks the deadline. */
  ending(nowRawNs: bigint): Ending | null {
    const stop = this.#stop(nowRawNs);
    if (stop.type === "over") return stop.ending;
    return stop.type === "at" && stop.rawNs <= nowRawNs ? "quiet" : null;
  }

  /** When to act next even if nothing arrives: a request is due, or the wait ends. */
  nextWakeRawNs(nowRawNs: bigint): bigint {
    const againNs = this.#askAgainNs();
    let next = nowRawNs + againNs;
    const wake = (atRawNs: bigint): void => {
      if (atRawNs > nowRawNs && atRawNs < next) next = atRawNs;
    };
    const stop = this.#stop(nowRawNs);
    if (stop.type === "at") wake(stop.rawNs);
    for (const peer of this.#peersByKey.values()) {
      const nextRawNs = peer.nextRawNs(nowRawNs, againNs);
      if (nextRawNs !== null && nextRawNs <= nowRawNs) return nowRawNs;
      if (nextRawNs !== null) wake(nextRawNs);
    }
    return next;
  }
}
