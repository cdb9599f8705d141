const NS_PER_S = 1_000_000_000n;

/** FastDate64 by its definition, in BigInt: the yardstick for the exact encoder, and the way it was done first. */
export function encodeByDivision(ns: bigint): bigint {
  return ((ns << 30n) + NS_PER_S / 2n) / NS_PER_S;
}
