// The error against a server on the same machine, which uses our clock: the true offset is zero. All cores are
// kept busy.
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { median, quantile } from "../src/bench/measure/statistics.ts";
import { BINARY } from "../tests/support/binary.ts";
import { startChronyd } from "../tests/support/time/chronyd.ts";
import { programPath } from "../tests/support/programs.ts";

export interface Precision {
  readonly name: string;
  readonly median_us: number;
  readonly p99_us: number;
  readonly runs: number;
}

/** Keeps every core busy until disposed of. */
function load(): Disposable {
  const children = Array.from({ length: availableParallelism() }, () =>
    Bun.spawn(["/bin/sh", "-c", "while :; do :; done"]),
  );
  return {
    [Symbol.dispose]: () => {
      for (const child of children) child.kill();
    },
  };
}

function summary(name: string, errorsUs: readonly number[]): Precision {
  const sorted = errorsUs.toSorted((left, right) => left - right);
  return { name, median_us: median(sorted), p99_us: quantile(sorted, 0.99), runs: sorted.length };
}

/** The offsets, in seconds, of repeated runs of a command. */
async function offsets(
  command: readonly string[],
  read: (output: string) => number | null,
  runs: number,
): Promise<number[]> {
  const found: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    const child = Bun.spawn([...command], { stdin: "ignore", stdout: "pipe", stderr: "pipe" });
    const [out, err] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
      child.exited,
    ]);
    const offset = read(`${out}\n${err}`);
    if (offset !== null) found.push(offset);
  }
  return found;
}

/** The offset of each round of one `nodupe time --watch`. */
async function watchedOffsets(server: string, runs: number): Promise<number[]> {
  const args = ["time", "--watch", "--interval", "5ms", "--json", "--db", ":memory:", "--server", server];
  const child = Bun.spawn([BINARY, ...args], { stdin: "ignore", stdout: "pipe", stderr: "ignore" });
  const found: number[] = [];
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of child.stdout) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) found.push((JSON.parse(line) as { offset_s: number }).offset_s);
    if (found.length >= runs) break;
  }
  child.kill();
  await child.exited;
  return found.slice(0, runs);
}

/**
 * `runs` measurements by nodupe in one process, `runs` by separate processes, and fewer by chronyd -Q, all under load.
 */
export async function precision(runs: number): Promise<readonly Precision[]> {
  await using server = await startChronyd();
  using _ = load();
  const toUs = (values: readonly number[]): number[] => values.map((value) => Math.abs(value) * 1e6);
  const nodupe = [BINARY, "time", "--json", "--db", ":memory:", "--server", server.name];
  const readJson = (output: string): number | null =>
    (JSON.parse(output) as { offset_s: number | null }).offset_s;
  const chronyd = [
    programPath("chronyd"),
    "-Q",
    "-t",
    "5",
    "cmdport 0",
    `pidfile ${join(tmpdir(), `nodupe-bench-${process.pid}.pid`)}`,
    `server 127.0.0.1 port ${server.port} iburst maxsamples 1`,
  ];
  const readChronyd = (output: string): number | null => {
    const match = /System clock wrong by (-?[\d.]+) seconds/.exec(output);
    return match === null ? null : Number(match[1]);
  };
  return [
    summary("nodupe, rounds of one process", toUs(await watchedOffsets(server.name, runs))),
    summary("nodupe, a process each", toUs(await offsets(nodupe, readJson, runs))),
    summary(
      "nodupe, a process each, four samples",
      toUs(await offsets([...nodupe, "--samples", "4"], readJson, runs)),
    ),
    summary("chronyd -Q, a process each", toUs(await offsets(chronyd, readChronyd, Math.ceil(runs / 5)))),
  ];
}
