import { nsOfPrecision, nsOfShort, unixNsOfNtp } from "./timestamp.ts";
import type { Packet } from "./packet.ts";

export type Leap = "none" | "insert" | "delete" | "unknown";

/** RFC 5905's PHI: how much worse a reading gets each second, 15 ppm. */
const PHI_NUMERATOR = 15n;
const PHI_DENOMINATOR = 1_000_000n;

/** How far a free-running clock may have drifted in `elapsedNs`. */
function driftAllowanceNs(elapsedNs: bigint): bigint {
  return (elapsedNs * PHI_NUMERATOR) / PHI_DENOMINATOR;
}

/**
 * One exchange with a server, in RFC 5905's terms, but for one thing: the offset is that of true time from the raw
 * monotonic clock, so a system clock that is stepped meanwhile falsifies nothing.
 */
export interface Sample {
  /** True time minus raw monotonic time. */
  readonly offsetNs: bigint;
  /** Round trip without the server's own time. */
  readonly delayNs: bigint;
  /** Error of both clocks' reading, and drift during the exchange. */
  readonly dispersionNs: bigint;
  readonly rootDelayNs: bigint;
  readonly rootDispersionNs: bigint;
  readonly stratum: number;
  readonly leap: Leap;
  /** Raw monotonic time at which the answer came. */
  readonly atRawNs: bigint;
}

/** When a request left and its answer came, on the raw monotonic clock, and how well that is known. */
export interface Flight {
  readonly sentRawNs: bigint;
  readonly receivedRawNs: bigint;
  readonly precisionNs: bigint;
}

const LEAPS: readonly Leap[] = ["none", "insert", "delete", "unknown"];

/**
 * Offset, delay and dispersion of an exchange (RFC 5905, section 8). The packet has been verified. Null where the
 * server claims to have held the request for longer than the whole exchange took.
 *
 * @param buildTimeS Unix seconds, from which the era is told.
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
    // Below what the clocks resolve, a delay is not told from zero (RFC 5905: max(delay, precision)).
    delayNs: delayNs > precisionNs ? delayNs : precisionNs,
    dispersionNs: serverPrecisionNs + precisionNs + driftAllowanceNs(elapsedNs),
    rootDelayNs: nsOfShort(packet.rootDelay),
    rootDispersionNs: nsOfShort(packet.rootDispersion),
    stratum: packet.stratum,
    leap: LEAPS[packet.leap] ?? "unknown",
    atRawNs: receivedRawNs,
  };
}

/** The sample with the least delay: the one that queues have falsified least. */
export function bestSample(samples: readonly Sample[]): Sample | null {
  let best: Sample | null = null;
  for (const sample of samples) if (best === null || sample.delayNs < best.delayNs) best = sample;
  return best;
}

/** RFC 5905's jitter: the root mean square of the other samples' distance from the best one; null for a single one. */
export function jitterNs(samples: readonly Sample[], best: Sample): number | null {
  if (samples.length < 2) return null;
  const squares = samples.map((sample) => Number(sample.offsetNs - best.offsetNs) ** 2);
  return Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / (samples.length - 1));
}

/**
 * Root distance: the most by which the sample can be wrong if its server tells the truth (RFC 5905, section 11.2).
 *
 * @param nowRawNs the dispersion grows with the sample's age up to here.
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
