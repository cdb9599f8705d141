import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DEBUG_LOG, type LogShape, writeLog } from "../../../src/bench/generate-log.ts";
import { patient } from "../../support/emulation.ts";
import { awkCounts, metricsByAwk } from "../../support/nodes/node-logs.ts";
import { needs } from "../../support/programs.ts";
import { nodupe } from "../../support/run.ts";
import { tempFolder } from "../../support/temp.ts";

const SAMPLE = join(import.meta.dir, "../../fixtures/storagenode-sample.log");
const SHAPES: readonly LogShape[] = (["old", "new"] as const).flatMap((keys) =>
  (["console", "json"] as const).flatMap((encoding) =>
    (["none", "docker", "compose", "docker-json", "syslog"] as const).map((prefix, index): LogShape => {
      const times = ["millis-offset", "millis-z", "seconds-colon", "seconds-z"] as const;
      return {
        keys,
        encoding,
        prefix,
        time: times[index % 4] ?? "millis-z",
        level: index === 3 ? "info" : "debug",
      };
    }),
  ),
);

interface Compared {
  readonly nodes: readonly { node_name: string; metrics: Record<string, number | null> }[];
}

async function compared(a: string, b: string): Promise<Compared> {
  const run = await nodupe(["compare", `a=${a}`, `b=${b}`, "--json"]);
  expect({ exitCode: run.exitCode, stderr: run.stderr }).toEqual({ exitCode: 0, stderr: "" });
  return JSON.parse(run.stdout) as Compared;
}

needs("awk")("the real log's counts, sums and rates are those that awk finds", async () => {
  const truth = await awkCounts(SAMPLE);
  using folder = tempFolder();
  const run = await nodupe(["ingest", "--node", "a", SAMPLE, "--json", "--db", folder.file("s.db")]);
  expect(JSON.parse(run.stdout)).toMatchObject({
    lines: truth.lines,
    events: truth.ended,
    started: truth.started,
    malformed: 0,
  });
  const { nodes } = await compared(SAMPLE, SAMPLE);
  expect(nodes[0]?.metrics).toMatchObject(metricsByAwk(truth));
  expect(nodes[0]?.metrics).toMatchObject({
    avg_latency_p50: null,
    avg_latency_p95: null,
    latency_resolution_ms: 1000,
  });
});

for (const shape of SHAPES) {
  const name = `${shape.keys} keys, ${shape.encoding}, prefix ${shape.prefix}, ${shape.time}, ${shape.level}`;
  needs("awk")(
    `a generated log is counted as awk counts it: ${name}`,
    async () => {
      using folder = tempFolder();
      const path = folder.file("node.log");
      await writeLog(path, {
        ...shape,
        seed: 7,
        operations: 4_000,
        startMs: Date.UTC(2026, 2, 1),
        spanMs: 7_200_000,
      });
      const truth = await awkCounts(path);
      expect(truth.ended).toBeGreaterThan(3_500);
      const { nodes } = await compared(path, path);
      expect(nodes[0]?.metrics).toMatchObject(metricsByAwk(truth));
      const run = await nodupe(["ingest", "--node", "a", path, "--json", "--db", folder.file("s.db")]);
      expect(JSON.parse(run.stdout)).toMatchObject({
        lines: truth.lines,
        events: truth.ended,
        started: truth.started,
        ignored: 0,
        malformed: 0,
      });
    },
    60_000,
  );
}

/** Durations by pairing first in first out under the whole key, from the text alone. */
function exactDurations(path: string): number[] {
  const open = new Map<string, number[]>();
  const durations: number[] = [];
  for (const line of readFileSync(path, "utf8").trimEnd().split("\n")) {
    const [time = "", , , message = "", json = "{}"] = line.split("\t");
    const fields = JSON.parse(json) as Record<string, unknown>;
    const key = [
      fields["piece_id"],
      fields["satellite_id"],
      fields["action"],
      fields["remote_address"],
      fields["offset"],
    ].join(" ");
    if (message.endsWith("started")) open.set(key, [...(open.get(key) ?? []), Date.parse(time)]);
    else {
      const start = open.get(key)?.shift();
      if (start !== undefined) durations.push(Date.parse(time) - start);
    }
  }
  return durations.toSorted((a, b) => a - b);
}

test(
  "quantiles are within one percent of the exact ones, and the mean is exact",
  async () => {
    using folder = tempFolder();
    const path = folder.file("node.log");
    await writeLog(path, {
      ...DEBUG_LOG,
      seed: 3,
      operations: 20_000,
      startMs: Date.UTC(2026, 2, 1),
      spanMs: 86_400_000,
    });
    const exact = exactDurations(path);
    const { nodes } = await compared(path, path);
    const metrics = nodes[0]?.metrics ?? {};
    for (const [metric, q] of [
      ["avg_latency_p50", 0.5],
      ["avg_latency_p95", 0.95],
      ["avg_latency_p99", 0.99],
    ] as const) {
      const value = exact[Math.floor(q * (exact.length - 1))] ?? Number.NaN;
      expect(Math.abs((metrics[metric] ?? Number.NaN) / value - 1)).toBeLessThanOrEqual(0.01);
    }
    const mean = exact.reduce((sum, value) => sum + value, 0) / exact.length;
    expect(metrics["avg_latency_mean"]).toBeCloseTo(mean, 6);
  },
  patient(60_000),
);
