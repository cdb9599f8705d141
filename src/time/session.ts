import type { Store } from "../db/open.ts";
import { nsOfMs } from "../lib/format/duration.ts";
import type { Clock } from "./clock/clock.ts";
import { type DriftSample, fitDrift } from "./clock/drift.ts";
import type { Health } from "./health.ts";
import { KissBackoff } from "./kiss-backoff.ts";
import { MOST_SERVERS, TimeMemory } from "./memory.ts";
import { type Lookup, NameCache, refreshNames } from "./net/resolve.ts";
import { literalEndpoint } from "./net/server-name.ts";
import type { NtsClient } from "./net/nts/client.ts";
import { type MeasureSettings, serversOf } from "./options.ts";
import type { ClockOutcome, Measurement, TimeResult } from "./result.ts";
import { isConfirmed, tracesOf } from "./run-traces.ts";
import { type Obtained, obtain } from "./sources/fallback-chain.ts";
import { HORIZON_S } from "./sources/source.ts";

export interface SessionOptions {
  readonly settings: MeasureSettings;
  readonly clock: Clock;
  readonly lookup: Lookup;
  readonly buildTimeS: number;
  /** The servers were named for this very run: their addresses are queried before earlier runs' data has been read. */
  readonly askAll: boolean;
  /** The clock will be set: what less than half of the servers support is not accepted before the deadline. */
  readonly isThorough: boolean;
  readonly signal: AbortSignal;
  /** Opens the store; null if that fails, which does not prevent a measurement. */
  readonly openStore: () => Promise<Store | null>;
  /** Reports that the store cannot be read. It is measured without what earlier runs learned. */
  readonly onStoreFailure: (error: unknown) => void;
}

const LEAST_DRIFT_SAMPLES = 4;
/** The newest samples, from which drift is computed. */
const DRIFT_SAMPLES = 128;
/** How many of them are read at start-up: more would be a tenth of a run's cost. */
const SAMPLES_AT_START = 24;
/** Limits on stored runs and samples, which include those of other boots. */
const KEPT = { runsKept: 10_000, samplesKept: DRIFT_SAMPLES * 8 };

/** A series of measurements that share what they learn: names, health, refusals, clock samples. */
export class TimeSession implements Disposable {
  readonly #options: SessionOptions;
  readonly #cache: NameCache;
  readonly #kisses = new KissBackoff();
  #health = new Map<string, Health>();
  #samples: DriftSample[] = [];
  #epoch: string | null = null;
  #lastGoodNs: bigint | null = null;
  #savedMs: number | null = null;
  #store: Store | null = null;
  #memory: TimeMemory | null = null;
  #nts: NtsClient | null = null;
  #isOpen = false;
  #isRestored = false;

  constructor(options: SessionOptions) {
    const { dnsCacheSize: size, dnsLeastTtl: leastTtlMs, dnsMostTtl: mostTtlMs } = options.settings;
    this.#options = options;
    this.#cache = new NameCache({ size, leastTtlMs, mostTtlMs });
  }

  /** Opens the store, once, with everything that a request may need. */
  async #open(): Promise<void> {
    if (this.#isOpen) return;
    this.#isOpen = true;
    const { nts } = this.#options.settings;
    this.#store = await this.#options.openStore();
    if (this.#store !== null) {
      this.#memory = new TimeMemory(this.#store);
      if (nts || this.#names().length > 0)
        this.#cache.restore(
          this.#recall((memory) => memory.names(), []),
          this.#nowMs(),
        );
    }
    if (nts) this.#nts = await this.#openNts();
  }

  /** Reads what earlier runs learned. A damaged store is worth no more than none: it is not read again. */
  #recall<T>(read: (memory: TimeMemory) => T, otherwise: T): T {
    if (this.#memory === null) return otherwise;
    try {
      return read(this.#memory);
    } catch (error) {
      this.#forgo(error);
      return otherwise;
    }
  }

  #forgo(error: unknown): void {
    if (this.#memory === null) return;
    this.#memory = null;
    this.#options.onStoreFailure(error);
  }

  async #openNts(): Promise<NtsClient> {
    const { openNts } = await import("./open-nts.ts");
    const { settings, buildTimeS, lookup, signal } = this.#options;
    const floorMs = Math.max(buildTimeS * 1_000, this.#recall((memory) => memory.certainMs(), null) ?? 0);
    return openNts(settings, {
      store: this.#memory === null ? null : this.#store,
      onStoreFailure: (error) => this.#forgo(error),
      resolution: {
        cache: this.#cache,
        lookup,
        timeoutMs: settings.timeout,
        signal,
        nowMs: () => this.#nowMs(),
      },
      floorMs,
    });
  }

  /** Loads the rest of what earlier runs learned, once. */
  #restore(): void {
    if (this.#isRestored) return;
    this.#isRestored = true;
    this.#health = new Map(this.#recall((memory) => memory.health(), new Map<string, Health>()));
    this.#loadSamples();
  }

  #nowMs(): number {
    return Number(this.#options.clock.read().realNs / 1_000_000n);
  }

  /**
   * Makes one measurement; it is not recorded yet.
   *
   * @param limitMs a time limit, if shorter than the timeout.
   */
  async measure(limitMs = Infinity): Promise<{ readonly result: TimeResult; readonly obtained: Obtained }> {
    const { clock, settings } = this.#options;
    const startRawNs = clock.rawNs();
    this.#cache.hits = 0;
    this.#cache.misses = 0;
    const obtained = await obtain({
      ...this.#options,
      settings: { ...settings, timeout: Math.min(settings.timeout, Math.max(1, limitMs)) },
      cache: this.#cache,
      healthOf: () => this.#health,
      refusedBy: this.#kisses.refused(),
      lastGoodNs: () => this.#lastGoodNs ?? this.#recall((memory) => memory.lastGoodNs(), null),
      savedNs: () => {
        const savedMs = this.#saved();
        return savedMs === null ? null : nsOfMs(savedMs);
      },
      nts: () => this.#nts,
      open: () => this.#open(),
      restore: () => this.#restore(),
    });
    this.#kisses.heed(obtained.servers?.peers ?? []);
    const { measurement } = obtained;
    const drift = fitDrift(this.#addSample(measurement), {
      leastSamples: LEAST_DRIFT_SAMPLES,
      leastSpanNs: nsOfMs(settings.driftSpan),
    });
    return { result: { ...measurement, elapsedNs: clock.rawNs() - startRawNs, drift }, obtained };
  }

  /** Reads the samples of this raw clock, unless they are loaded; samples of an earlier boot are from another clock. */
  #loadSamples(): void {
    const epoch = this.#options.clock.epoch();
    if (epoch === this.#epoch) return;
    this.#epoch = epoch;
    this.#samples = [...this.#recall((memory) => memory.samples(epoch, SAMPLES_AT_START), [])];
  }

  /** The samples of this raw clock, including the new one. */
  #addSample(measurement: Measurement): readonly DriftSample[] {
    // Usually already loaded while packets were in flight; loaded again if the machine was suspended since.
    this.#loadSamples();
    const sample = this.#sampleOf(measurement);
    if (sample !== null) this.#samples = [...this.#samples, sample].slice(-DRIFT_SAMPLES);
    return this.#samples;
  }

  #sampleOf(measurement: Measurement): DriftSample | null {
    const { source, offsetRawNs, errorBoundNs } = measurement;
    if ((source !== "ntp" && source !== "nts") || offsetRawNs === null || errorBoundNs === null) return null;
    return { rawNs: this.#options.clock.rawNs(), offsetRawNs, errorNs: errorBoundNs };
  }

  /** Stores what a run learned and what it cost. @throws what the store throws. */
  record(result: TimeResult, obtained: Obtained, clockOutcome: ClockOutcome): void {
    const { clock } = this.#options;
    const rawNs = clock.rawNs();
    const sample = this.#sampleOf(result);
    const isGood = isConfirmed(result) && result.offsetRawNs !== null;
    if (isGood) this.#lastGoodNs = rawNs + (result.offsetRawNs ?? 0n);
    this.#savedMs = this.#clockToSave(isGood ? this.#lastGoodNs : null);
    const traces = tracesOf({
      result,
      peers: obtained.servers?.peers ?? [],
      clockOutcome,
      healthBefore: this.#health,
      names: { fresh: this.#cache.takeFresh(), hits: this.#cache.hits, misses: this.#cache.misses },
      sample: sample === null ? null : { ...sample, epoch: clock.epoch() },
      savedMs: this.#savedMs,
      now: { realMs: this.#nowMs(), rawNs },
    });
    this.#learn(traces.health);
    const saveNts = (): void => this.#nts?.save();
    if (this.#memory === null) saveNts();
    else this.#memory.record(traces, KEPT, saveNts);
  }

  /** Keeps what was observed of addresses, the newest last, and forgets the oldest. */
  #learn(records: readonly Health[]): void {
    for (const health of records) {
      this.#health.delete(health.key);
      this.#health.set(health.key, health);
    }
    for (const key of this.#health.keys().take(Math.max(0, this.#health.size - MOST_SERVERS)))
      this.#health.delete(key);
  }

  /**
   * The clock to save for a start without one: confirmed time, or the system clock if it has moved on; never an
   * impossible one.
   */
  #clockToSave(confirmedNs: bigint | null): number | null {
    const ms = confirmedNs === null ? this.#nowMs() : Number(confirmedNs / 1_000_000n);
    if (ms > (this.#options.buildTimeS + HORIZON_S) * 1_000) return this.#saved();
    return confirmedNs === null ? Math.max(ms, this.#saved() ?? 0) : ms;
  }

  /** Read on demand: a run whose servers answer does not need it. */
  #saved(): number | null {
    return this.#savedMs ?? this.#recall((memory) => memory.savedMs(), null);
  }

  /** Hosts to look up. */
  #names(): readonly string[] {
    return serversOf(this.#options.settings)
      .filter((name) => literalEndpoint(name) === null)
      .map(({ host }) => host);
  }

  /** Saves the clock at the end of a service, whether or not it was confirmed. @throws what the store throws. */
  saveClock(): void {
    const savedMs = this.#clockToSave(null);
    if (savedMs !== null) this.#memory?.save(savedMs);
  }

  /** Resolves again what would expire before the round after next. */
  async refreshNames(aheadMs: number): Promise<void> {
    const { settings, lookup, signal } = this.#options;
    await refreshNames(this.#names(), aheadMs, {
      cache: this.#cache,
      lookup,
      timeoutMs: settings.timeout,
      signal,
      nowMs: () => this.#nowMs(),
    });
  }

  [Symbol.dispose](): void {
    this.#store?.[Symbol.dispose]();
    this.#store = null;
    this.#memory = null;
  }
}
