// Wall time of whole processes: eight servers, half of them dead, 20 ms away; compared with chronyd -Q and ntpdig.
import { tmpdir } from "node:os";
import { join } from "node:path";
import { median, quantile } from "../src/bench/measure/statistics.ts";
import { BINARY } from "../tests/support/binary.ts";
import { startChronyd } from "../tests/support/time/chronyd.ts";
import { delayRelay, type NtpServer, serverArguments, silentServer } from "../tests/support/time/ntp.ts";
import { programPath } from "../tests/support/programs.ts";

/**
 * The delay that the relays are asked to add; timers make it somewhat longer, so ratios use the measured round trip.
 */
const ROUND_TRIP_MS = 20;
/** ntpdig can only use port 123, which only root can bind. */
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
  for (let run = 0; run < runs; run += 1) times.push((await timeRun(command)).ms);
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

/** Runs of `nodupe time`, each compared with the start-up before it and expressed in its own measured round trips. */
export interface RoundTrips {
  readonly name: string;
  /** Medians of the runs. */
  readonly round_trip_ms: number;
  readonly wall_ms: number;
  readonly start_up_ms: number;
  /** Round trips that a run takes beyond its start-up: the median, and that of the best quarter of runs. */
  readonly round_trips: number;
  readonly best_round_trips: number;
  readonly runs: number;
}

async function timeRun(
  command: readonly string[],
): Promise<{ readonly ms: number; readonly stdout: string }> {
  const start = performance.now();
  const child = Bun.spawn([...command], { stdin: "ignore", stdout: "pipe", stderr: "ignore" });
  const [stdout] = await Promise.all([new Response(child.stdout).text(), child.exited]);
  return { ms: performance.now() - start, stdout };
}

/** The median delay of a run's servers, as measured by nodupe with kernel timestamps. */
function roundTripMsOf(json: string): number {
  const { servers } = JSON.parse(json) as { servers: { delay_s: number | null }[] };
  const delays = servers.flatMap(({ delay_s: delayS }) => (delayS === null ? [] : [delayS * 1e3]));
  return median(delays.toSorted((left, right) => left - right));
}

/** A busy machine delays the relays too, so each run is compared with its own round trip and its own start-up. */
async function countRoundTrips(name: string, command: readonly string[], runs: number): Promise<RoundTrips> {
  const measured: { roundTripMs: number; wallMs: number; startMs: number }[] = [];
  for (let run = 0; run < runs; run += 1) {
    const { ms: startMs } = await timeRun([BINARY, "time", "--help"]);
    const { ms: wallMs, stdout } = await timeRun([...command, "--json"]);
    measured.push({ roundTripMs: roundTripMsOf(stdout), wallMs, startMs });
  }
  const sorted = (of: (each: (typeof measured)[number]) => number): number[] => {
    return measured.map(of).toSorted((left, right) => left - right);
  };
  const trips = sorted(({ roundTripMs, wallMs, startMs }) => (wallMs - startMs) / roundTripMs);
  return {
    name,
    round_trip_ms: median(sorted(({ roundTripMs }) => roundTripMs)),
    wall_ms: median(sorted(({ wallMs }) => wallMs)),
    start_up_ms: median(sorted(({ startMs }) => startMs)),
    round_trips: median(trips),
    best_round_trips: quantile(trips, 0.25),
    runs,
  };
}

export interface WallTimes {
  readonly half_dead: RoundTrips;
  readonly all_alive: RoundTrips;
  readonly times: readonly WallTime[];
}

/** Measures all clients against the same servers. `runs` applies to the quick ones; the slow ones run once or twice. */
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
  const nodupe = (servers: readonly NtpServer[]): string[] => {
    return [BINARY, "time", "--db", ":memory:", ...serverArguments(servers)];
  };
  const addresses = half.map(({ address }) => address);
  const times = [
    await timeRuns("nodupe, half of eight dead", nodupe(half), runs),
    await timeRuns("chronyd -Q, one sample, half dead", chronydQuery(half, "iburst maxsamples 1"), 9),
    await timeRuns("chronyd -Q, iburst, half dead", chronydQuery(half, "iburst"), 1),
  ];
  if (isRoot) times.push(await timeRuns("ntpdig, half dead", [programPath("ntpdig"), ...addresses], 1));
  return {
    half_dead: await countRoundTrips("half of eight dead", nodupe(half), runs),
    all_alive: await countRoundTrips("all of eight alive", nodupe(alive), runs),
    times,
  };
}
