import { type Experiment, type Job, JOBS } from "../bench/experiment.ts";
import type { BenchReport } from "../bench/report.ts";
import { benchOptions } from "../bench/options.ts";
import { Failure } from "../lib/errors.ts";
import type { Progress } from "../lib/format/progress.ts";
import { didYouMean } from "../lib/nearest.ts";
import { command } from "./command-line/command.ts";
import { showProgress } from "./terminal/progress.ts";

const WORDS = [...JOBS, "all"] as const;

function jobsOf(word: string): readonly Job[] {
  if (word === "all") return JOBS;
  const job = JOBS.find((known) => known === word);
  if (job !== undefined) return [job];
  const hint = didYouMean(word, WORDS);
  throw new Failure(
    "usage",
    `unknown cases ${JSON.stringify(word)}: expected one of ${WORDS.join(", ")}${hint}`,
  );
}

/** The command that starts this program: the binary alone, or bun and the entry file. */
function ownCommand(): readonly string[] {
  return Bun.main.startsWith("/$bunfs/") ? [process.execPath] : [process.execPath, Bun.main];
}

function benchProgress(stand: { done: number; total: number; experiment: Experiment | null }): Progress {
  const { done, total, experiment } = stand;
  const about = experiment === null ? [] : [`measuring ${experiment.job}, ${experiment.name}`];
  return { done, total, noun: "cases", bytes: null, details: about, waiting: null };
}

/** Fails if the path cannot be written, before minutes are spent on measuring. */
async function refuseUnwritable(path: string): Promise<void> {
  const { writableFault } = await import("../bench/save-report.ts");
  const fault = writableFault(path);
  if (fault !== null) throw fault;
}

function exitCodeOf(report: BenchReport, slower: number): 0 | 1 | 3 {
  if (report.failures.length > 0) return 1;
  return slower > 0 ? 3 : 0;
}

export const bench = command({
  name: "bench",
  purpose: "Measures what this machine can do, each claim as a ratio of before and after.",
  usage: "[time|ingest|compare|sync|all]",
  positionals: { min: 0, max: 1 },
  options: { bench: benchOptions },
  details:
    "Works on generated data, against its own peers on the loopback, in a temporary folder that it removes. It uses no network and does not touch the clock. Shows medians of interleaved rounds; a ratio above 1 means that ours is better. The last line says what this machine can do. --against goes by nodupe's own ways alone: a case fails if its median is slower by more than the tolerance, and the intervals of the two medians do not meet.",
  examples: [
    ["nodupe bench --quick", "all cases in half a minute"],
    ["nodupe bench sync --save before.json", "measure uploads, and keep the report"],
    ["nodupe bench sync --against before.json --tolerance 20%", "exit 3 if a case became slower by more"],
  ],
  result: () => import("../render/results/program.ts").then((module) => module.benchResult),
  exitCodes: {
    0: "measured",
    1: "a case could not be measured; the report says which, and why",
    2: "usage error, or the saved report cannot be used, or is of a run of the other kind (--quick)",
    3: "a case is surely slower than in the saved report, and by more than the tolerance",
    5: "the report may not be read or written",
  },
  run: async ({ options: { bench: options }, positionals, terminal, signal }) => {
    const jobs = jobsOf(positionals[0] ?? "all");
    const { quick, save, against, tolerance } = options;
    const saved =
      against === null ? null : (await import("../bench/saved-report.ts")).readSavedReport(against, quick);
    if (save !== null) await refuseUnwritable(save);

    const [{ runBench }, { experimentsOf }] = await Promise.all([
      import("../bench/run.ts"),
      import("../bench/experiments.ts"),
    ]);
    const experiments = await experimentsOf(jobs);
    let stand: Parameters<typeof benchProgress>[0] = { done: 0, total: experiments.length, experiment: null };
    using progress = showProgress(terminal, () => benchProgress(stand), { pace: "whole" });
    const onProgress = (done: number, total: number, experiment: Experiment): void => {
      stand = { done, total, experiment };
      progress.changed();
      progress.tick();
    };
    const report = await runBench({ experiments, quick, signal, self: ownCommand(), onProgress });
    progress.end();

    if (save !== null && !report.interrupted) {
      const { saveReport } = await import("../bench/save-report.ts");
      saveReport(save, report);
    }
    const comparison =
      saved === null ? null : (await import("../bench/against.ts")).compareReports(saved, report, tolerance);
    if (terminal.json) await terminal.resultJson({ ...report, against: comparison });
    else {
      const { benchText, comparisonText } = await import("../render/bench.ts");
      const compared = comparison === null ? null : comparisonText(comparison, against ?? "");
      await terminal.result(benchText(report, compared));
    }
    if (save !== null && !report.interrupted) terminal.info(`saved to ${save}`);
    for (const { job, name, reason } of report.failures) terminal.warn(`${job}, ${name}: ${reason}`);
    return exitCodeOf(report, comparison?.slower.length ?? 0);
  },
});
