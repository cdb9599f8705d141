import { expect } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { needs, promtoolSays } from "../../support/programs.ts";
import { nodupe } from "../../support/run.ts";
import { tempFolder } from "../../support/temp.ts";

const SAMPLE = join(import.meta.dir, "../../fixtures/storagenode-sample.log");

needs("promtool")(
  "the store as Prometheus text: on stdout, as JSON, and in a file that is replaced whole",
  async () => {
    using folder = tempFolder();
    const db = ["--db", folder.file("s.db")];
    const missing = await nodupe(["metrics", ...db]);
    expect([missing.exitCode, missing.stdout]).toEqual([2, ""]);

    const hostile = 'pi "1"\\';
    for (const name of ["pi-2", hostile]) await nodupe(["ingest", "--node", name, SAMPLE, ...db]);
    const run = await nodupe(["metrics", ...db]);
    expect([run.exitCode, run.stderr]).toEqual([0, ""]);
    expect(await promtoolSays(run.stdout)).toEqual(["", 0]);
    expect(run.stdout).toContain('nodupe_node_newest_line_timestamp_seconds{node="pi-2"} 1759780423\n');

    const json = await nodupe(["metrics", "--json", ...db]);
    const told = JSON.parse(json.stdout) as { output: null; metrics: { name: string; samples: unknown[] }[] };
    expect(
      told.metrics.find(({ name }) => name === "nodupe_node_newest_line_timestamp_seconds")?.samples,
    ).toHaveLength(2);

    const output = folder.file("nodupe.prom");
    const written = await nodupe(["metrics", "--output", output, ...db]);
    expect([written.exitCode, written.stdout, written.stderr]).toEqual([0, "", ""]);
    const text = readFileSync(output, "utf8");
    expect(await promtoolSays(text)).toEqual(["", 0]);
    expect(text).toContain('{node="pi \\"1\\"\\\\"}');
    expect(readdirSync(folder.file(".")).filter((name) => name.startsWith("nodupe.prom"))).toEqual([
      "nodupe.prom",
    ]);

    const nowhere = await nodupe(["metrics", "--output", folder.file("none", "a.prom"), ...db]);
    expect([nowhere.exitCode, existsSync(folder.file("none"))]).toEqual([2, false]);
    expect(nowhere.stderr).toMatch(/^nodupe: --output .* cannot be written: .*\n$/);
  },
  60_000,
);
