import { nsOfPrecision, nsOfShort, unixNsOfNtp } from "./timestamp.ts";
import type { Packet } from "./packet.ts";

export type Leap = "none" | "insert" | "delete" | "unknown";

/** RFC 5905's PHI: a reading's error grows by 15 ppm. */
const PHI_NUMERATOR = 15n;
const PHI_DENOMINATOR = 1_000_000n;

/** How far a free-running clock may have drifted in `elapsedNs`. */
function driftAllowanceNs(elapsedNs: bigint): bigint {
  return (elapsedNs * PHI_NUMERATOR) / PHI_DENOMINATOR;
}

/**
 * One exchange with a server, in RFC 5905's terms, with one difference: the offset is between true time and the
 * raw monotonic clock, so that stepping the system clock meanwhile does no harm.
 */
export interface Sample {
  /** True time minus raw monotonic time. */
  readonly offsetNs: bigint;
  /** Round trip without the server's processing time. */
  readonly delayNs: bigint;
  /** Reading errors of both clocks, and drift during the exchange. */
  readonly dispersionNs: bigint;
  readonly rootDelayNs: bigint;
  readonly rootDispersionNs: bigint;
  readonly stratum: number;
  readonly leap: Leap;
  /** When the answer arrived, on the raw monotonic clock. */
  readonly atRawNs: bigint;
}

/** When a request was sent and its answer arrived, on the raw monotonic clock, and the precision of both. */
export interface Flight {
  readonly sentRawNs: bigint;
  readonly receivedRawNs: bigint;
  readonly precisionNs: bigint;
}

const LEAPS: readonly Leap[] = ["none", "insert", "delete", "unknown"];

/**
 * Offset, delay and dispersion of an exchange (RFC 5905, section 8). The packet must be verified. Null if the
 * server claims to have held the request for longer than the whole exchange took.
 *
 * @param buildTimeS Unix seconds; determines the era.
 */
export function sampleOf(packet: Packet, flight: Flight, buildTimeS: number): Sample | null {
  const receiveNs = unixNsOfNtp(packet.receive, buildTimeS);
  const transmitNs = unixNsOfNtp(packet.transmit, buildTimeS);
  const { sentRawNs, receivedRawNs, precisionNs } = flight;
  const serverPrecisionNs = nsOfPrecision(packet.precision);
  const elapsedNs = receivedRawNs - sentRawNs;
  const delayNs = elapsedNs - (transmitNs - receiveNs);
  if (delayNs < -(precisionNs + serverPrecisionNs)) return null;
  return {
    offsetNs: (receiveNs - sentRawNs + (transmitNs - receivedRawNs)) / 2n,
    // Delays below the clocks' resolution are indistinguishable from zero (RFC 5905: max(delay, precision)).
    delayNs: delayNs > precisionNs ? delayNs : precisionNs,
    dispersionNs: serverPrecisionNs + precisionNs + driftAllowanceNs(elapsedNs),
    rootDelayNs: nsOfShort(packet.rootDelay),
    rootDispersionNs: nsOfShort(packet.rootDispersion),
    stratum: packet.stratum,
    leap: LEAPS[packet.leap] ?? "unknown",
    atRawNs: receivedRawNs,
  };
}

/** The sample with the least delay: the one least distorted by queues. */
export function bestSample(samples: readonly Sample[]): Sample | null {
  let best: Sample | null = null;
  for (const sample of samples) if (best === null || sample.delayNs < best.delayNs) best = sample;
  return best;
}

/**
 * RFC 5905's jitter: the root mean square of the other samples' distances from the best one; null for a single sample.
 */
export function jitterNs(samples: readonly Sample[], best: Sample): number | null {
  if (samples.length < 2) return null;
  const squares = samples.map((sample) => Number(sample.offsetNs - best.offsetNs) ** 2);
  return Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / (samples.length - 1));
}

/**
 * Root distance: the most that the sample can be wrong if its server tells the truth (RFC 5905, section 11.2).
 *
 * @param nowRawNs dispersion grows with the sample's age up to this moment.
 */
export function rootDistanceNs(sample: Sample, jitter: number | null, nowRawNs: bigint): bigint {
  const ageNs = nowRawNs > sample.atRawNs ? nowRawNs - sample.atRawNs : 0n;
  return (
    (sample.rootDelayNs + sample.delayNs) / 2n +
    sample.rootDispersionNs +
    sample.dispersionNs +
    driftAllowanceNs(ageNs) +
    BigInt(Math.ceil(jitter ?? 0))
  );
}
