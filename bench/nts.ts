// Authenticated time: the wall time of whole processes, cold and with cookies, compared with plain NTP and
// `chronyd -Q` with NTS.
//
//   bun bench/nts.ts [RUNS]      RUNS of the quick ones (40), in turns; results in bench/results/nts.json
//
// On a busy machine: chrt -r 5 bun bench/nts.ts 30 (as root; the saved results were made this way).
import { tmpdir } from "node:os";
import { join } from "node:path";
import { median, quantile } from "../src/bench/measure/statistics.ts";
import { createAuthority } from "../tests/support/net/authority.ts";
import { BINARY } from "../tests/support/binary.ts";
import { startNtsChronyd } from "../tests/support/time/chronyd.ts";
import { programPath } from "../tests/support/programs.ts";
import { tempFolder } from "../tests/support/temp.ts";
import { machine, timed } from "./support.ts";

const SERVERS = 3;
const CHRONYD_RUNS = 3;

interface Figure {
  readonly median_ms: number;
  readonly best_ms: number;
  readonly p95_ms: number;
  readonly runs: number;
}

function figure(times: readonly number[]): Figure {
  const sorted = times.toSorted((left, right) => left - right);
  return {
    median_ms: median(sorted),
    best_ms: quantile(sorted, 0),
    p95_ms: quantile(sorted, 0.95),
    runs: sorted.length,
  };
}

const runs = Number(process.argv[2] ?? 40);
await using stack = new AsyncDisposableStack();
const folder = stack.use(tempFolder());
const authority = await createAuthority(folder, "authority");
const chronyds = await Promise.all(
  // chronyd accepts only one server per address.
  Array.from({ length: SERVERS }, async (_, index) => {
    const address = `127.0.9.${40 + index}`;
    const extensions = ["basicConstraints = CA:FALSE", `subjectAltName = IP:${address}`];
    return startNtsChronyd(await authority.issue(`server-${index}`, { extensions }), [], address);
  }),
);
for (const chronyd of chronyds) stack.use(chronyd);

const named = (names: readonly string[]): string[] => names.flatMap((name) => ["--server", name]);
const nts = ["--nts", "--nts-ca", authority.path, ...named(chronyds.map(({ ntsName }) => ntsName))];
const store = (name: string): string[] => ["--db", folder.file(name)];
const CLIENTS: Readonly<Record<string, readonly string[]>> = {
  help: [BINARY, "time", "--help"],
  plain: [BINARY, "time", ...store("plain.db"), ...named(chronyds.map(({ name }) => name))],
  warm: [BINARY, "time", ...store("warm.db"), ...nts],
  cold: [BINARY, "time", ...store("cold.db"), ...nts, "--fresh"],
};

const times = new Map(Object.keys(CLIENTS).map((name) => [name, [] as number[]]));
// In turns, so that other load affects all alike; the first turn creates stores and cookies.
for (let run = 0; run <= runs; run += 1) {
  for (const [name, command] of Object.entries(CLIENTS)) {
    const { wallMs } = await timed(command);
    if (run > 0) times.get(name)?.push(wallMs);
  }
}

const directives = chronyds.map(({ port, ntsName }) => {
  const [address, ntsPort] = ntsName.split(":");
  return `server ${address} port ${port} nts ntsport ${ntsPort} iburst`;
});
const quiet = ["cmdport 0", `pidfile ${join(tmpdir(), `nodupe-bench-${process.pid}.pid`)}`];
// As root, chronyd would otherwise give up its right to read the authorities in this folder.
const user = process.getuid?.() === 0 ? ["-u", "root"] : [];
const trust = `ntstrustedcerts ${authority.path}`;
const chronydTimes: number[] = [];
for (let run = 0; run < CHRONYD_RUNS; run += 1) {
  const command = [programPath("chronyd"), "-Q", "-t", "20", ...user, ...quiet, trust, ...directives];
  const { wallMs } = await timed(command);
  chronydTimes.push(wallMs);
}

const figures = Object.fromEntries([...times].map(([name, each]) => [name, figure(each)]));
const chronyd = figure(chronydTimes);
const middle = (name: string): number => median(times.get(name) ?? []);
const differences = (times.get("warm") ?? []).map((warmMs, run) => warmMs - (times.get("plain")?.[run] ?? 0));
const result = {
  machine: machine(),
  servers: SERVERS,
  figures: { ...figures, "chronyd -Q, nts iburst": chronyd },
  cold_of_chronyd: middle("cold") / chronyd.median_ms,
  warm_beyond_plain_ms: median(differences),
};
await Bun.write(join(import.meta.dir, "results/nts.json"), `${JSON.stringify(result, null, 2)}\n`);
process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
