// `bun bench/verdicts.ts [--runs N] [--only TEXT]`: how often verdicts call equal nodes different, and different
// ones different. Simulated hours of nodes go through the command's own code from the hourly statistics on:
// sketches, series, verdicts. Seeded: the same figures on every machine. bench/results/verdicts.json keeps those
// of a full run: every regime, 1,000 comparisons each. That takes half an hour of CPU time; --runs 100 shows the
// same picture in a few minutes. After SIGINT or SIGTERM it ends with the counts so far.
import { cpus } from "node:os";
import { join } from "node:path";
import { addCounted, type Case, type Counted, nothingCounted, runPart } from "./verdict-cases.ts";
import { REGIMES } from "./verdict-hours.ts";

/** Comparisons per part: a process runs one part after the other. */
const PART_RUNS = 100;

/** Wilson's 95% interval, in percent. */
function interval(hits: number, runs: number): [number, number] {
  const z = 1.96;
  const share = hits / runs;
  const centre = share + (z * z) / (2 * runs);
  const half = z * Math.sqrt((share * (1 - share)) / runs + (z * z) / (4 * runs * runs));
  const scale = 1 + (z * z) / runs;
  return [((centre - half) / scale) * 100, ((centre + half) / scale) * 100];
}

const onePoint = { points: 1, latency: 0 };
const twoPoints = { points: 2, latency: 0 };
const tenPoints = { points: 10, latency: 0 };
const slower = { points: 0, latency: Math.log(1.1) };
const twiceAsSlow = { points: 0, latency: Math.log(2) };
const DOWNLOADS = "success_rate_download";
const MEDIAN = "avg_latency_p50";

function cases(runs: number): Case[] {
  const power = (
    [
      ["one point of downloads", "independent hours", 168, onePoint, DOWNLOADS],
      ["one point of downloads", "shared daily cycle", 168, onePoint, DOWNLOADS],
      ["10% of the median latency", "independent hours", 168, slower, MEDIAN],
      ["10% of the median latency", "shared daily cycle", 168, slower, MEDIAN],
      ["two points of downloads", "correlation 0.5", 168, twoPoints, DOWNLOADS],
      ["two points of downloads", "correlation 0.5, half hidden", 168, twoPoints, DOWNLOADS],
      ["two points of downloads", "correlation 0.8", 720, twoPoints, DOWNLOADS],
      ["two points of downloads", "correlation 0.8, half hidden", 720, twoPoints, DOWNLOADS],
      ["one point of downloads", "independent hours", 24, onePoint, DOWNLOADS],
      ["two points of downloads", "independent hours", 24, twoPoints, DOWNLOADS],
      ["10% of the median latency", "independent hours", 24, slower, MEDIAN],
      ...REGIMES.flatMap(({ name }) => [
        ["ten points of downloads", name, 24, tenPoints, DOWNLOADS] as const,
        ["twice the median latency", name, 24, twiceAsSlow, MEDIAN] as const,
      ]),
    ] as const
  ).map(([what, regime, hours, shift, metric]): Case => ({
    type: "power",
    what,
    regime,
    hours,
    runs,
    shift,
    metric,
  }));
  const missing = (
    [
      ["alike", "correlation 0.8", 168, { points: 0, latency: 0 }],
      ["alike", "correlation 0.95", 168, { points: 0, latency: 0 }],
      ["alike", "correlation 0.95", 240, { points: 0, latency: 0 }],
      ["alike", "correlation 0.95", 720, { points: 0, latency: 0 }],
      ["alike", "correlation 0.8, half hidden", 168, { points: 0, latency: 0 }],
      ["alike", "correlation 0.95, half hidden", 168, { points: 0, latency: 0 }],
      ["two points of downloads", "correlation 0.8", 168, twoPoints],
      ["two points of downloads", "correlation 0.95", 168, twoPoints],
    ] as const
  ).map(([what, regime, hours, shift]): Case => ({
    type: "missing",
    what,
    regime,
    hours,
    runs: Math.ceil(runs / 10),
    shift,
  }));
  const alike = [[2, 5], [20]].flatMap((sizes) =>
    REGIMES.map(({ name: regime }): Case => ({ type: "alike", regime, sizes, runs })),
  );
  return [...missing, ...power, ...alike];
}

interface Part {
  readonly testCase: Case;
  readonly part: number;
  readonly runs: number;
}

function partsOf(testCase: Case): Part[] {
  return Array.from({ length: Math.ceil(testCase.runs / PART_RUNS) }, (_, part) => ({
    testCase,
    part,
    runs: Math.min(PART_RUNS, testCase.runs - part * PART_RUNS),
  }));
}

/** Runs a part in its own process, to use all cores. */
async function inProcess(part: Part): Promise<Counted> {
  const child = Bun.spawn([process.execPath, import.meta.path, "--part", JSON.stringify(part)], {
    stdout: "pipe",
    stderr: "inherit",
  });
  const [text, code] = await Promise.all([new Response(child.stdout).text(), child.exited]);
  if (code !== 0) throw new Error(`A part of ${part.testCase.regime} ended with ${code}`);
  return JSON.parse(text) as Counted;
}

interface Result {
  readonly false_verdicts: unknown[];
  readonly power: unknown[];
  readonly hours_missing: unknown[];
}

/** Stores a case's figures, and returns the lines that report them. */
function reportLines(testCase: Case, { runs, hits, alike, ratios }: Counted, to: Result): string[] {
  const { regime } = testCase;
  switch (testCase.type) {
    case "alike":
      return alike.map(({ nodes, hours, hits: any, asked, early }) => {
        const percent = (any / runs) * 100;
        const between = interval(any, runs);
        const tooEarly = (early / asked) * 100;
        to.false_verdicts.push({
          regime,
          nodes,
          hours,
          runs,
          any_verdict_percent: percent,
          interval_percent: between,
          too_early_percent: tooEarly,
        });
        return `${regime}, ${nodes} nodes, ${hours} h: any verdict ${percent.toFixed(1)}% (to ${between[1].toFixed(1)}%), too early ${tooEarly.toFixed(0)}%`;
      });
    case "power": {
      const { what, hours } = testCase;
      const percent = (hits / runs) * 100;
      to.power.push({ what, regime, hours, runs, found_percent: percent });
      return [`${what}, ${regime}, ${hours} h: found in ${percent.toFixed(0)}%`];
    }
    case "missing": {
      const { what, hours } = testCase;
      const sorted = ratios.toSorted((a, b) => a - b);
      const share = (ratios.filter((ratio) => ratio >= 0.5 && ratio <= 2).length / ratios.length) * 100;
      const middle = sorted[sorted.length >> 1] ?? Number.NaN;
      to.hours_missing.push({
        what,
        regime,
        hours,
        cases: ratios.length,
        within_factor_two_percent: share,
        median_ratio: middle,
      });
      return [
        `${what}, ${regime}, ${hours} h, hours missing: within a factor of two ${share.toFixed(0)}% of ${ratios.length}, median ratio ${middle.toFixed(2)}`,
      ];
    }
  }
}

function flag(name: string): string | null {
  const at = process.argv.indexOf(name);
  return at < 0 ? null : (process.argv[at + 1] ?? null);
}

async function main(): Promise<void> {
  const runs = Number(flag("--runs") ?? 1_000);
  const only = flag("--only");
  const wanted = cases(runs).filter((testCase) => only === null || JSON.stringify(testCase).includes(only));
  // Large fleets last, since they take longest; otherwise one part of each case in turn, so that all are equally
  // complete if the run is stopped.
  const isLarge = ({ testCase }: Part): number =>
    Number(testCase.type === "alike" && Math.max(...testCase.sizes) > 5);
  const parts = wanted.flatMap(partsOf).toSorted((a, b) => isLarge(a) - isLarge(b) || a.part - b.part);
  const counted = new Map(wanted.map((testCase) => [testCase, nothingCounted(testCase)]));
  let isStopped = false;
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => (isStopped = true));
  let next = 0;
  const work = async (): Promise<void> => {
    for (let part = parts[next++]; part !== undefined && !isStopped; part = parts[next++]) {
      const to = counted.get(part.testCase);
      const from = await inProcess(part);
      if (to !== undefined) addCounted(to, from);
      await Bun.write(Bun.stderr, `\r${next} of ${parts.length} parts`);
    }
  };
  await Promise.all(cpus().map(work));
  const result: Result = { false_verdicts: [], power: [], hours_missing: [] };
  const lines = wanted.flatMap((testCase) =>
    reportLines(testCase, counted.get(testCase) ?? nothingCounted(testCase), result),
  );
  await Bun.write(Bun.stderr, `\n${lines.join("\n")}\n`);
  if (runs >= 1_000 && only === null) {
    await Bun.write(join(import.meta.dir, "results/verdicts.json"), `${JSON.stringify(result, null, 2)}\n`);
  }
  await Bun.write(Bun.stdout, `${JSON.stringify(result)}\n`);
}

const own = flag("--part");
if (own === null) await main();
else {
  const { testCase, part, runs } = JSON.parse(own) as Part;
  await Bun.write(Bun.stdout, JSON.stringify(runPart(testCase, part, runs)));
}
