/**
 * P(|T| > t) of Student's distribution with `freedom` (a whole number) degrees of freedom, to 1e-15.
 * Source: Abramowitz & Stegun 26.7.3 and 26.7.4 (finite sums for whole degrees).
 */
export function studentTail(t: number, freedom: number): number {
  if (!(Math.abs(t) < Infinity)) return Number.isNaN(t) ? 1 : 0;
  const angle = Math.atan(Math.abs(t) / Math.sqrt(freedom));
  const sine = Math.sin(angle);
  const square = Math.cos(angle) ** 2;
  const isOdd = freedom % 2 === 1;
  let term = isOdd ? Math.cos(angle) : 1;
  let sum = freedom === 1 ? 0 : term;
  for (let k = isOdd ? 3 : 2; k < freedom; k += 2) {
    term *= (square * (k - 1)) / k;
    sum += term;
    if (term < sum * 1e-17) break;
  }
  const inside = isOdd ? (2 / Math.PI) * (angle + sine * sum) : sine * sum;
  return Math.min(1, Math.max(0, 1 - inside));
}
