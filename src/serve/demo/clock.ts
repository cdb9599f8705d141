import { seededRandom } from "../../lib/seeded-random.ts";
import { type Health, updatedHealth } from "../../time/health.ts";
import { judgeVote } from "../../time/ntp/server-status.ts";
import type { RunTraces } from "../../time/run-traces.ts";

/** How often the simulated clock is measured. */
export const MEASURED_EVERY_MS = 300_000;

interface DemoServer {
  readonly host: string;
  readonly key: string;
  readonly delayMs: number;
  /** The error of the time it reports, in seconds. */
  readonly lieS: number;
}

/** Names and addresses reserved for documentation (RFC 2606, RFC 5737, RFC 3849). */
const SERVERS: readonly DemoServer[] = [
  { host: "ntp1.example.net", key: "192.0.2.11:123", delayMs: 8.2, lieS: 0 },
  { host: "ntp2.example.net", key: "192.0.2.12:123", delayMs: 9.6, lieS: 0 },
  { host: "time.example.org", key: "198.51.100.7:123", delayMs: 17.4, lieS: 0 },
  { host: "clock.example.com", key: "[2001:db8::17]:123", delayMs: 23.1, lieS: 0 },
  { host: "wrong.example.com", key: "203.0.113.66:123", delayMs: 12.9, lieS: 37 },
];

const DAY_MS = 86_400_000;
const DRIFT_PPM = 11.8;

const ns = (seconds: number): bigint => BigInt(Math.round(seconds * 1e9));

/** Why a lying server is rejected, in the words of a real measurement; null for an honest one. */
function reasonOf(server: DemoServer, offsetS: number, boundS: number): string | null {
  if (server.lieS === 0) return null;
  const vote = { id: server.key, offsetNs: ns(offsetS + server.lieS), rootDistanceNs: ns(boundS) };
  const [lowNs, highNs] = [ns(offsetS - boundS), ns(offsetS + boundS)];
  const agreement = { lowNs, highNs, support: SERVERS.length - 1, agreeing: [] };
  return judgeVote(vote, { agreement, combination: null, refused: null, votes: [vote] }).reason;
}

/**
 * A measurement at a given moment. The clock is slow by a few milliseconds, which follow the day's temperature. The
 * error bound is about half the shortest delay plus the servers' own error estimates.
 */
export function demoMeasurement(
  atMs: number,
  seed: number,
  healthBefore: ReadonlyMap<string, Health>,
): RunTraces {
  const random = seededRandom(seed ^ Math.floor(atMs / MEASURED_EVERY_MS));
  const noise = (): number => random() + random() - 1;
  const warmth = Math.sin(((atMs % DAY_MS) / DAY_MS) * 2 * Math.PI);
  const offsetS = 0.0021 + 0.0014 * warmth + 0.0002 * noise();
  const errorBoundS = 0.0049 + 0.0012 * random();
  const delays = SERVERS.map(({ delayMs }) => delayMs * (1 + 0.1 * random()));
  const delayS = Math.min(...delays) / 1_000;
  return {
    run: {
      startedAtMs: atMs,
      trueAtMs: atMs + Math.round(offsetS * 1_000),
      source: "ntp",
      server: SERVERS[0]?.host ?? null,
      offsetS,
      errorBoundS,
      delayS,
      driftPpm: DRIFT_PPM + 0.3 * warmth,
      action: "none",
      serversAsked: SERVERS.length,
      serversAnswered: SERVERS.length,
      serversAgreeing: SERVERS.length - 1,
      queries: SERVERS.length,
      successes: SERVERS.length,
      timeouts: 0,
      rejected: JSON.stringify({ falseticker: 1 }),
      dnsHits: SERVERS.length,
      dnsMisses: 0,
      fellBack: 0,
      durationMs: Math.max(...delays),
    },
    health: SERVERS.map((server, at) =>
      updatedHealth(
        healthBefore.get(server.key),
        server,
        {
          queries: 1,
          answers: 1,
          delayMs: delays[at] ?? null,
          reason: reasonOf(server, offsetS, errorBoundS),
        },
        atMs,
      ),
    ),
    names: [],
    sample: null,
    savedMs: null,
  };
}
