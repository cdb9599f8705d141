import type { timeRuns } from "../db/tables/time.ts";
import type { DriftSample } from "./clock/drift.ts";
import { type Health, type Outcome, updatedHealth } from "./health.ts";
import type { StoredName } from "./net/resolve.ts";
import type { Peer } from "./ntp/peer.ts";
import { bestSample } from "./ntp/sample.ts";
import type { ServerReport } from "./ntp/assess.ts";
import type { ClockOutcome, Measurement, TimeResult } from "./result.ts";

export type RunRecord = Omit<typeof timeRuns.$inferSelect, "id">;

/** What to store of a run. */
export interface RunTraces {
  readonly run: RunRecord;
  readonly health: readonly Health[];
  readonly names: readonly StoredName[];
  /** Null if no server gave the time. */
  readonly sample: (DriftSample & { readonly epoch: string }) | null;
  /** The clock to save for a start without one: true time if known, else the clock as it is; null if implausible. */
  readonly savedMs: number | null;
}

/** A finished run, and what was known before it. */
export interface EndedRun {
  readonly result: TimeResult;
  readonly peers: readonly Peer[];
  readonly clockOutcome: ClockOutcome;
  readonly healthBefore: ReadonlyMap<string, Health>;
  readonly names: { readonly fresh: readonly StoredName[]; readonly hits: number; readonly misses: number };
  readonly sample: (DriftSample & { readonly epoch: string }) | null;
  readonly savedMs: number | null;
  readonly now: { readonly realMs: number; readonly rawNs: bigint };
}

/** Sources backed by servers: their time becomes the last good time. */
export function isConfirmed({ source, offsetRawNs }: Measurement): boolean {
  return (source === "ntp" || source === "nts" || source === "https") && offsetRawNs !== null;
}

function secondsOf(ns: bigint | null): number | null {
  return ns === null ? null : Number(ns) / 1e9;
}

/** What a run observed of an address, for its health record. */
function outcomeOf(peer: Peer, report: ServerReport | undefined): Outcome {
  const best = bestSample(peer.samples);
  const delayMs = best === null ? null : Number(best.delayNs) / 1e6;
  const isFailure =
    report !== undefined &&
    (best === null ? report.status !== "not_needed" : report.status === "falseticker");
  return {
    queries: peer.requests,
    answers: peer.samples.length,
    delayMs,
    reason: isFailure ? report.reason : null,
  };
}

/** How many addresses were rejected, by status. */
function rejections(reports: readonly (ServerReport | undefined)[]): Readonly<Record<string, number>> {
  const rejected: Record<string, number> = {};
  for (const report of reports) {
    if (report === undefined || report.status === "selected" || report.status === "survivor") continue;
    rejected[report.status] = (rejected[report.status] ?? 0) + 1;
  }
  return rejected;
}

/** What to store of a run: what it measured, what it cost, and what it observed of each address. */
export function tracesOf(ended: EndedRun): RunTraces {
  const { result, peers, clockOutcome, healthBefore, names, now } = ended;
  const reportOf = new Map(result.reports.map((report) => [`${report.address} ${report.port}`, report]));
  const reportsOfPeers = peers.map(({ target: { endpoint } }) =>
    reportOf.get(`${endpoint.address} ${endpoint.port}`),
  );
  const health = peers.flatMap((peer, index) => {
    // With NTS the key exchange decides whom to ask, so no address is skipped for its health.
    if (peer.requests === 0 || peer.target.association !== undefined) return [];
    const identity = { key: peer.key, host: peer.target.host };
    return updatedHealth(
      healthBefore.get(peer.key),
      identity,
      outcomeOf(peer, reportsOfPeers[index]),
      now.realMs,
    );
  });
  const trueNs = isConfirmed(result) && result.offsetRawNs !== null ? now.rawNs + result.offsetRawNs : null;
  return {
    run: {
      startedAtMs: now.realMs - Math.round(Number(result.elapsedNs) / 1e6),
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
      serversAgreeing: result.agreeing,
      queries: peers.reduce((sum, peer) => sum + peer.requests, 0),
      successes: peers.reduce((sum, peer) => sum + peer.samples.length, 0),
      timeouts: peers.reduce((sum, peer) => sum + peer.unanswered, 0),
      rejected: JSON.stringify(rejections(reportsOfPeers)),
      dnsHits: names.hits,
      dnsMisses: names.misses,
      fellBack: result.source === null || result.source === "ntp" || result.source === "nts" ? 0 : 1,
      durationMs: Number(result.elapsedNs) / 1e6,
    },
    health,
    names: names.fresh,
    sample: ended.sample,
    savedMs: ended.savedMs,
  };
}
