import { expect } from "bun:test";
import { needs, needsRoot } from "../../support/programs.ts";
import {
  type FaultOutcome,
  playSharedFault,
  QUICK,
  scaleOf,
  type SharedFault,
} from "../../support/upload/shared-faults.ts";

const SEED = 1;

/** In a network of its own, of which a part can be cut off. */
async function playApart(fault: SharedFault): Promise<FaultOutcome> {
  const player = `${import.meta.dir}/../../support/upload/shared-faults.ts`;
  const child = Bun.spawn(["unshare", "-n", process.execPath, player, fault, `${SEED}`, "quick"], {
    stdout: "pipe",
    stderr: "inherit",
  });
  return JSON.parse(await new Response(child.stdout).text()) as FaultOutcome;
}

const FAULTS: Readonly<Record<Exclude<SharedFault, "none">, string>> = {
  flush: "FLUSHALL",
  newcomer: "FLUSHALL, and at once a machine that has never used the shared store",
  restart: "a restart without persistence",
  promotion: "the promotion of a replica that is behind",
  pause: "a machine that is stopped for longer than a lease",
  kills: "kill -9 every second",
  partition: "a machine that is cut off from the shared store for longer than a lease",
};

const played = new Map<SharedFault, Promise<FaultOutcome>>();

for (const [fault, name] of Object.entries(FAULTS) as [SharedFault, string][]) {
  const isApart = fault === "partition";
  const declare = isApart
    ? needsRoot("redis-server", "redis-cli", "unshare", "nft", "ip")
    : needs("redis-server", "redis-cli");
  declare(
    `${name}: three machines store each content once, and every run ends`,
    async () => {
      // They wait for leases more than they work: all at once.
      for (const one of Object.keys(FAULTS) as SharedFault[])
        if (one !== "partition" && !played.has(one)) played.set(one, playSharedFault(one, SEED, QUICK));
      const outcome = await (isApart ? playApart(fault) : played.get(fault));
      expect(outcome).toMatchObject({
        contents: scaleOf(fault, QUICK).contents,
        repeats: 0,
        lost: 0,
        wrong_sums: 0,
        endless: 0,
      });
      if (fault === "kills") expect(outcome?.kills).toBeGreaterThan(0);
    },
    180_000,
  );
}
