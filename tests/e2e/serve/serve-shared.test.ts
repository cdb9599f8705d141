import { expect } from "bun:test";
import { copyFileSync } from "node:fs";
import { ingestNode } from "../../support/nodes/fleet.ts";
import { withinOneHour } from "../../support/one-hour.ts";
import { needs } from "../../support/programs.ts";
import { startRedis } from "../../support/net/redis.ts";
import { nodupe } from "../../support/run.ts";
import { startServe } from "../../support/serve/serve.ts";
import { tempFolder } from "../../support/temp.ts";

withinOneHour(needs("redis-server", "redis-cli"))(
  "servers with the same figures share their comparisons; others do not, and none waits for a store that is away",
  async () => {
    using folder = tempFolder();
    const [one, copy, other] = [folder.file("one.db"), folder.file("copy.db"), folder.file("other.db")];
    for (const [seed, name] of ["pi-1", "pi-2"].entries())
      await ingestNode(folder, { name, seed, latencyMs: 100, operations: 600 }, [one]);
    copyFileSync(one, copy);
    for (const [seed, name] of ["pi-1", "pi-2"].entries())
      await ingestNode(folder, { name, seed: seed + 7, latencyMs: 100, operations: 600 }, [other]);
    await using redis = await startRedis();
    const env = { NODUPE_SHARED: `redis://127.0.0.1:${redis.port}/0` };
    await using first = await startServe(["--db", one], env);
    await using second = await startServe(["--db", copy], env);
    await using third = await startServe(["--db", other], env);
    const question = { nodes: ["pi-1", "pi-2"], timeRange: "36h" };
    const told = await first.post("/api/comparison", question);
    expect(told.body).toMatchObject({ cached: false });
    const shared = await second.post("/api/comparison", { ...question, nodes: ["pi-2", "pi-1"] });
    const body = shared.body as Record<string, unknown>;
    expect(body).toMatchObject({ cached: true, nodes: [{ node_name: "pi-2" }, { node_name: "pi-1" }] });
    // It is what it would have computed by itself.
    const printed = await nodupe(["compare", "pi-2", "pi-1", "--last", "36h", "--json", "--db", copy]);
    const own = JSON.parse(printed.stdout) as Record<string, unknown>;
    for (const key of ["nodes", "verdicts", "why", "rankings", "since", "until"])
      expect(body[key]).toEqual(own[key]);
    // The same names, and other figures.
    expect((await third.post("/api/comparison", question)).body).toMatchObject({ cached: false });

    await redis.stop();
    const alone = await second.post("/api/comparison", { ...question, timeRange: "37h" });
    expect([alone.status, alone.body]).toEqual([200, expect.objectContaining({ cached: false })]);
    expect(second.stderr()).toContain("comparisons are not shared for now");
  },
);
