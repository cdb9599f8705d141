import type { ServerName } from "./net/server-name.ts";
import type { LocalSource } from "./sources/source.ts";
import type { TransportChoice } from "./net/transport.ts";

/** Everything about a measurement that can be set: the values of `[time]`. Durations are milliseconds. */
export interface TimeSettings {
  readonly server: readonly ServerName[];
  readonly samples: number;
  readonly timeout: number;
  readonly minServers: number;
  readonly fallback: boolean;
  readonly offline: boolean;
  readonly patience: number;
  readonly doubtfulPatience: number;
  readonly retries: number;
  readonly firstTimeout: number;
  readonly leastTimeout: number;
  readonly maxRootDistance: number;
  readonly transport: TransportChoice;
  readonly portableSamples: number;
  readonly dnsCacheSize: number;
  readonly dnsLeastTtl: number;
  readonly dnsMostTtl: number;
  readonly holdBackAfter: number;
  readonly holdBackFor: number;
  readonly holdBackLeast: number;
  readonly reserveAfter: number;
  readonly httpsServer: readonly string[];
  readonly httpsCa: string | null;
  readonly httpsAfter: number;
  readonly localSource: readonly LocalSource[];
  readonly rtc: string;
  readonly rtcDevice: string;
  readonly trustedFile: readonly string[];
  readonly trustedFolder: readonly string[];
  readonly scanDepth: number;
  readonly scanFiles: number;
  readonly driftSamples: number;
  readonly driftSpan: number;
  readonly runsKept: number;
}

/** Milliseconds → nanoseconds. */
export function nsOfMs(ms: number): bigint {
  return BigInt(Math.round(ms * 1e6));
}
