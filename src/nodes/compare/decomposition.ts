import type { HourTable } from "../store/hour-table.ts";
import type { Question } from "./metric.ts";
import { cellParts, type StoredCells } from "../store/cell-sums.ts";
import { ACTIONS, kindOfAction, SIZE_CLASSES } from "../log/vocabulary.ts";

/** A group of operations, and its part in a difference. */
export interface Contribution {
  readonly dimension: "satellite" | "action" | "size" | "hour";
  readonly group: string;
  /**
   * In the metric's unit (percentage points, or ms of the mean). The contributions of a dimension add up to the
   * difference.
   */
  readonly contribution: number;
  /** The part of it that comes from the group itself doing better or worse … */
  readonly rate_effect: number;
  /** … and the part that comes from one node having more of the group. */
  readonly mix_effect: number;
  /** The group's share of the operations, averaged over both sides. */
  readonly share_percent: number;
}

/** The total of a group: a sum (of successes, or milliseconds) over a number of operations. */
interface Group {
  sum: number;
  count: number;
}
export type Groups = ReadonlyMap<string, Group>;

/** What is decomposed: a share of operations, or (null) the mean latency. */
export type Part = Extract<Question, { type: "share" }> | null;

export interface WhyInput {
  readonly cells: Pick<StoredCells, "sums">;
  readonly hours: HourTable;
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

/** The groups of one dimension, summed over all inputs. */
function groupsOf(inputs: readonly WhyInput[], dimension: Contribution["dimension"], part: Part): Groups {
  const groups = new Map<string, Group>();
  for (const input of inputs) {
    if (dimension === "hour") addHours(groups, input, part);
    else addCellGroups(groups, input, dimension, part);
  }
  return groups;
}

function addHours(groups: Map<string, Group>, { hours }: WhyInput, part: Part): void {
  const counts = part === null ? hours.timed() : hours.trials(part.kind);
  const sums = part === null ? hours.timedMs() : hours.counts(part.kind, part.outcome);
  const scale = part === null ? 1 : 100;
  for (const [hour, startMs] of hours.startMs.entries()) {
    const count = counts[hour] ?? 0;
    if (count === 0) continue;
    const name = `${String(new Date(startMs).getUTCHours()).padStart(2, "0")}:00 UTC`;
    add(groups, name, (sums[hour] ?? 0) * scale, count);
  }
}

function addCellGroups(
  groups: Map<string, Group>,
  { cells, satelliteName }: WhyInput,
  dimension: "satellite" | "action" | "size",
  part: Part,
): void {
  for (const [key, cell] of cells.sums()) {
    const { satellite, action, outcome, sizeClass } = cellParts(key);
    if (part !== null && kindOfAction(action) !== part.kind) continue;
    const name =
      dimension === "satellite"
        ? satelliteName(satellite)
        : dimension === "action"
          ? (ACTIONS[action] ?? "?")
          : (SIZE_CLASSES[sizeClass] ?? "?");
    if (part === null) {
      if (cell.timed > 0) add(groups, name, cell.timedMs, cell.timed);
    } else add(groups, name, outcome === part.outcome ? cell.count * 100 : 0, cell.count);
  }
}

/**
 * Splits the difference of two weighted means, a − b, over their groups. Each group contributes the change of its own
 * mean at the average share, plus the change of its share at the average mean. The parts add up to exactly the
 * difference. Source: Kitagawa, JASA 50, 1955.
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
      // If one side lacks the group, only the shares differ.
      const meanA = ofA !== undefined ? ofA.sum / ofA.count : (ofB?.sum ?? 0) / (ofB?.count ?? 1);
      const meanB = ofB !== undefined ? ofB.sum / ofB.count : meanA;
      const rateEffect = ((shareA + shareB) / 2) * (meanA - meanB);
      const mixEffect = (shareA - shareB) * ((meanA + meanB) / 2 - middle);
      return {
        group,
        contribution: rateEffect + mixEffect,
        rate_effect: rateEffect,
        mix_effect: mixEffect,
        share_percent: ((shareA + shareB) / 2) * 100,
      };
    })
    .toSorted((x, y) => Math.abs(y.contribution) - Math.abs(x.contribution));
}

/** How many groups are reported for each dimension. */
const TOLD = 5;

/** Where the difference a − b in a metric comes from, the largest contribution first. */
export function whyDifferent(
  a: readonly WhyInput[],
  b: readonly WhyInput[],
  part: Part,
): { readonly difference: number; readonly parts: readonly Contribution[] } {
  const dimensions = ["satellite", "action", "size", "hour"] as const;
  const all = dimensions.map((dimension) =>
    decompose(groupsOf(a, dimension, part), groupsOf(b, dimension, part)).map((group) => ({
      dimension,
      ...group,
    })),
  );
  const parts = all
    .flatMap((groups) => groups.slice(0, TOLD))
    .filter(({ contribution }) => contribution !== 0)
    .toSorted((x, y) => Math.abs(y.contribution) - Math.abs(x.contribution));
  // The parts of every dimension have the same sum.
  const difference = (all[0] ?? []).reduce((sum, { contribution }) => sum + contribution, 0);
  return { difference, parts };
}
