import type { HourlySeries } from "./hourly-series.ts";
import { median } from "./statistics.ts";

/** The difference of two sides in one metric over the hours that both have, in the series' scale. */
export interface Contrast {
  /** The first side's value less the second's. */
  readonly difference: number;
  /** What each common hour contributes to it, less the difference itself: what both share has canceled. */
  readonly hourly: Float64Array;
  readonly leastVariance: number;
}

/** A series over some of its hours: its value there, and each hour's deviation as a contribution to the mean. */
interface Restricted {
  readonly value: number;
  readonly hourly: Float64Array;
}

/** null where no operation of the series lies in the hours. */
function restrict(series: HourlySeries, hours: readonly number[]): Restricted | null {
  let weight = 0;
  let pull = 0;
  for (const hour of hours) {
    weight += series.weight[hour] ?? 0;
    pull += series.pull[hour] ?? 0;
  }
  if (weight === 0) return null;
  const shift = pull / weight;
  const scale = hours.length / weight;
  const hourly = new Float64Array(hours.length);
  for (const [at, hour] of hours.entries()) {
    hourly[at] = ((series.pull[hour] ?? 0) - shift * (series.weight[hour] ?? 0)) * scale;
  }
  return { value: series.value + shift, hourly };
}

function hoursWhere(length: number, keep: (hour: number) => boolean): number[] {
  const hours: number[] = [];
  for (let hour = 0; hour < length; hour += 1) if (keep(hour)) hours.push(hour);
  return hours;
}

/** Hour by hour over the hours that both logs cover: a shared daily cycle cancels. null where there are none. */
export function contrastPair(a: HourlySeries, b: HourlySeries): Contrast | null {
  const hours = hoursWhere(a.covered.length, (hour) => a.covered[hour] === 1 && b.covered[hour] === 1);
  const left = restrict(a, hours);
  const right = restrict(b, hours);
  if (left === null || right === null) return null;
  return {
    difference: left.value - right.value,
    hourly: left.hourly.map((value, at) => value - (right.hourly[at] ?? 0)),
    leastVariance: a.leastVariance + b.leastVariance,
  };
}

/** A member is compared over another's hours where it has so large a part of them. */
const ENOUGH_SHARED = 0.8;

/**
 * One node against the median of its fleet, itself included. What the fleet has in common in an hour is the mean of its
 * members' deviations, which no rare event biases as an hourly median would; it stands in for the median's, and the
 * contributions are widened by what a median varies more than a mean.
 */
export function contrastFleet(node: HourlySeries, others: readonly HourlySeries[]): Contrast | null {
  const hours = hoursWhere(node.covered.length, (hour) => {
    if (node.covered[hour] !== 1) return false;
    let present = 0;
    for (const other of others) present += other.covered[hour] ?? 0;
    return present * 2 >= others.length;
  });
  const own = restrict(node, hours);
  if (own === null) return null;
  const members = others
    .filter(({ covered }) => {
      let shared = 0;
      for (const hour of hours) shared += covered[hour] ?? 0;
      return shared >= hours.length * ENOUGH_SHARED;
    })
    .map((other) => ({ ...restrict(other, hours), leastVariance: other.leastVariance }));
  const values = [own.value];
  const common = Float64Array.from(own.hourly);
  let leastVariance = node.leastVariance;
  for (const { value, hourly, leastVariance: least } of members) {
    if (value === undefined || hourly === undefined) continue;
    values.push(value);
    leastVariance += least;
    for (let at = 0; at < common.length; at += 1) common[at] = (common[at] ?? 0) + (hourly[at] ?? 0);
  }
  const count = values.length;
  if (count < 2) return null;
  // Var(x − median) over Var(x − mean), the median's variance being π/2 of the mean's (at large counts; less at small).
  const widening = count === 2 ? 1 : Math.sqrt((1 + Math.PI / (2 * count) - 2 / count) / (1 - 1 / count));
  return {
    difference: own.value - median(values),
    hourly: own.hourly.map((value, at) => (value - (common[at] ?? 0) / count) * widening),
    leastVariance:
      node.leastVariance + ((leastVariance - node.leastVariance) * Math.PI) / (2 * count * count),
  };
}
