import { rmSync } from "node:fs";
import { join } from "node:path";
import { messageOf } from "../lib/errors.ts";
import type { Capability, Claim, Experiment, Lab } from "./experiment.ts";
import { describeMachine } from "./machine.ts";
import { type Effort, measure, type Rounds } from "./measure/measure.ts";
import { boardReport, type Capacity } from "./board-report.ts";
import {
  type BenchReport,
  type CaseReport,
  caseReports,
  type RatioReport,
  ratioReports,
  type WayFacts,
} from "./report.ts";
import { createScratch, type Scratch } from "./scratch.ts";

const FULL: Effort = { rounds: 15, leastRounds: 3, budgetMs: 8_000 };
const QUICK: Effort = { rounds: 5, leastRounds: 3, budgetMs: 1_200 };
/** For a quick run that is behind schedule: two rounds must do. */
const HURRIED: Effort = { rounds: 2, leastRounds: 2, budgetMs: 0 };
/** The target for a quick run of all jobs; an idle machine needs less. */
const QUICK_AIM_MS = 18_000;

/** Experiments differ in length: being behind by this much is no reason to hurry. */
const SLACK_MS = 3_000;

/** @param share the part of the run that is done, 0 to 1. */
function effortFor(quick: boolean, share: number, elapsedMs: number): Effort {
  if (!quick) return FULL;
  return elapsedMs > QUICK_AIM_MS * share + SLACK_MS ? HURRIED : QUICK;
}

export interface BenchOptions {
  readonly experiments: readonly Experiment[];
  readonly quick: boolean;
  readonly signal: AbortSignal;
  readonly self: readonly string[];
  /** Called before each experiment; `done` of `total` are finished. */
  onProgress(done: number, total: number, experiment: Experiment): void;
}

interface Performed {
  readonly cases: readonly CaseReport[];
  readonly ratios: readonly RatioReport[];
  readonly capacities: readonly (readonly [Capability, Capacity])[];
}

/** Runs one experiment; null if the signal aborted before there was a result. */
async function perform(
  experiment: Experiment,
  lab: Omit<Lab, "defer">,
  effort: Effort,
): Promise<Performed | null> {
  await using ends = new AsyncDisposableStack();
  const trial = await experiment.prepare({ ...lab, defer: (end) => ends.defer(end) });
  if (lab.signal.aborted) return null;
  let rounds: Rounds;
  let claims: readonly Claim[] = [];
  let facts: ReadonlyMap<string, WayFacts> = new Map();
  switch (trial.type) {
    case "timing":
      rounds = await measure(trial, effort, lab.signal);
      claims = trial.claims;
      facts = new Map(trial.ways.map((way) => [way.name, way]));
      break;
    case "observation":
      rounds = new Map([...(await trial.observe())].map(([way, values]) => [way, [values]]));
      break;
  }
  const measured = { ...experiment, unit: trial.unit, rounds };
  const cases = caseReports(measured, facts);
  const capacities = cases.flatMap(({ way, median }) => {
    const { capability, bytesPerOperation = null } = facts.get(way) ?? {};
    return capability === undefined ? [] : [[capability, { median, bytesPerOperation }] as const];
  });
  return { cases, ratios: ratioReports(measured, claims), capacities };
}

/** Files by name, each created once per run. */
function sharedFiles(folder: string): Lab["shared"] {
  const made = new Map<string, Promise<string>>();
  return (name, make) => {
    const path = join(folder, name);
    const making = made.get(name) ?? make(path).then(() => path);
    made.set(name, making);
    return making;
  };
}

async function performAll(options: BenchOptions, scratch: Scratch) {
  const { experiments, quick, signal, self } = options;
  const start = performance.now();
  const shared = sharedFiles(scratch.folder("shared"));
  const cases: CaseReport[] = [];
  const ratios: RatioReport[] = [];
  const capacities = new Map<Capability, Capacity>();
  const failures: BenchReport["failures"][number][] = [];
  for (const [done, experiment] of experiments.entries()) {
    if (signal.aborted) break;
    options.onProgress(done, experiments.length, experiment);
    const { job, name } = experiment;
    const folder = scratch.folder(`${done}`);
    try {
      const effort = effortFor(quick, done / experiments.length, performance.now() - start);
      const performed = await perform(experiment, { folder, signal, quick, self, shared }, effort);
      cases.push(...(performed?.cases ?? []));
      ratios.push(...(performed?.ratios ?? []));
      for (const [capability, of] of performed?.capacities ?? []) capacities.set(capability, of);
    } catch (error) {
      // A case that cannot run here is reported as failed; the others are still useful.
      if (!signal.aborted) failures.push({ job, name, reason: messageOf(error) });
    } finally {
      // Storage is scarce: an experiment's files are removed before the next one starts.
      rmSync(folder, { recursive: true, force: true });
    }
  }
  return { cases, ratios, capacities, failures };
}

/**
 * Runs the experiments with generated data, in a temporary folder that is removed before this returns. Ends soon
 * after the signal aborts, with the results so far.
 */
export async function runBench(options: BenchOptions): Promise<BenchReport> {
  const start = performance.now();
  using scratch = createScratch();
  const machine = await describeMachine(scratch.path, options.signal);
  const { cases, ratios, capacities, failures } = await performAll(options, scratch);
  return {
    machine,
    quick: options.quick,
    cases,
    ratios,
    board: boardReport(capacities, machine),
    failures,
    interrupted: options.signal.aborted,
    elapsed_s: (performance.now() - start) / 1e3,
  };
}
