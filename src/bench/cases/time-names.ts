import { NameCache, resolveName } from "../../time/net/resolve.ts";
import { agree } from "../agree.ts";
import type { Experiment } from "../experiment.ts";
import { startDnsPeer } from "../peers/dns-peer.ts";

const HOST = "ntp.example";
const CACHE = { size: 64, leastTtlMs: 60_000, mostTtlMs: 86_400_000 };

export const nameLookup: Experiment = {
  job: "time",
  name: "name lookup, name server 10 ms away",
  prepare: async (lab) => {
    const lookup = await startDnsPeer(10, lab);
    const resolve = async (cache: NameCache): Promise<readonly string[]> => {
      const context = { cache, lookup, timeoutMs: 2_000, signal: lab.signal, nowMs: Date.now };
      const resolution = await resolveName(HOST, context);
      if (!resolution.ok) throw new Error(resolution.reason);
      return resolution.addresses;
    };
    const cache = new NameCache(CACHE);
    agree("addresses", await resolve(cache), await resolve(new NameCache(CACHE)));
    return {
      type: "timing",
      unit: "ms",
      asynchronous: true,
      iterations: 10,
      ways: [
        { name: "asked each time", run: () => resolve(new NameCache(CACHE)) },
        { name: "cached", run: () => resolve(cache) },
      ],
      claims: [{ name: "DNS cached", before: "asked each time", after: "cached" }],
    };
  },
};
