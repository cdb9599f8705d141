// The counts behind bench/verdicts.ts: verdicts on equal nodes, differences found, hours reported as missing. Each
// case is split into parts with their own seeds, so that the figures do not depend on how many run at a time.
import { seededRandom } from "../src/lib/seeded-random.ts";
import { hourGrid } from "../src/nodes/compare/judge/hourly-series.ts";
import { type Side, sideOf } from "../src/nodes/compare/judge/side.ts";
import type { Verdict } from "../src/nodes/compare/judge/verdict.ts";
import { verdictsOf } from "../src/nodes/compare/judge/verdicts.ts";
import type { NodeData, Window } from "../src/nodes/compare/load.ts";
import { measure } from "../src/nodes/compare/measure.ts";
import type { MetricName } from "../src/nodes/compare/registry.ts";
import { HOUR_MS } from "../src/nodes/log/vocabulary.ts";
import { createActionSums } from "../src/nodes/store/action-sums.ts";
import { StoredCells } from "../src/nodes/store/cell-sums.ts";
import { HourTable, sketchOf } from "../src/nodes/store/hour-table.ts";
import type { StoredHour } from "../src/nodes/store/summary-numbers.ts";
import { BUCKET_LIMIT } from "../src/nodes/store/sketch.ts";
import { addStoredSketch } from "../src/nodes/store/stored-sketch.ts";
import {
  DurationPool,
  nodeHours,
  type Random,
  type Regime,
  REGIMES,
  type Shift,
  START_MS,
} from "./verdict-hours.ts";

const RATES = { egressUsd: 2, repairUsd: 2, auditUsd: 2, storageUsd: 1.5 };
const ALIKE: Shift = { points: 0, latency: 0 };

/** A case, by what it counts. */
export type Case = { readonly regime: string; readonly runs: number } &
  /** Fleets of these sizes: the first nodes of the largest. */
  (
    | { readonly type: "alike"; readonly sizes: readonly number[] }
    | {
        readonly type: "power";
        readonly what: string;
        readonly hours: number;
        readonly shift: Shift;
        readonly metric: MetricName;
      }
    | { readonly type: "missing"; readonly what: string; readonly hours: number; readonly shift: Shift }
  );

/** Verdicts on this many equal nodes over this many hours. */
export interface Alike {
  readonly nodes: number;
  readonly hours: number;
  /** Runs with any verdict. */
  hits: number;
  asked: number;
  early: number;
}

/** The counts of a part of a case; parts are added up. */
export interface Counted {
  runs: number;
  /** Runs with the right verdict. */
  hits: number;
  readonly alike: readonly Alike[];
  /** Hours predicted divided by hours actually needed. */
  readonly ratios: number[];
}

const WINDOWS = [3, 24, 168, 720] as const;
const LONGEST = 720;

export function nothingCounted(testCase: Case): Counted {
  const sizes = testCase.type === "alike" ? testCase.sizes : [];
  return {
    runs: 0,
    hits: 0,
    alike: sizes.flatMap((nodes) => WINDOWS.map((hours) => ({ nodes, hours, hits: 0, asked: 0, early: 0 }))),
    ratios: [],
  };
}

export function addCounted(to: Counted, from: Counted): void {
  to.runs += from.runs;
  to.hits += from.hits;
  to.ratios.push(...from.ratios);
  for (const [at, { hits, asked, early }] of from.alike.entries()) {
    const own = to.alike[at];
    if (own === undefined) continue;
    own.hits += hits;
    own.asked += asked;
    own.early += early;
  }
}

const EVERY_BUCKET = Int32Array.from({ length: BUCKET_LIMIT }, (_, bucket) => bucket);

function sideFrom(name: string, all: readonly StoredHour[], hours: number): Side {
  const window: Window = { sinceMs: START_MS, untilMs: START_MS + hours * HOUR_MS };
  const within = all.slice(0, hours);
  const own = new HourTable(within);
  const bucketCounts = new Float64Array(BUCKET_LIMIT);
  for (const { summary } of within) addStoredSketch(sketchOf(summary), EVERY_BUCKET, bucketCounts, 0);
  const data: NodeData = {
    hours: own,
    actions: createActionSums(),
    cells: new StoredCells(),
    bucketCounts,
    snapshot: null,
    scores: [],
    newestMs: null,
    damagedHours: [],
  };
  return sideOf(name, measure(data, { window, rates: RATES, earningsSource: "model" }), hourGrid(window));
}

function judged(sides: readonly Side[]): Verdict[] {
  return verdictsOf(sides, { pairs: false, minGap: 0.5, minLatencyGap: 5, unfair: new Set() });
}

function verdicts(nodes: readonly (readonly StoredHour[])[], hours: number): Verdict[] {
  return judged(nodes.map((all, index) => sideFrom(`n${index}`, all, hours)));
}

/** Judges a fleet of the largest size over each window, both as a whole and its first few nodes alone. */
function countAlike(fleet: readonly (readonly StoredHour[])[], to: readonly Alike[]): void {
  for (const window of WINDOWS) {
    const sides = fleet.map((all, index) => sideFrom(`n${index}`, all, window));
    for (const own of to) {
      if (own.hours !== window) continue;
      const said = judged(sides.slice(0, own.nodes));
      if (said.some(({ significant }) => significant)) own.hits += 1;
      own.asked += said.length;
      own.early += said.filter(({ type }) => type === "too_early").length;
    }
  }
}

/** How accurate the hours reported as missing are: the same nodes are observed further until there is a verdict. */
function missingRatios(pair: readonly (readonly StoredHour[])[], hours: number, longest: number): number[] {
  const ratios: number[] = [];
  const early = new Map(
    verdicts(pair, hours)
      .filter(({ type }) => type === "too_early")
      .map(({ metric, missing_hours }) => [metric, missing_hours ?? 0]),
  );
  for (let more = 3; early.size > 0 && hours + more <= longest; more = Math.ceil(more * 1.15)) {
    for (const { metric, type } of verdicts(pair, hours + more)) {
      const named = early.get(metric);
      if (named === undefined || type === "too_early") continue;
      ratios.push(named / more);
      early.delete(metric);
    }
  }
  // No verdict even within twelve times as long.
  for (const named of early.values()) ratios.push(Math.min(0.49, named / longest));
  return ratios;
}

function seedOf(testCase: Case, part: number): number {
  return Number(Bun.hash.crc32(`${JSON.stringify({ ...testCase, runs: 0 })} ${part}`));
}

/** Runs a part of a case. */
export function runPart(testCase: Case, part: number, runs: number): Counted {
  const regime = regimeNamed(testCase.regime);
  const random: Random = seededRandom(seedOf(testCase, part));
  const from = { pool: new DurationPool(random), random };
  const counted = nothingCounted(testCase);
  const made = (length: number, shift: Shift): StoredHour[] => nodeHours(length, { regime, shift }, from);
  for (; counted.runs < runs; counted.runs += 1) {
    switch (testCase.type) {
      case "alike":
        countAlike(
          Array.from({ length: Math.max(...testCase.sizes) }, () => made(LONGEST, ALIKE)),
          counted.alike,
        );
        break;
      case "power": {
        const { hours, metric, shift } = testCase;
        const said = verdicts([made(hours, ALIKE), made(hours, shift)], hours);
        if (said.find((verdict) => verdict.metric === metric)?.worse === "n1") counted.hits += 1;
        break;
      }
      case "missing": {
        const { hours, shift } = testCase;
        const longest = hours * 12;
        counted.ratios.push(...missingRatios([made(longest, ALIKE), made(longest, shift)], hours, longest));
        break;
      }
    }
  }
  return counted;
}

function regimeNamed(name: string): Regime {
  const found = REGIMES.find((regime) => regime.name === name);
  if (found === undefined) throw new Error(`Cannot find the regime ${name}`);
  return found;
}
