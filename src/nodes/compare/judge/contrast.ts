import type { HourlySeries } from "./hourly-series.ts";
import { cosineTransform, LEAST_HOURS } from "./persistence.ts";
import { median } from "./statistics.ts";

/** The difference of two sides in one metric over the hours that both have, on the scale of the series. */
export interface Contrast {
  /** The first side's value minus the second's. */
  readonly difference: number;
  readonly hours: number;
  /**
   * The transforms of what each of the first `first` hours contributes to the difference; variation common to both
   * sides cancels. null if `first` is less than LEAST_HOURS.
   */
  cosinesOver(first: number, frequencies: number): Float64Array | null;
  readonly leastVariance: number;
}

/** Hours of the window, and a text that identifies this set of hours. */
interface HourSet {
  readonly places: readonly number[];
  readonly key: string;
}

/** A series restricted to some of its hours. */
interface Restricted {
  /** The value of the series over these hours. */
  readonly value: number;
  /** What each hour contributes to it. */
  readonly hourly: Float64Array;
  /** Cached transforms, by the number of hours transformed and the number of frequencies. */
  readonly transforms: Map<string, Float64Array>;
}

/** By series and hours. Usually all nodes have the same hours, and each series is transformed only once. */
const restrictions = new WeakMap<HourlySeries, Map<string, Restricted | null>>();

/** null if the series has no operation in these hours. */
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
  for (let at = 0; at < places.length; at += 1) {
    const hour = places[at] ?? 0;
    weight += series.weight[hour] ?? 0;
    pull += series.pull[hour] ?? 0;
  }
  if (weight === 0) return null;
  const shift = pull / weight;
  const scale = places.length / weight;
  const hourly = new Float64Array(places.length);
  for (let at = 0; at < places.length; at += 1) {
    const hour = places[at] ?? 0;
    hourly[at] = ((series.pull[hour] ?? 0) - shift * (series.weight[hour] ?? 0)) * scale;
  }
  return { value: series.value + shift, hourly, transforms: new Map() };
}

/** The transforms of the first `first` hours; null if that is less than LEAST_HOURS. */
export function cosinesOf(
  { hourly, transforms }: Restricted,
  first: number,
  frequencies: number,
): Float64Array | null {
  if (first < LEAST_HOURS) return null;
  const key = `${first} ${frequencies}`;
  let found = transforms.get(key);
  if (found === undefined) {
    transforms.set(key, (found = cosineTransform(hourly.subarray(0, first), frequencies)));
  }
  return found;
}

/** By mask, which all series of a node share. */
const hourSets = new WeakMap<Uint8Array, HourSet>();

/** The hours whose value in the mask is 1. */
export function hoursOf(mask: Uint8Array): HourSet {
  let found = hourSets.get(mask);
  if (found === undefined) {
    const places: number[] = [];
    for (let hour = 0; hour < mask.length; hour += 1) if (mask[hour] === 1) places.push(hour);
    hourSets.set(mask, (found = { places, key: Buffer.from(mask).toString("latin1") }));
  }
  return found;
}

/**
 * Compares two series hour by hour over the hours that both logs cover, so that a common daily cycle cancels. null if
 * either has no operations in them.
 */
export function contrastPair(a: HourlySeries, b: HourlySeries): Contrast | null {
  const hours = hoursOf(a.covered.map((is, hour) => is & (b.covered[hour] ?? 0)));
  const left = restrict(a, hours);
  const right = restrict(b, hours);
  if (left === null || right === null) return null;
  return {
    difference: left.value - right.value,
    hours: hours.places.length,
    cosinesOver: (first, frequencies) => {
      const other = cosinesOf(right, first, frequencies);
      return cosinesOf(left, first, frequencies)?.map((value, at) => value - (other?.[at] ?? 0)) ?? null;
    },
    leastVariance: a.leastVariance + b.leastVariance,
  };
}

/** A member counts in another node's hours if its log covers at least this share of them. */
const ENOUGH_SHARED = 0.8;

/**
 * Compares each node with the median of the fleet, itself included, over the hours that it and at least half of the
 * others have. The variation that the fleet has in common in an hour is the mean of its members' deviations, because
 * rare events would bias an hourly median. That mean stands in for the median's deviation, so the contributions are
 * widened by how much more a median varies than a mean. null if a node shares no hours with another.
 */
export function contrastFleet(fleet: readonly HourlySeries[]): (Contrast | null)[] {
  const sets = fleetHours(fleet.map(({ covered }) => covered));
  const known = new Map<string, Common>();
  return fleet.map((node, index) => {
    const hours = sets[index];
    const own = hours === undefined ? null : restrict(node, hours);
    if (hours === undefined || own === null) return null;
    let common = known.get(hours.key);
    if (common === undefined) known.set(hours.key, (common = commonOf(fleet, hours)));
    const { members, leastVariance } = common;
    const count = members.length;
    if (count < 2) return null;
    // Var(x − median) over Var(x − mean). The variance of the median is π/2 times that of the mean (for large counts;
    // less for small ones).
    const widening = count === 2 ? 1 : Math.sqrt((1 + Math.PI / (2 * count) - 2 / count) / (1 - 1 / count));
    return {
      difference: own.value - common.median,
      hours: hours.places.length,
      cosinesOver: (first, frequencies) => {
        const mean = common.meanOver(first, frequencies);
        return (
          cosinesOf(own, first, frequencies)?.map((value, at) => (value - (mean[at] ?? 0)) * widening) ?? null
        );
      },
      leastVariance:
        node.leastVariance + ((leastVariance - node.leastVariance) * Math.PI) / (2 * count * count),
    };
  });
}

/** By the first mask: the fleet's masks and their hours. Nearly all metrics are known for the same nodes. */
const fleetSets = new WeakMap<
  Uint8Array,
  { readonly masks: readonly Uint8Array[]; readonly sets: readonly HourSet[] }
>();

/** For each node, the hours that it and at least half of the others have. */
function fleetHours(masks: readonly Uint8Array[]): readonly HourSet[] {
  const [leader] = masks;
  if (leader === undefined) return [];
  const known = fleetSets.get(leader);
  if (known?.masks.length === masks.length && masks.every((mask, at) => mask === known.masks[at])) {
    return known.sets;
  }
  const { length } = leader;
  const covering = new Uint8Array(length);
  for (const mask of masks) {
    for (let hour = 0; hour < length; hour += 1) covering[hour] = (covering[hour] ?? 0) + (mask[hour] ?? 0);
  }
  const sets = masks.map((mask) => {
    const own = new Uint8Array(length);
    for (let hour = 0; hour < length; hour += 1) {
      own[hour] = Number(mask[hour] === 1 && ((covering[hour] ?? 0) - 1) * 2 >= masks.length - 1);
    }
    return hoursOf(own);
  });
  fleetSets.set(leader, { masks, sets });
  return sets;
}

/** What the members of a fleet have in common over some hours. */
interface Common {
  readonly members: readonly Restricted[];
  readonly median: number;
  /** The mean of the members' transforms of the first `first` hours. */
  meanOver(first: number, frequencies: number): Float64Array;
  /** The sum over the members. */
  readonly leastVariance: number;
}

function commonOf(fleet: readonly HourlySeries[], hours: HourSet): Common {
  const members: Restricted[] = [];
  let leastVariance = 0;
  for (const member of fleet) {
    const isEnough = sharedHours(member, hours) >= hours.places.length * ENOUGH_SHARED;
    const restricted = isEnough ? restrict(member, hours) : null;
    if (restricted === null) continue;
    members.push(restricted);
    leastVariance += member.leastVariance;
  }
  const means = new Map<string, Float64Array>();
  const meanOver = (first: number, frequencies: number): Float64Array => {
    const key = `${first} ${frequencies}`;
    let mean = means.get(key);
    if (mean === undefined) means.set(key, (mean = meanCosines(members, first, frequencies)));
    return mean;
  };
  return { members, median: median(members.map(({ value }) => value)), meanOver, leastVariance };
}

function sharedHours({ covered }: HourlySeries, { places, key }: HourSet): number {
  // Usually all nodes have all hours.
  if (hoursOf(covered).key === key) return places.length;
  let shared = 0;
  for (const hour of places) shared += covered[hour] ?? 0;
  return shared;
}

function meanCosines(members: readonly Restricted[], first: number, frequencies: number): Float64Array {
  const mean = new Float64Array(frequencies);
  for (const member of members) {
    const cosines = cosinesOf(member, first, frequencies) ?? [];
    for (let at = 0; at < frequencies; at += 1) mean[at] = (mean[at] ?? 0) + (cosines[at] ?? 0);
  }
  return mean.map((sum) => sum / members.length);
}
