import type { HourStats } from "../store/hour-stats.ts";
import { countsOf } from "./measure.ts";
import type { Question } from "./metric.ts";
import { cellParts, type SummedCells } from "../store/cell-sums.ts";
import { ACTIONS, kindOfAction, SIZE_CLASSES } from "../log/vocabulary.ts";

/** A part of the operations, and how much of a difference it makes. */
export interface Contribution {
  readonly dimension: "satellite" | "action" | "size" | "hour";
  readonly group: string;
  /** In the metric's unit (percentage points, or ms of the mean); a dimension's contributions add up to the difference. */
  readonly contribution: number;
  /** Of it: because the group itself goes better or worse… */
  readonly rate_effect: number;
  /** …and because one node has more of the group. */
  readonly mix_effect: number;
}

/** What a group adds up to: a sum over a number of operations (successes, or milliseconds). */
interface Group {
  sum: number;
  count: number;
}
export type Groups = ReadonlyMap<string, Group>;

/** What is taken apart: a share of operations, or (null) the mean latency. */
export type Part = Extract<Question, { type: "share" }> | null;

export interface WhyInput {
  readonly cells: SummedCells;
  readonly hours: readonly HourStats[];
  readonly satelliteName: (id: number) => string;
}

function add(groups: Map<string, Group>, name: string, sum: number, count: number): void {
  const group = groups.get(name);
  if (group === undefined) groups.set(name, { sum, count });
  else {
    group.sum += sum;
    group.count += count;
  }
}

/** The groups of one dimension. */
function groupsOf(input: WhyInput, dimension: Contribution["dimension"], part: Part): Groups {
  const groups = new Map<string, Group>();
  if (dimension === "hour") {
    for (const hour of input.hours) {
      const name = `${String(new Date(hour.startMs).getUTCHours()).padStart(2, "0")}:00 UTC`;
      if (part === null) {
        if (hour.timed > 0) add(groups, name, hour.timedMs, hour.timed);
        continue;
      }
      const { trials, successes } = countsOf(hour, part.kind, part.outcome);
      if (trials > 0) add(groups, name, successes * 100, trials);
    }
    return groups;
  }
  for (const [key, cell] of input.cells) {
    const { satellite, action, outcome, sizeClass } = cellParts(key);
    if (part !== null && kindOfAction(action) !== part.kind) continue;
    const name =
      dimension === "satellite"
        ? input.satelliteName(satellite)
        : dimension === "action"
          ? (ACTIONS[action] ?? "?")
          : (SIZE_CLASSES[sizeClass] ?? "?");
    if (part === null) {
      if (cell.timed > 0) add(groups, name, cell.timedMs, cell.timed);
    } else add(groups, name, outcome === part.outcome ? cell.count * 100 : 0, cell.count);
  }
  return groups;
}

/**
 * Splits the difference of two weighted means, a − b, over their groups: for each the change of its own mean at the
 * average share, and the change of its share at the average mean. The parts add up to the difference exactly.
 * Source: Kitagawa, JASA 50, 1955.
 */
export function decompose(a: Groups, b: Groups): Omit<Contribution, "dimension">[] {
  const total = (groups: Groups): Group => {
    const all = { sum: 0, count: 0 };
    for (const group of groups.values()) {
      all.sum += group.sum;
      all.count += group.count;
    }
    return all;
  };
  const allA = total(a);
  const allB = total(b);
  if (allA.count === 0 || allB.count === 0) return [];
  const middle = (allA.sum / allA.count + allB.sum / allB.count) / 2;
  const names = new Set([...a.keys(), ...b.keys()]);
  return [...names]
    .map((group) => {
      const ofA = a.get(group);
      const ofB = b.get(group);
      const shareA = (ofA?.count ?? 0) / allA.count;
      const shareB = (ofB?.count ?? 0) / allB.count;
      // A group that one side lacks differs by its share alone.
      const meanA = ofA !== undefined ? ofA.sum / ofA.count : (ofB?.sum ?? 0) / (ofB?.count ?? 1);
      const meanB = ofB !== undefined ? ofB.sum / ofB.count : meanA;
      const rateEffect = ((shareA + shareB) / 2) * (meanA - meanB);
      const mixEffect = (shareA - shareB) * ((meanA + meanB) / 2 - middle);
      return { group, contribution: rateEffect + mixEffect, rate_effect: rateEffect, mix_effect: mixEffect };
    })
    .toSorted((x, y) => Math.abs(y.contribution) - Math.abs(x.contribution));
}

/** Groups told of each dimension. */
const TOLD = 5;

/** Where the difference a − b in a metric comes from, the largest contribution first. */
export function whyDifferent(a: WhyInput, b: WhyInput, part: Part): Contribution[] {
  const dimensions = ["satellite", "action", "size", "hour"] as const;
  return dimensions
    .flatMap((dimension) =>
      decompose(groupsOf(a, dimension, part), groupsOf(b, dimension, part))
        .slice(0, TOLD)
        .map((group) => ({ dimension, ...group })),
    )
    .filter(({ contribution }) => contribution !== 0)
    .toSorted((x, y) => Math.abs(y.contribution) - Math.abs(x.contribution));
}
