/**
 * P(|T| > t) for Student's distribution with `freedom` (a whole number) degrees of freedom, to 1e-15.
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

/** Grid points per unit of t, and their number: larger t are rare. */
const POINTS = 32;
const GRID = 40 * POINTS;
/** Below this, `studentTail` is a difference of nearly equal numbers, and the exact value does not matter. */
const NOTHING = 1e-11;

const tables = new Map<number, Float64Array>();

/**
 * Like `studentTail`, but for thousands of calls: accurate to one part in ten million, and 0 below 1e-10. Cubic
 * interpolation of the logarithm between grid points, each computed when first needed.
 */
export function quickStudentTail(freedom: number): (t: number) => number {
  let table = tables.get(freedom);
  if (table === undefined) tables.set(freedom, (table = new Float64Array(GRID + 4).fill(Number.NaN)));
  const logs = table;
  const logAt = (point: number): number => {
    let log = logs[point] ?? 0;
    if (Number.isNaN(log)) {
      log = Math.log(studentTail(point / POINTS, freedom));
      logs[point] = log;
    }
    return log;
  };
  const leastLog = Math.log(NOTHING);
  return (t) => {
    const at = Math.abs(t) * POINTS;
    if (!(at < GRID)) return studentTail(t, freedom);
    const first = Math.max(0, Math.floor(at) - 1);
    const d = logAt(first + 3);
    if (d < leastLog) return 0;
    const a = logAt(first);
    const b = logAt(first + 1);
    const c = logAt(first + 2);
    const x = at - first;
    // Lagrange interpolation through points 0, 1, 2 and 3.
    const log =
      (-a * (x - 1) * (x - 2) * (x - 3)) / 6 +
      (b * x * (x - 2) * (x - 3)) / 2 -
      (c * x * (x - 1) * (x - 3)) / 2 +
      (d * x * (x - 1) * (x - 2)) / 6;
    return Math.exp(log);
  };
}
