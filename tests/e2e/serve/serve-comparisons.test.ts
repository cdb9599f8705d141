import { expect } from "bun:test";
import { boardStore } from "../../support/serve/board.ts";
import { listen } from "../../support/serve/events.ts";
import { ingestNode } from "../../support/nodes/fleet.ts";
import { withinOneHour } from "../../support/one-hour.ts";
import { nodupe } from "../../support/run.ts";
import { needs, promtoolSays } from "../../support/programs.ts";
import { type Served, startServe } from "../../support/serve/serve.ts";
import { tempFolder } from "../../support/temp.ts";
import { until } from "../../support/until.ts";

const test = withinOneHour();

/** How many comparisons were computed so far, and how. */
async function computed(served: Served, how: "ahead" | "cached" | "computed"): Promise<number> {
  const text = String((await served.ask("/metrics")).body);
  const found = new RegExp(`^nodupe_comparison_duration_seconds_count\\{how="${how}"\\} (\\d+)$`, "m").exec(
    text,
  );
  return Number(found?.[1] ?? 0);
}

test("all nodes over a day, a week and a month are computed ahead: the first answer is cached, until enough has changed", async () => {
  using folder = tempFolder();
  const db = await boardStore(folder);
  await using served = await startServe(["--db", db]);
  await until(async () => (await computed(served, "ahead")) === 3, "the common comparisons were computed");
  for (const timeRange of ["24h", "7d", "30d"]) {
    // In any order of the nodes, which is kept.
    const first = await served.post("/api/comparison", { nodes: ["pi-2", "pi-1"], timeRange });
    const body = first.body as {
      cached: boolean;
      nodes: { node_name: string }[];
      rankings: Record<string, string[]>;
    };
    expect([body.cached, body.nodes.map(({ node_name: name }) => name)]).toEqual([true, ["pi-2", "pi-1"]]);
    const printed = await nodupe(["compare", "pi-2", "pi-1", "--last", timeRange, "--json", "--db", db]);
    const told = JSON.parse(printed.stdout) as Record<string, unknown>;
    for (const key of ["nodes", "verdicts", "why", "rankings", "caveats", "since", "until", "time_range"])
      expect((body as Record<string, unknown>)[key]).toEqual(told[key]);
  }
  expect(await computed(served, "computed")).toBe(0);
  // A third node: the common question is another one, and what was kept of the old one no longer holds.
  await ingestNode(folder, { name: "pi-3", seed: 3, latencyMs: 100, operations: 500 }, [db]);
  await until(async () => (await computed(served, "ahead")) >= 6, "they were computed for three nodes");
  const three = await served.post("/api/comparison", { nodes: ["pi-1", "pi-2", "pi-3"], timeRange: "7d" });
  expect(three.body).toMatchObject({ cached: true });
  await ingestNode(folder, { name: "pi-1", seed: 9, latencyMs: 300, operations: 500 }, [db]);
  const changed = await served.post("/api/comparison", { nodes: ["pi-1", "pi-3"], timeRange: "7d" });
  expect(changed.body).toMatchObject({ cached: false });
});

test("who waits for a comparison hears of each node as it is read, by events and by socket", async () => {
  using folder = tempFolder();
  const db = await boardStore(folder);
  await using served = await startServe(["--db", db]);
  const heard = await listen(served);
  const socket = new WebSocket(`${served.url.replace("http", "ws")}/ws`);
  const said: unknown[] = [];
  socket.onmessage = ({ data }) => {
    const message = JSON.parse(String(data)) as { topic?: string; data: unknown };
    if (message.topic === "comparison") said.push(message.data);
  };
  await new Promise<void>((resolve) => {
    socket.onopen = () => resolve();
  });
  await until(() => heard.all("board").length > 0, "the present state was told");
  const answer = await served.post("/api/comparison", {
    nodes: ["pi-2", "pi-1"],
    timeRange: "12h",
    type: "performance",
  });
  const { nodes } = answer.body as { nodes: { node_name: string; metrics: object }[] };
  const about = { nodes: ["pi-2", "pi-1"], type: "performance", time_range: "12h" };
  await until(() => said.length === 4, "all of it was told");
  expect(said).toEqual([
    { ...about, state: "started" },
    {
      ...about,
      state: "node",
      done: 1,
      total: 2,
      node: expect.objectContaining({ node_name: "pi-1", metrics: nodes[1]?.metrics }),
    },
    {
      ...about,
      state: "node",
      done: 2,
      total: 2,
      node: expect.objectContaining({ node_name: "pi-2", metrics: nodes[0]?.metrics }),
    },
    { ...about, state: "answered" },
  ]);
  await until(() => heard.all("comparison").length === 4, "the events were told too");
  socket.close();
  await served.end();
  await heard.reading;
});

test("fifty at once with the same question: it is computed once", async () => {
  using folder = tempFolder();
  const db = await boardStore(folder);
  await using served = await startServe(["--db", db]);
  const ask = (_: unknown, at: number) =>
    served.post("/api/comparison", {
      nodes: at % 2 === 0 ? ["pi-1", "pi-2"] : ["pi-2", "pi-1"],
      timeRange: "36h",
    });
  const answers = await Promise.all(Array.from({ length: 50 }, ask));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  const text = String((await served.ask("/metrics")).body);
  expect(await computed(served, "cached")).toBe(0);
  expect(text).toContain(
    'nodupe_http_request_duration_seconds_count{path="/api/comparison",status="200"} 50',
  );
  const printed = await nodupe(["compare", "pi-1", "pi-2", "--last", "36h", "--json", "--db", db]);
  // The store counts what was computed: one, and this one found it.
  expect(JSON.parse(printed.stdout)).toMatchObject({ cached: true, cache_hits: 1, cache_hit_percent: 50 });
});

needs("promtool")("the histograms are valid, and count unknown paths as one", async () => {
  using folder = tempFolder();
  await using served = await startServe(["--db", await boardStore(folder)]);
  for (const path of ["/", "/api/nodes", "/nowhere", "/elsewhere", "/health"]) await served.ask(path);
  await served.post("/api/comparison", { nodes: ["pi-1", "pi-2"] });
  const text = String((await served.ask("/metrics")).body);
  expect(await promtoolSays(text)).toEqual(["", 0]);
  expect(text).toContain('nodupe_http_request_duration_seconds_count{path="unknown",status="404"} 2');
  expect(text).toContain(
    'nodupe_http_request_duration_seconds_bucket{path="/health",status="200",le="+Inf"} 1',
  );
  expect(text).not.toContain("nowhere");
});

test("over a socket the earlier monitor's question is answered as POST is, and what is no question is told so", async () => {
  using folder = tempFolder();
  await using served = await startServe(["--db", await boardStore(folder)]);
  const socket = new WebSocket(`${served.url.replace("http", "ws")}/ws?topics=none`);
  const said: { type: string; error?: string; data?: { nodes: object[] } }[] = [];
  socket.onmessage = ({ data }) => said.push(JSON.parse(String(data)));
  await new Promise((resolve) => {
    socket.onopen = resolve;
  });
  const ask = async (message: string) => {
    const before = said.length;
    socket.send(message);
    await until(() => said.length > before, `${message} was answered`);
    return said.at(-1);
  };
  const names = { type: "get_comparison_data", node_names: ["pi-1", "pi-2"] };
  const told = await ask(JSON.stringify({ ...names, comparison_type: "performance", time_range: 24 }));
  const posted = await served.post("/api/comparison", {
    nodes: names.node_names,
    type: "performance",
    timeRange: "24h",
  });
  expect(told?.type).toBe("comparison_data");
  expect(told?.data?.nodes).toEqual((posted.body as { nodes: object[] }).nodes);
  expect(await ask('{"type":"ping"}')).toEqual({ type: "pong" });
  const unknown = await ask(JSON.stringify({ ...names, node_names: ["pi-1", "pi-9"] }));
  expect(unknown).toEqual({ type: "error", error: expect.stringMatching(/^no node pi-9 in the store/) });
  for (const bad of [
    "",
    "[]",
    '{"type":"drop"}',
    '{"type":"ping","of":"death"}',
    '{"type":"get_comparison_data"}',
  ])
    expect([bad, (await ask(bad))?.type]).toEqual([bad, "error"]);
  socket.close();
});
