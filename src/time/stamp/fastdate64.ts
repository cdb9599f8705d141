/**
 * FastDate64: 64 unsigned bits, 34 of seconds since 1970 and 30 of fraction, `seconds << 30 | fraction`. Both
 * directions round to nearest, so that nanoseconds survive a round trip exactly.
 */
const NS_PER_S = 1_000_000_000n;
const FRACTION_BITS = 30n;
const HALF_FRACTION = 1n << 29n;
/** 2^34 seconds, in nanoseconds: the first instant that does not fit. */
const END_NS = (1n << 34n) * NS_PER_S;
const END_CODE = 1n << 64n;

/** The encodable range, for error messages. */
const RANGE = "1970-01-01T00:00:00Z to 2514-05-30T01:53:03.999999999Z";

/** One 64-bit number as a BigInt and as two halves, low half first: all of Bun's targets are little-endian. */
const halves = new Uint32Array(new ArrayBuffer(8));
const wide = new BigUint64Array(halves.buffer);

function refuse(value: bigint | number, unit: string): never {
  throw new RangeError(
    `FastDate64 holds ${RANGE} (0 to 17179869183.999999999 s); ${value}${unit} is outside`,
  );
}

/**
 * Unix nanoseconds → FastDate64: `((ns << 30) + 10^9 / 2) / 10^9`, computed with 32-bit halves and doubles that
 * stay exact below 2^53, which is more than twice as fast as BigInt division.
 *
 * @throws RangeError, naming the range, for values before 1970 or from 2^34 seconds on.
 */
export function encodeFastDate64(ns: bigint): bigint {
  if (ns < 0n || ns >= END_NS) refuse(ns, " ns");
  wide[0] = ns;
  const low = halves[0] ?? 0;
  let seconds = Math.floor(((halves[1] ?? 0) * 2 ** 32 + low) / 1e9);
  // The double above may be off by one second; the remainder modulo 2^32 is exact and shows it.
  let remainderNs = (low - Math.imul(seconds | 0, 1e9)) | 0;
  if (remainderNs < 0) {
    seconds -= 1;
    remainderNs += 1e9;
  } else if (remainderNs >= 1e9) {
    seconds += 1;
    remainderNs -= 1e9;
  }
  // remainder × 2^30 / 10^9 = remainder × 2^21 / 5^9; adding half of 5^9, rounded down, rounds to nearest.
  const fraction = Math.floor((remainderNs * 2 ** 21 + 976_562) / 1_953_125);
  halves[0] = ((seconds & 3) << 30) | fraction;
  halves[1] = Math.floor(seconds / 4);
  return wide[0];
}

/** @throws RangeError if it is not an unsigned 64-bit number. */
export function decodeFastDate64(code: bigint): bigint {
  if (code < 0n || code >= END_CODE) {
    throw new RangeError(`FastDate64 is a number from 0 to 18446744073709551615; ${code} is outside`);
  }
  return (code * NS_PER_S + HALF_FRACTION) >> FRACTION_BITS;
}

/**
 * Unix seconds as a double, taken at its exact value.
 *
 * @throws RangeError for NaN, the infinities and values outside FastDate64's range.
 */
export function encodeSeconds(seconds: number): bigint {
  if (!(seconds >= 0 && seconds < 2 ** 34)) refuse(seconds, " s");
  const whole = Math.floor(seconds);
  // Scaling by a power of two is exact; only the rounding to 30 bits is not.
  return (BigInt(whole) << FRACTION_BITS) + BigInt(Math.round((seconds - whole) * 2 ** 30));
}
