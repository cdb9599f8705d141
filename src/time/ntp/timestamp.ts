/** 1970-01-01 in seconds of NTP era 0, which began at 1900-01-01. */
const NTP_TO_UNIX_S = 2_208_988_800n;
const ERA_S = 1n << 32n;
const NS_PER_S = 1_000_000_000n;
const FRACTION = 1n << 32n;

/** Division that rounds to nearest, for a dividend of either sign and a positive divisor. */
function divideToNearest(dividend: bigint, divisor: bigint): bigint {
  const doubled = 2n * dividend + divisor;
  const quotient = doubled / (2n * divisor);
  return doubled < 0n && doubled % (2n * divisor) !== 0n ? quotient - 1n : quotient;
}

/** 50 years: a server whose clock is behind the build is read as such, and not as 136 years ahead. */
const PIVOT_BEFORE_BUILD_S = 1_577_880_000;

/**
 * A 64-bit NTP timestamp → Unix nanoseconds. The packet does not include the era: the seconds are mapped to the
 * 136 years that begin 50 years before the program was built (RFC 5905, section 6; RFC 4330, section 3).
 *
 * @param buildTimeS Unix seconds.
 */
export function unixNsOfNtp(ntp: bigint, buildTimeS: number): bigint {
  const inEra = (ntp >> 32n) - NTP_TO_UNIX_S;
  const pivot = BigInt(buildTimeS - PIVOT_BEFORE_BUILD_S);
  const sincePivot = (((inEra - pivot) % ERA_S) + ERA_S) % ERA_S;
  const fractionNs = ((ntp & (FRACTION - 1n)) * NS_PER_S + FRACTION / 2n) >> 32n;
  return (pivot + sincePivot) * NS_PER_S + fractionNs;
}

/** Unix nanoseconds → a 64-bit NTP timestamp, without the era. */
export function ntpOfUnixNs(ns: bigint): bigint {
  const fraction = divideToNearest((ns + NTP_TO_UNIX_S * NS_PER_S) * FRACTION, NS_PER_S);
  return BigInt.asUintN(64, fraction);
}

/** The 16.16 short format of root delay and root dispersion → nanoseconds. */
export function nsOfShort(short: number): bigint {
  return (BigInt(short) * NS_PER_S + 32_768n) >> 16n;
}

/** A precision in log2 seconds → nanoseconds; implausible values are clamped to 1 ns and 1 s. */
export function nsOfPrecision(precision: number): bigint {
  return BigInt(Math.round(2 ** Math.max(-30, Math.min(0, precision)) * 1e9));
}
