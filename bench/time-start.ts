// The cost of a measurement over loopback compared with the help: wall and CPU time of whole processes, in turns.
import { BINARY } from "../tests/support/binary.ts";
import { startChronyd } from "../tests/support/time/chronyd.ts";
import { tempFolder } from "../tests/support/temp.ts";
import { middle, type Sample, timed } from "./support.ts";

export interface StartCost {
  readonly help: Sample;
  readonly loopback: Sample;
  readonly wall_ratio: number;
  readonly cpu_ratio: number;
  /** Of the best runs, to leave out delays caused by other load. */
  readonly best_wall_ratio: number;
  readonly best_cpu_ratio: number;
  readonly runs: number;
}

function best(samples: readonly Sample[], of: "wallMs" | "cpuMs"): number {
  return Math.min(...samples.map((sample) => sample[of]));
}

/** One server on this machine and an existing store, as from the second run on. */
export async function startCost(runs: number): Promise<StartCost> {
  await using server = await startChronyd();
  using folder = tempFolder();
  const measure = [BINARY, "time", "--json", "--db", folder.file("nodupe.db"), "--server", server.name];
  const help = [BINARY, "--help"];
  await timed(measure);
  const samples: { readonly help: Sample[]; readonly loopback: Sample[] } = { help: [], loopback: [] };
  for (let run = 0; run < runs; run += 1) {
    samples.help.push(await timed(help));
    samples.loopback.push(await timed(measure));
  }
  const [ofHelp, ofLoopback] = [middle(samples.help), middle(samples.loopback)];
  return {
    help: ofHelp,
    loopback: ofLoopback,
    wall_ratio: ofLoopback.wallMs / ofHelp.wallMs,
    cpu_ratio: ofLoopback.cpuMs / ofHelp.cpuMs,
    best_wall_ratio: best(samples.loopback, "wallMs") / best(samples.help, "wallMs"),
    best_cpu_ratio: best(samples.loopback, "cpuMs") / best(samples.help, "cpuMs"),
    runs,
  };
}
