import { expect } from "bun:test";
import { writeFileSync } from "node:fs";
import type { FleetBoard } from "../../../src/board/fleet.ts";
import { ingestNode } from "../../support/nodes/fleet.ts";
import { withinOneHour } from "../../support/one-hour.ts";
import { needs, promtoolSays } from "../../support/programs.ts";
import { nodupe } from "../../support/run.ts";
import { type Served, startServe } from "../../support/serve/serve.ts";
import { tempFolder } from "../../support/temp.ts";
import { until } from "../../support/until.ts";

const test = withinOneHour();

const TOKEN = "the-token-of-the-fleet";

async function fleetOf(served: Served, headers: Record<string, string> = {}): Promise<readonly FleetBoard[]> {
  const { body } = await served.ask("/api/fleet", { headers });
  return (body as { boards: readonly FleetBoard[] }).boards;
}

const states = (boards: readonly FleetBoard[]): unknown => boards.map(({ state }) => state);

test("serve follows the boards of [fleet]: their nodes are compared with its own, and one that goes keeps its last state", async () => {
  using folder = tempFolder();
  const [here, there, both] = [folder.file("here.db"), folder.file("there.db"), folder.file("both.db")];
  await ingestNode(folder, { name: "pi-1", seed: 1, latencyMs: 100 }, [here, both]);
  await ingestNode(folder, { name: "pi-2", seed: 2, latencyMs: 200 }, [there, both]);
  const token = folder.file("token");
  writeFileSync(token, `${TOKEN}\n`, { mode: 0o600 });
  await using other = await startServe(["--db", there, "--token-file", token]);
  const nobody = "http://127.0.0.1:1";
  const config = folder.file("config.toml");
  writeFileSync(config, `[fleet]\nboards = ["${other.url}/", "${nobody}"]\ntoken_file = "${token}"\n`);
  const args = ["--db", here, "--config", config];
  const body = { nodes: ["pi-1", `pi-2@${other.url}`], timeRange: "24h" };
  {
    await using served = await startServe(args);
    await until(
      async () => JSON.stringify(states(await fleetOf(served))) === '["reachable","unreachable"]',
      "both were asked",
    );
    const [told, absent] = await fleetOf(served);
    expect(told).toMatchObject({
      url: other.url,
      healthy: true,
      reason: null,
      problems: [],
      nodes: [{ node_name: "pi-2" }],
    });
    expect(absent).toMatchObject({ url: nobody, told: null, reason: "connection refused", nodes: [] });

    const answer = await served.post("/api/comparison", body);
    const printed = await nodupe(["compare", "pi-1", "pi-2", "--last", "24h", "--json", "--db", both]);
    const one = JSON.parse(printed.stdout) as Record<string, unknown>;
    const two = answer.body as Record<string, unknown>;
    for (const key of ["nodes", "verdicts", "why", "rankings", "caveats"]) expect(two[key]).toEqual(one[key]);
    expect((await served.post("/api/comparison", body)).body).toMatchObject({ cached: true });
    const strange = await served.post("/api/comparison", { nodes: ["pi-1", "pi-2@http://127.0.0.1:2"] });
    expect([strange.status, strange.body]).toEqual([
      404,
      { error: expect.stringContaining("[fleet] boards") },
    ]);
    expect(
      (await served.post("/api/comparison", { ...body, nodes: ["pi-1", `pi-9@${other.url}`] })).status,
    ).toBe(404);
    const metrics = String((await served.ask("/metrics")).body);
    expect(metrics).toContain(`nodupe_fleet_board_up{board="${other.url}"} 1`);
    expect(metrics).toContain(`nodupe_fleet_board_up{board="${nobody}"} 0`);
  }
  await other.end();
  // Another start, while it is away: what it told the one before.
  await using served = await startServe(args);
  await until(
    async () => JSON.stringify(states(await fleetOf(served))) === '["unreachable","unreachable"]',
    "both were missed",
  );
  const [gone] = await fleetOf(served);
  expect(gone).toMatchObject({ reason: "connection refused", healthy: true, nodes: [{ node_name: "pi-2" }] });
  expect(gone?.age_s).toBeGreaterThan(0);
  const late = (await served.post("/api/comparison", body)).body as {
    nodes: { as_of: string | null; error: string | null }[];
    caveats: { text: string }[];
  };
  expect(late.nodes.map(({ as_of, error }) => [as_of === null, error])).toEqual([
    [true, null],
    [false, null],
  ]);
  expect(late.caveats.map(({ text }) => text).join("\n")).toContain("pi-2: its board cannot be reached");
  const status = await nodupe(["status", "--db", here]);
  expect(status.stdout).toMatch(
    /^boards {2}http:\/\/127\.0\.0\.1:1: not reachable: connection refused, 0 nodes, never answered$/m,
  );
  expect(status.stdout).toMatch(
    /\(http:\/\/127\.0\.0\.1:\d+\): not reachable: connection refused, 1 node, as of \d+ s ago$/m,
  );
});

test("without [fleet] there is none, and plain http to another machine is refused at the start", async () => {
  using folder = tempFolder();
  const db = folder.file("store.db");
  const refused = await nodupe(["serve", "--listen", "127.0.0.1:0", "--db", db], {
    env: { NODUPE_FLEET_BOARDS: "http://192.0.2.1:8080" },
  });
  expect([refused.exitCode, refused.stdout, refused.stderr]).toEqual([
    2,
    "",
    expect.stringContaining("insecure_http"),
  ]);
  await using served = await startServe(["--db", db]);
  expect(await fleetOf(served)).toEqual([]);
});

needs("promtool")("what /metrics says of a fleet is valid", async () => {
  using folder = tempFolder();
  await using served = await startServe(["--db", folder.file("store.db")], {
    NODUPE_FLEET_BOARDS: "http://127.0.0.1:1",
  });
  await until(
    async () => JSON.stringify(states(await fleetOf(served))) === '["unreachable"]',
    "it was asked",
  );
  expect(await promtoolSays(String((await served.ask("/metrics")).body))).toEqual(["", 0]);
});
