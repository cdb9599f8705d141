import { expect, test } from "bun:test";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Experiment, Lab } from "../../src/bench/experiment.ts";
import { experimentsOf } from "../../src/bench/experiments.ts";
import { runBench } from "../../src/bench/run.ts";

const idle = { type: "timing", unit: "ms", asynchronous: false, iterations: 1, claims: [] } as const;

function experiment(name: string, prepare: Experiment["prepare"]): Experiment {
  return { job: "time", name, prepare };
}

function bench(experiments: readonly Experiment[], signal = new AbortController().signal) {
  return runBench({ experiments, quick: true, signal, self: [], onProgress: () => undefined });
}

test("a failing experiment is reported with its reason; the others are measured, and nothing is left behind", async () => {
  const ended: string[] = [];
  const folders: string[] = [];
  const works = experiment("works", async (lab: Lab) => {
    folders.push(lab.folder);
    writeFileSync(join(lab.folder, "data"), "x");
    lab.defer(() => void ended.push("first started"));
    lab.defer(() => void ended.push("last started"));
    return { ...idle, ways: [{ name: "a", run: () => undefined }] };
  });
  const fails = experiment("fails", () => Promise.reject(new Error("no such peer")));
  const report = await bench([fails, works]);
  expect(report.failures).toEqual([{ job: "time", name: "fails", reason: "no such peer" }]);
  expect(report.cases.map(({ name, samples }) => [name, samples])).toEqual([["works: a", 5]]);
  expect(ended).toEqual(["last started", "first started"]);
  expect(folders.map((folder) => existsSync(dirname(folder)))).toEqual([false]);
});

test("a shared file is made once, and an experiment's own folder is removed before the next begins", async () => {
  let made = 0;
  const seen: string[][] = [];
  const reads = (name: string): Experiment =>
    experiment(name, async (lab) => {
      await lab.shared("log", async (path) => {
        made += 1;
        writeFileSync(path, "line\n");
      });
      seen.push(readdirSync(dirname(lab.folder)).toSorted());
      return { ...idle, ways: [{ name: "a", run: () => undefined }] };
    });
  await bench([reads("one"), reads("two")]);
  expect(made).toBe(1);
  expect(seen).toEqual([
    ["0", "shared"],
    ["1", "shared"],
  ]);
});

test("observations are reported in order", async () => {
  const watched = experiment("memory", async () => ({
    type: "observation",
    unit: "MiB",
    observe: async () =>
      new Map([
        ["early", [10, 30]],
        ["late", [40]],
      ]),
  }));
  const report = await bench([watched]);
  expect(report.cases.map(({ way, median, series }) => [way, median, series])).toEqual([
    ["early", 20, [10, 30]],
    ["late", 40, [40]],
  ]);
  expect(report.ratios).toEqual([]);
});

test("an abort ends the run with what was measured, and is not a failure", async () => {
  const stop = new AbortController();
  const works = experiment("works", async () => ({ ...idle, ways: [{ name: "a", run: () => undefined }] }));
  const aborts = experiment("aborts", () => {
    stop.abort();
    return Promise.reject(new Error("cut short"));
  });
  const report = await bench([works, aborts, works], stop.signal);
  expect([report.interrupted, report.failures, report.cases.length]).toEqual([true, [], 1]);
});

test("every job has experiments, each with a unique name", async () => {
  const all = await experimentsOf(["sync", "time", "compare", "ingest"]);
  expect([...new Set(all.map(({ job }) => job))]).toEqual(["time", "ingest", "compare", "sync"]);
  const names = all.map(({ job, name }) => `${job} ${name}`);
  expect(new Set(names).size).toBe(names.length);
  expect((await experimentsOf(["compare"])).every(({ job }) => job === "compare")).toBe(true);
});
