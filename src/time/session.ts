import type { Store } from "../db/open.ts";
import type { Clock } from "./clock/clock.ts";
import { type DriftSample, fitDrift } from "./clock/drift.ts";
import { type Health, type Outcome, updatedHealth } from "./health.ts";
import { TimeMemory } from "./memory.ts";
import { type Obtained, obtain } from "./sources/fallback-chain.ts";
import type { Peer } from "./ntp/peer.ts";
import { type Lookup, NameCache, refreshNames } from "./net/resolve.ts";
import type { ClockOutcome, Measurement, TimeResult } from "./result.ts";
import { bestSample } from "./ntp/sample.ts";
import { literalEndpoint } from "./net/server-name.ts";
import { nsOfMs } from "../lib/format/duration.ts";
import type { MeasureSettings } from "./options.ts";

export interface SessionOptions {
  readonly settings: MeasureSettings;
  readonly clock: Clock;
  readonly lookup: Lookup;
  readonly buildTimeS: number;
  /** Servers are asked whatever earlier runs saw of them. */
  readonly askAll: boolean;
  /** The clock is to be set: what less than half of the servers say is not taken before the deadline. */
  readonly isThorough: boolean;
  readonly signal: AbortSignal;
  /** Opens the store; null where it cannot be had, which stops no measurement. */
  readonly openStore: () => Promise<Store | null>;
}

const LEAST_DRIFT_SAMPLES = 4;
/** The newest samples from which drift is told. */
const DRIFT_SAMPLES = 128;
/** What the store keeps of runs, and of samples: those of other boots come back when a drift is asked for. */
const KEPT = { runsKept: 10_000, samplesKept: DRIFT_SAMPLES * 8 };
/** A server that says RATE, or any other code, is left alone for so many rounds, then twice as many, and so on. */
const RATE_ROUNDS = 2;

function secondsOf(ns: bigint | null): number | null {
  return ns === null ? null : Number(ns) / 1e9;
}

/** What a run saw of an address, for its health; null where it was not asked. */
function outcomeOf(peer: Peer, reason: string | null): Outcome | null {
  if (peer.requests === 0) return null;
  const best = bestSample(peer.samples);
  const delayMs = best === null ? null : Number(best.delayNs) / 1e6;
  return { queries: peer.requests, answers: peer.samples.length, delayMs, reason };
}

/** Measurements that share what they learn: names, health, refusals, samples of the clock. */
export class TimeSession implements Disposable {
  private readonly options: SessionOptions;
  private readonly cache: NameCache;
  private health = new Map<string, Health>();
  /** Address → its kiss code, and how many rounds it is to be left alone (Infinity: for good). */
  private readonly kissed = new Map<string, { code: string; rounds: number; given: number }>();
  private samples: DriftSample[] = [];
  private epoch: string | null = null;
  private lastGoodNs: bigint | null = null;
  private store: Store | null = null;
  private memory: TimeMemory | null = null;
  private isPrepared = false;

  constructor(options: SessionOptions) {
    const { dnsCacheSize: size, dnsLeastTtl: leastTtlMs, dnsMostTtl: mostTtlMs } = options.settings;
    this.options = options;
    this.cache = new NameCache({ size, leastTtlMs, mostTtlMs });
  }

  /** Loads what earlier runs left, once. */
  private async prepare(): Promise<void> {
    if (this.isPrepared) return;
    this.isPrepared = true;
    this.store = await this.options.openStore();
    if (this.store === null) return;
    this.memory = new TimeMemory(this.store);
    this.health = new Map(this.memory.health());
    this.cache.restore(this.memory.names(), this.nowMs());
    this.lastGoodNs = this.memory.lastGoodNs();
    this.loadSamples();
  }

  private nowMs(): number {
    return Number(this.options.clock.read().realNs / 1_000_000n);
  }

  /** One measurement, not recorded yet. */
  async measure(): Promise<{ readonly result: TimeResult; readonly obtained: Obtained }> {
    const { clock, settings } = this.options;
    const startRawNs = clock.rawNs();
    this.cache.hits = 0;
    this.cache.misses = 0;
    const obtained = await obtain({
      ...this.options,
      cache: this.cache,
      healthOf: () => this.health,
      refusedBy: this.refusedBy(),
      lastGoodNs: () => this.lastGoodNs,
      prepare: () => this.prepare(),
    });
    this.heedKisses(obtained);
    const { measurement } = obtained;
    const drift = fitDrift(this.addSample(measurement), {
      leastSamples: LEAST_DRIFT_SAMPLES,
      leastSpanNs: nsOfMs(settings.driftSpan),
    });
    return { result: { ...measurement, elapsedNs: clock.rawNs() - startRawNs, drift }, obtained };
  }

  /** Reads the samples of this raw clock, unless it is still the same; those of an earlier boot are of another clock. */
  private loadSamples(): void {
    const { clock } = this.options;
    const epoch = clock.epoch();
    if (epoch === this.epoch) return;
    this.epoch = epoch;
    this.samples = [...(this.memory?.samples(epoch, DRIFT_SAMPLES) ?? [])];
  }

  /** The samples of this raw clock with the newest one. */
  private addSample(measurement: Measurement): readonly DriftSample[] {
    // Read already while packets travelled; read again where the machine was suspended since.
    this.loadSamples();
    const sample = this.sampleOf(measurement);
    if (sample !== null) this.samples = [...this.samples, sample].slice(-DRIFT_SAMPLES);
    return this.samples;
  }

  private sampleOf(measurement: Measurement): DriftSample | null {
    const { source, offsetRawNs, errorBoundNs } = measurement;
    if (source !== "ntp" || offsetRawNs === null || errorBoundNs === null) return null;
    return { rawNs: this.options.clock.rawNs(), offsetRawNs, errorNs: errorBoundNs };
  }

  /** Addresses to be left alone in this round. */
  private refusedBy(): ReadonlyMap<string, string> {
    return new Map([...this.kissed].flatMap(([key, { code, rounds }]) => (rounds > 0 ? [[key, code]] : [])));
  }

  private heedKisses({ servers }: Obtained): void {
    for (const kiss of this.kissed.values()) kiss.rounds -= 1;
    for (const peer of servers?.peers ?? []) {
      if (peer.end?.type !== "kiss" || peer.requests === 0) continue;
      const { code } = peer.end;
      const isForGood = code === "DENY" || code === "RSTR";
      const given = 2 * (this.kissed.get(peer.key)?.given ?? RATE_ROUNDS / 2);
      this.kissed.set(peer.key, { code, rounds: isForGood ? Infinity : given, given });
    }
  }

  /** Keeps what a run learned and what it cost. @throws what the store throws. */
  record(result: TimeResult, obtained: Obtained, clockOutcome: ClockOutcome): void {
    const { clock } = this.options;
    const nowMs = this.nowMs();
    const peers = obtained.servers?.peers ?? [];
    const statusOf = new Map(
      obtained.servers?.assessment.reports.map((report) => [`${report.address} ${report.port}`, report]),
    );
    const rejected: Record<string, number> = {};
    const learned: Health[] = [];
    for (const peer of peers) {
      const { address, port } = peer.target.endpoint;
      const report = statusOf.get(`${address} ${port}`);
      const isRejected = report !== undefined && peer.samples.length === 0 && report.status !== "not_needed";
      if (report !== undefined && report.status !== "selected" && report.status !== "survivor") {
        rejected[report.status] = (rejected[report.status] ?? 0) + 1;
      }
      const outcome = outcomeOf(peer, isRejected ? report.reason : null);
      if (outcome === null) continue;
      const identity = { key: peer.key, host: peer.target.host };
      learned.push(updatedHealth(this.health.get(peer.key), identity, outcome, nowMs));
    }
    for (const health of learned) this.health.set(health.key, health);
    const isConfirmed = (result.source === "ntp" || result.source === "https") && result.offsetRawNs !== null;
    const trueNs = isConfirmed && result.offsetRawNs !== null ? clock.rawNs() + result.offsetRawNs : null;
    if (trueNs !== null) this.lastGoodNs = trueNs;
    const sample = this.sampleOf(result);
    this.memory?.record(
      {
        run: {
          startedAtMs: nowMs - Math.round(Number(result.elapsedNs) / 1e6),
          trueAtMs: trueNs === null ? null : Number(trueNs / 1_000_000n),
          source: result.source,
          server: result.server,
          offsetS: secondsOf(result.offsetNs),
          errorBoundS: secondsOf(result.errorBoundNs),
          delayS: secondsOf(result.delayNs),
          driftPpm: result.drift?.ppm ?? null,
          action: clockOutcome.action,
          serversAsked: result.asked,
          serversAnswered: result.answered,
          queries: peers.reduce((sum, peer) => sum + peer.requests, 0),
          successes: peers.reduce((sum, peer) => sum + peer.samples.length, 0),
          timeouts: peers.reduce((sum, peer) => sum + peer.unanswered, 0),
          rejected: JSON.stringify(rejected),
          dnsHits: this.cache.hits,
          dnsMisses: this.cache.misses,
          fellBack: result.source === null || result.source === "ntp" ? 0 : 1,
          durationMs: Number(result.elapsedNs) / 1e6,
        },
        health: learned,
        names: this.cache.takeFresh(),
        sample: sample === null ? null : { ...sample, epoch: clock.epoch() },
      },
      KEPT,
    );
  }

  /** Resolves again what would expire before the round after next. */
  async refreshNames(aheadMs: number): Promise<void> {
    const { settings, lookup, signal } = this.options;
    const hosts = settings.server.filter((name) => literalEndpoint(name) === null).map(({ host }) => host);
    await refreshNames(hosts, aheadMs, {
      cache: this.cache,
      lookup,
      timeoutMs: settings.timeout,
      signal,
      nowMs: () => this.nowMs(),
    });
  }

  [Symbol.dispose](): void {
    this.store?.[Symbol.dispose]();
    this.store = null;
    this.memory = null;
  }
}
