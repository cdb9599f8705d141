const NS_PER_S = 1_000_000_000n;

/** FastDate64 by its definition, in BigInt: the reference for the exact encoder, and its first implementation. */
export function encodeByDivision(ns: bigint): bigint {
  return ((ns << 30n) + NS_PER_S / 2n) / NS_PER_S;
}
