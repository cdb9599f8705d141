// Wall time of whole processes: eight servers, half of them dead, 20 ms away; beside chronyd -Q and ntpdig.
import { tmpdir } from "node:os";
import { join } from "node:path";
import { median, quantile } from "../src/bench/measure/statistics.ts";
import { BINARY } from "../tests/support/binary.ts";
import { startChronyd } from "../tests/support/chronyd.ts";
import { delayRelay, type NtpServer, serverArguments, silentServer } from "../tests/support/ntp.ts";
import { programPath } from "../tests/support/programs.ts";

/** What the relays are told to add; timers make it somewhat more, so ratios are of the round trip that is measured. */
const ROUND_TRIP_MS = 20;
/** ntpdig knows no other port than 123, which takes root to bind. */
const NTP_PORT = 123;

export interface WallTime {
  readonly name: string;
  readonly median_ms: number;
  readonly best_ms: number;
  readonly p95_ms: number;
  readonly runs: number;
}

async function timeRuns(name: string, command: readonly string[], runs: number): Promise<WallTime> {
  const times: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    const start = performance.now();
    const child = Bun.spawn([...command], { stdin: "ignore", stdout: "pipe", stderr: "ignore" });
    await Promise.all([new Response(child.stdout).text(), child.exited]);
    times.push(performance.now() - start);
  }
  times.sort((left, right) => left - right);
  return {
    name,
    median_ms: median(times),
    best_ms: quantile(times, 0),
    p95_ms: quantile(times, 0.95),
    runs,
  };
}

function chronydQuery(servers: readonly NtpServer[], options: string): string[] {
  const directives = servers.map(({ address, port }) => `server ${address} port ${port} ${options}`);
  const quiet = ["cmdport 0", `pidfile ${join(tmpdir(), `nodupe-bench-${process.pid}.pid`)}`];
  return [programPath("chronyd"), "-Q", "-t", "10", ...quiet, ...directives];
}

/** The median delay of the servers, as nodupe measures it with kernel timestamps, over several runs. */
async function measuredRoundTripMs(command: readonly string[], runs: number): Promise<number> {
  const delays: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    const child = Bun.spawn([...command, "--json"], { stdin: "ignore", stdout: "pipe", stderr: "ignore" });
    const [stdout] = await Promise.all([new Response(child.stdout).text(), child.exited]);
    const { servers } = JSON.parse(stdout) as { servers: { delay_s: number | null }[] };
    for (const { delay_s } of servers) if (delay_s !== null) delays.push(delay_s * 1e3);
  }
  return median(delays.toSorted((left, right) => left - right));
}

export interface WallTimes {
  readonly round_trip_ms: number;
  readonly times: readonly WallTime[];
}

/** Measures all clients against the same servers. `runs` bounds the quick ones; the slow ones run once or twice. */
export async function wallTimes(runs: number): Promise<WallTimes> {
  await using first = await startChronyd();
  await using second = await startChronyd();
  using stack = new DisposableStack();
  const keep = <T extends Disposable>(made: T): T => stack.use(made);
  const isRoot = process.getuid?.() === 0;
  const port = isRoot ? NTP_PORT : 0;
  const relays: NtpServer[] = [];
  const dead: NtpServer[] = [];
  const more: NtpServer[] = [];
  for (let index = 0; index < 4; index += 1) {
    const target = index % 2 === 0 ? first.port : second.port;
    relays.push(keep(await delayRelay(target, ROUND_TRIP_MS, { hostname: `127.0.9.${10 + index}`, port })));
    dead.push(keep(await silentServer({ hostname: `127.0.9.${20 + index}`, port })));
    more.push(keep(await delayRelay(target, ROUND_TRIP_MS, { hostname: `127.0.9.${30 + index}`, port })));
  }
  const half = [...relays, ...dead];
  const alive = [...relays, ...more];
  const nodupe = (servers: readonly NtpServer[], ...extra: readonly string[]): string[] => {
    return [BINARY, "time", "--db", ":memory:", ...extra, ...serverArguments(servers)];
  };
  const addresses = half.map(({ address }) => address);
  const times = [
    await timeRuns("start-up alone (nodupe time --help)", [BINARY, "time", "--help"], runs),
    await timeRuns("nodupe, half of eight dead", nodupe(half), runs),
    await timeRuns("nodupe, all of eight alive", nodupe(alive), runs),
    await timeRuns("chronyd -Q, one sample, half dead", chronydQuery(half, "iburst maxsamples 1"), 9),
    await timeRuns("chronyd -Q, iburst, half dead", chronydQuery(half, "iburst"), 1),
  ];
  if (isRoot) times.push(await timeRuns("ntpdig, half dead", [programPath("ntpdig"), ...addresses], 1));
  return { round_trip_ms: await measuredRoundTripMs(nodupe(alive), runs), times };
}
