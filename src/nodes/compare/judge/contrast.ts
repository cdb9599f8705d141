import type { HourlySeries } from "./hourly-series.ts";
import { cosineTransform, LEAST_HOURS } from "./persistence.ts";
import { median } from "./statistics.ts";

/** The difference of two sides in one metric over the hours that both have, in the series' scale. */
export interface Contrast {
  /** The first side's value less the second's. */
  readonly difference: number;
  readonly hours: number;
  /** Of what each hour contributes to the difference: what both share has canceled. null where there are too few hours. */
  readonly cosines: Float64Array | null;
  readonly leastVariance: number;
}

/** Hours of the window, and a text that tells them from others. */
interface HourSet {
  readonly places: readonly number[];
  readonly key: string;
}

/** A series over some of its hours: its value there, and the transform of each hour's contribution to it. */
interface Restricted {
  readonly value: number;
  readonly cosines: Float64Array | null;
}

/** By series and hours: mostly all nodes share all hours, and each series is transformed once. */
const restrictions = new WeakMap<HourlySeries, Map<string, Restricted | null>>();

/** null where no operation of the series lies in the hours. */
export function restrict(series: HourlySeries, hours: HourSet): Restricted | null {
  let known = restrictions.get(series);
  if (known === undefined) restrictions.set(series, (known = new Map()));
  let found = known.get(hours.key);
  if (found === undefined) known.set(hours.key, (found = restrictAnew(series, hours.places)));
  return found;
}

function restrictAnew(series: HourlySeries, places: readonly number[]): Restricted | null {
  let weight = 0;
  let pull = 0;
  for (const hour of places) {
    weight += series.weight[hour] ?? 0;
    pull += series.pull[hour] ?? 0;
  }
  if (weight === 0) return null;
  const shift = pull / weight;
  const value = series.value + shift;
  if (places.length < LEAST_HOURS) return { value, cosines: null };
  const scale = places.length / weight;
  const hourly = new Float64Array(places.length);
  for (let at = 0; at < places.length; at += 1) {
    const hour = places[at] ?? 0;
    hourly[at] = ((series.pull[hour] ?? 0) - shift * (series.weight[hour] ?? 0)) * scale;
  }
  return { value, cosines: cosineTransform(hourly) };
}

/** The hours that are 1 in a mask. */
export function hoursOf(mask: Uint8Array): HourSet {
  const places: number[] = [];
  for (let hour = 0; hour < mask.length; hour += 1) if (mask[hour] === 1) places.push(hour);
  return { places, key: String.fromCodePoint(...mask) };
}

/** Hour by hour over the hours that both logs cover: a shared daily cycle cancels. null where there are none. */
export function contrastPair(a: HourlySeries, b: HourlySeries): Contrast | null {
  const hours = hoursOf(a.covered.map((is, hour) => is & (b.covered[hour] ?? 0)));
  const left = restrict(a, hours);
  const right = restrict(b, hours);
  if (left === null || right === null) return null;
  const other = right.cosines;
  return {
    difference: left.value - right.value,
    hours: hours.places.length,
    cosines: left.cosines?.map((value, at) => value - (other?.[at] ?? 0)) ?? null,
    leastVariance: a.leastVariance + b.leastVariance,
  };
}

/** A member is compared over another's hours where it has so large a part of them. */
const ENOUGH_SHARED = 0.8;

/**
 * Each node against the median of the fleet, itself included, over the hours that it and at least half of the others
 * have. What the fleet has in common in an hour is the mean of its members' deviations, which no rare event biases as an
 * hourly median would; it stands in for the median's, and the contributions are widened by what a median varies more than
 * a mean. null where a node shares no hour with another.
 */
export function contrastFleet(fleet: readonly HourlySeries[]): (Contrast | null)[] {
  const covering = new Float64Array(fleet[0]?.covered.length ?? 0);
  for (const { covered } of fleet) {
    for (let hour = 0; hour < covering.length; hour += 1) {
      covering[hour] = (covering[hour] ?? 0) + (covered[hour] ?? 0);
    }
  }
  const means = new Map<string, Common>();
  return fleet.map((node) => {
    const hours = hoursOf(
      node.covered.map((is, hour) => Number(is === 1 && ((covering[hour] ?? 0) - 1) * 2 >= fleet.length - 1)),
    );
    const own = restrict(node, hours);
    if (own === null) return null;
    let common = means.get(hours.key);
    if (common === undefined) means.set(hours.key, (common = commonOf(fleet, hours)));
    const { values, mean, leastVariance } = common;
    const count = values.length;
    if (count < 2) return null;
    // Var(x − median) over Var(x − mean), the median's variance being π/2 of the mean's (at large counts; less at small).
    const widening = count === 2 ? 1 : Math.sqrt((1 + Math.PI / (2 * count) - 2 / count) / (1 - 1 / count));
    return {
      difference: own.value - median(values),
      hours: hours.places.length,
      cosines: own.cosines?.map((value, at) => (value - (mean[at] ?? 0)) * widening) ?? null,
      leastVariance:
        node.leastVariance + ((leastVariance - node.leastVariance) * Math.PI) / (2 * count * count),
    };
  });
}

/** What a fleet has in common over some hours. */
interface Common {
  readonly values: readonly number[];
  /** Of the members' transforms. */
  readonly mean: Float64Array;
  /** Summed over the members. */
  readonly leastVariance: number;
}

function commonOf(fleet: readonly HourlySeries[], hours: HourSet): Common {
  const values: number[] = [];
  let mean = new Float64Array(0);
  let leastVariance = 0;
  for (const member of fleet) {
    let shared = 0;
    for (const hour of hours.places) shared += member.covered[hour] ?? 0;
    const restricted = shared < hours.places.length * ENOUGH_SHARED ? null : restrict(member, hours);
    if (restricted === null) continue;
    const { value, cosines } = restricted;
    values.push(value);
    leastVariance += member.leastVariance;
    if (cosines === null) continue;
    if (mean.length === 0) mean = new Float64Array(cosines.length);
    for (let at = 0; at < mean.length; at += 1) mean[at] = (mean[at] ?? 0) + (cosines[at] ?? 0);
  }
  return { values, mean: mean.map((sum) => sum / values.length), leastVariance };
}
