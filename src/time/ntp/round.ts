import { endpointKey, type Endpoint } from "../net/server-name.ts";
import type { TransportEvent } from "../net/transport.ts";
import { type Outgoing, Peer, type PeerOptions, type Target } from "./peer.ts";
import { compareNs } from "./select.ts";
import { shareVotes, type Standing, standingOf } from "./server-vote.ts";
import { type Ending, SILENT_NS, type Stop, stopOf, type StopOptions } from "./stop-rule.ts";

export interface RoundOptions extends PeerOptions, StopOptions {
  /** A random 64-bit number that is not zero. */
  readonly cookie: () => bigint;
}

/** What a server's addresses come from. */
export interface Awaited {
  /** From the start on they are waited for so long at the least, whoever agrees meanwhile. */
  readonly patienceNs: bigint;
  /** What is said where they have not come in time. */
  readonly late: string;
}

/** A server in a round, from before its addresses are known. */
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
  /** Why it has no address; null where it is still waited for. */
  readonly failure: string | null;
  readonly late: string;
}

/** Whoever is silent is asked again after this, or after four median delays. Fast liars make that no shorter. */
const ASK_AGAIN_NS = 250_000_000n;
const NAME: Awaited = { patienceNs: SILENT_NS, late: "its name was not resolved in time" };

function median(values: readonly bigint[]): bigint {
  return values.toSorted(compareNs)[Math.floor((values.length - 1) / 2)] ?? 0n;
}

function latest(...moments: readonly bigint[]): bigint {
  return moments.reduce((late, moment) => (moment > late ? moment : late), 0n);
}

/** One measurement as a state: requests come out, events go in, and it tells when it is over. It reads no clock. */
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
   * Servers that something is or was to be sent to, dead ones and names that lead nowhere among them; those that share
   * a vote count once.
   */
  askedCount(standings: readonly Standing[]): number {
    const asked = [...this.#servers.values()].filter(({ isResolving, failure, peers }) => {
      return isResolving || failure !== null || peers.some(({ requests, isOpen }) => requests > 0 || isOpen);
    });
    return asked.length - standings.filter(({ sharesVoteOf }) => sharesVoteOf !== null).length;
  }

  /**
   * How many servers must agree. By a clock that says that certificates are not valid, no server alone is believed that
   * it is the clock which is wrong: two, and more than half of all that were asked.
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
      // The same address under a second name has one vote, the first name's.
      if (this.#peersByKey.has(peer.key)) continue;
      this.#peersByKey.set(peer.key, peer);
      asked.peers.push(peer);
    }
  }

  /** A server's keys are exchanged anew: it may say something yet. */
  renew(server: string): void {
    this.#asked(server).isResolving = true;
  }

  /** Its new keys take the place of those that brought no answer. */
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

  /** The requests that are due now. */
  due(nowRawNs: bigint): readonly Outgoing[] {
    const againNs = this.#askAgainNs();
    const due: Outgoing[] = [];
    for (const peer of this.#peersByKey.values()) {
      const nextRawNs = peer.nextRawNs(nowRawNs, againNs);
      if (nextRawNs === null || nextRawNs > nowRawNs) continue;
      if (peer.mayAsk) due.push(peer.request(this.#options.cookie(), nowRawNs));
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
        // Anyone can say that a port is closed; only who saw the request knows its cookie.
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

  /** One but for NTS, where several servers may have named the same address. */
  #peersAt({ address, port }: Endpoint): readonly Peer[] {
    const there = (isMeant: (asked: string) => boolean): readonly Peer[] =>
      this.peers.filter(({ target: { endpoint } }) => endpoint.port === port && isMeant(endpoint.address));
    const exact = there((asked) => asked === address);
    // The kernel does not tell an address's zone.
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

  /** When each server that is silent has had a second since it was asked, and twice what it took in earlier runs. */
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

  /** Whether the round is over; the deadline is the caller's. */
  ending(nowRawNs: bigint): Ending | null {
    const stop = this.#stop(nowRawNs);
    if (stop.type === "over") return stop.ending;
    return stop.type === "at" && stop.rawNs <= nowRawNs ? "quiet" : null;
  }

  /** When something is to be done next though nothing comes in: a request due, or the end of the wait. */
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
