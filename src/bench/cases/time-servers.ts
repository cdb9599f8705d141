import { type MeasureSettings, measureOptions } from "../../time/options.ts";
import { BUILD_TIME_S } from "../../lib/version.ts";
import { measureServers, UNRECORDED } from "../../time/measure.ts";
import { NameCache, systemLookup } from "../../time/net/resolve.ts";
import { systemClock } from "../../time/clock/system-clock.ts";
import { defaultsOf } from "../../settings/defaults.ts";
import { askInSequence } from "../earlier/sequential-ntp.ts";
import type { Experiment } from "../experiment.ts";
import { startNtpPeers } from "../peers/ntp-peers.ts";

const ROUND_TRIP_MS = 20;
/** Both ways wait this long for a dead server. */
const TIMEOUT_MS = 200;
/** Peers answer by this machine's own clock: no delay can explain an offset greater than half the timeout. */
const MOST_OFFSET_MS = TIMEOUT_MS / 2 + 10;

/** All servers at once, as in `nodupe time`: the offset in milliseconds. */
async function askAtOnce(ports: readonly number[], signal: AbortSignal): Promise<number> {
  const settings: MeasureSettings = {
    ...defaultsOf(measureOptions),
    server: ports.map((port) => ({ host: "127.0.0.1", port })),
    timeout: TIMEOUT_MS,
  };
  const clock = systemClock();
  const { assessment } = await measureServers({
    ...UNRECORDED,
    settings,
    clock,
    cache: new NameCache({ size: 1, leastTtlMs: 1, mostTtlMs: 1 }),
    lookup: systemLookup,
    signal,
    buildTimeS: BUILD_TIME_S,
    askAll: true,
  });
  const { answer, reason } = assessment;
  if (answer === null) throw new Error(`no time from the peers: ${reason ?? "no reason given"}`);
  const now = clock.read();
  return Number(answer.offsetRawNs - (now.realNs - now.rawNs)) / 1e6;
}

function checked(offsetMs: number): number {
  if (Math.abs(offsetMs) <= MOST_OFFSET_MS) return offsetMs;
  throw new Error(`the peers' time is ${offsetMs} ms off, though their clock is this machine's`);
}

function serversExperiment(name: string, claim: string, live: number, dead: number): Experiment {
  return {
    job: "time",
    name,
    prepare: async (lab) => {
      const delays = Array.from({ length: live + dead }, (_, index) =>
        index % 2 === 1 && index < dead * 2 ? null : ROUND_TRIP_MS,
      );
      const ports = await startNtpPeers(delays, lab);
      return {
        type: "timing",
        unit: "ms",
        asynchronous: true,
        iterations: 1,
        ways: [
          {
            name: "one after another",
            earlier: true,
            run: async () => checked(await askInSequence(ports, TIMEOUT_MS)),
          },
          { name: "all at once", run: async () => checked(await askAtOnce(ports, lab.signal)) },
        ],
        claims: [{ name: claim, before: "one after another", after: "all at once" }],
      };
    },
  };
}

export const deadServers: Experiment = serversExperiment(
  "8 servers 20 ms away, 4 of them dead (time-out 200 ms)",
  "parallel NTP queries, half of the servers dead",
  4,
  4,
);

export const liveServers: Experiment = serversExperiment(
  "8 servers 20 ms away",
  "parallel NTP queries, all servers alive",
  8,
  0,
);
