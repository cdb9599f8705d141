import { expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BINARY } from "../../support/binary.ts";
import { patient } from "../../support/emulation.ts";
import { needsExecution } from "../../support/programs.ts";
import { cleanEnvironment, nodupe, type Run, runCommand } from "../../support/run.ts";
import { tempFolder, type TempFolder } from "../../support/temp.ts";
import { until } from "../../support/until.ts";

const FIXTURES = join(import.meta.dir, "../../fixtures");
const SAMPLE = join(FIXTURES, "storagenode-sample.log");
const API = JSON.parse(readFileSync(join(FIXTURES, "storagenode-api.json"), "utf8")) as Record<
  string,
  unknown
>;
const ERROR_LINE =
  '2026-01-01T00:00:00Z\tERROR\tpiecestore\tdownload failed\t{"piece_id": "P", "satellite_id": "S", "action": "GET", "size": 1, "error": "x"}\n';

interface Listed {
  node_name: string;
  events: number;
  first_event: string | null;
  newest_line: string | null;
  log_level: string | null;
  latency_resolution_ms: number | null;
  api_seen: string | null;
  store_bytes: number;
}

function run(folder: TempFolder, ...args: string[]): Promise<Run> {
  return nodupe([...args, "--db", folder.file("s.db")]);
}

async function list(folder: TempFolder): Promise<Listed[]> {
  const { stdout, exitCode } = await run(folder, "nodes", "list", "--json");
  expect(exitCode).toBe(0);
  return (JSON.parse(stdout) as { nodes: Listed[] }).nodes;
}

test(
  "nodes list tells of each node what is in the store, and null where nothing is known",
  async () => {
    using folder = tempFolder();
    expect(await list(folder)).toEqual([]);
    using server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: (request) => Response.json(API[new URL(request.url).pathname] ?? {}),
    });
    const api = `http://127.0.0.1:${server.port}`;
    await run(folder, "ingest", "--node", "b", SAMPLE, "--api", api);
    await run(folder, "ingest", "--node", "only the API", "--api", api);
    writeFileSync(folder.file("e.log"), ERROR_LINE);
    await run(folder, "ingest", "--node", "a", folder.file("e.log"));
    const [a, b, c] = await list(folder);
    expect(a).toMatchObject({
      node_name: "a",
      events: 1,
      first_event: "2026-01-01T00:00:00.000Z",
      newest_line: "2026-01-01T00:00:00.000Z",
      log_level: "error",
      latency_resolution_ms: null,
      api_seen: null,
    });
    expect(b).toMatchObject({ node_name: "b", events: 43, log_level: "debug", latency_resolution_ms: 1000 });
    expect(Date.parse(b?.api_seen ?? "")).toBeLessThanOrEqual(Date.now());
    expect(b?.store_bytes).toBeGreaterThan(500);
    expect(c).toMatchObject({
      node_name: "only the API",
      events: 0,
      first_event: null,
      newest_line: null,
      log_level: null,
      latency_resolution_ms: null,
    });
    const text = await run(folder, "nodes", "list");
    expect(text.stdout.split("\n").length).toBe(5);
    expect(text.stderr).toBe("");
  },
  patient(60_000),
);

test(
  "a renamed node's lines stay known; a taken or unknown name is exit 2",
  async () => {
    using folder = tempFolder();
    await run(folder, "ingest", "--node", "old", SAMPLE);
    await run(folder, "ingest", "--node", "other", SAMPLE);
    const renamed = await run(folder, "nodes", "rename", "old", "new", "--json");
    expect({ ...renamed, stdout: JSON.parse(renamed.stdout) as object }).toEqual({
      exitCode: 0,
      stderr: "",
      stdout: { node_name: "new", renamed_from: "old" },
    });
    const again = await run(folder, "ingest", "--node", "new", SAMPLE, "--json");
    expect(JSON.parse(again.stdout)).toMatchObject({ events: 0, known: 73 });
    for (const [from, to, said] of [
      ["new", "other", "there is already a node named other"],
      ["new", "new", "there is already a node named new"],
      ["gone", "x", "no node is named gone; the store has new, other"],
      ["new", "a=b", "is no node name"],
      ["new", "", "an argument is empty"],
    ] as const) {
      const refused = await run(folder, "nodes", "rename", from, to);
      expect([refused.exitCode, refused.stdout]).toEqual([2, ""]);
      expect(refused.stderr).toContain(said);
    }
    expect((await list(folder)).map(({ node_name }) => node_name)).toEqual(["new", "other"]);
  },
  patient(60_000),
);

test(
  "a merged node's lines stay known, and count once; without --yes and a terminal nothing is done",
  async () => {
    using folder = tempFolder();
    const lines = readFileSync(SAMPLE, "utf8").split("\n");
    writeFileSync(folder.file("wrong.log"), `${lines.slice(0, 120).join("\n")}\n`);
    await run(folder, "ingest", "--node", "wrong", folder.file("wrong.log"));
    await run(folder, "ingest", "--node", "right", SAMPLE);
    const unsure = await run(folder, "nodes", "merge", "wrong", "right");
    expect([unsure.exitCode, unsure.stdout]).toEqual([2, ""]);
    expect(unsure.stderr).toContain("run it again with --yes");
    const merged = await run(folder, "nodes", "merge", "wrong", "right", "--yes", "--json");
    expect(JSON.parse(merged.stdout)).toEqual({ node_name: "right", merged_from: "wrong" });
    expect(await list(folder)).toMatchObject([{ node_name: "right", events: 43 }]);
    for (const file of [SAMPLE, folder.file("wrong.log")]) {
      const again = await run(folder, "ingest", "--node", "right", file, "--json");
      expect(JSON.parse(again.stdout)).toMatchObject({ events: 0, started: 0, facts: 0 });
    }
    for (const [from, into] of [
      ["right", "gone"],
      ["gone", "right"],
      ["right", "right"],
    ] as const) {
      expect((await run(folder, "nodes", "merge", from, into, "--yes")).exitCode).toBe(2);
    }
  },
  patient(60_000),
);

test(
  "a forgotten node's lines are new again; a node that is being ingested is not forgotten",
  async () => {
    using folder = tempFolder();
    const path = folder.file("node.log");
    writeFileSync(path, readFileSync(SAMPLE));
    const first = await run(folder, "ingest", "--node", "a", path, "--json");
    expect((await run(folder, "nodes", "forget", "a")).exitCode).toBe(2);
    expect((await run(folder, "nodes", "forget", "b", "--yes")).exitCode).toBe(2);
    const forgotten = await run(folder, "nodes", "forget", "a", "--yes", "--json");
    expect(JSON.parse(forgotten.stdout)).toEqual({ node_name: "a", forgotten: true });
    expect(await list(folder)).toEqual([]);
    const again = await run(folder, "ingest", "--node", "a", path, "--json");
    const { events, started, facts } = JSON.parse(first.stdout) as Record<string, number>;
    expect(JSON.parse(again.stdout)).toMatchObject({ events, started, facts, known: 0 });
    const follower = Bun.spawn(
      [BINARY, "ingest", "--node", "a", "--follow", path, "--json", "--db", folder.file("s.db")],
      { env: cleanEnvironment(), stdout: "ignore", stderr: "ignore" },
    );
    await until(
      async () => (await run(folder, "nodes", "forget", "a", "--yes")).exitCode === 1,
      "the follower holds the node",
    );
    expect((await run(folder, "nodes", "rename", "a", "b")).exitCode).toBe(0);
    follower.kill("SIGTERM");
    expect(await follower.exited).toBe(143);
    expect((await run(folder, "nodes", "forget", "b", "--yes")).exitCode).toBe(0);
  },
  patient(60_000),
);

needsExecution("script")(
  "on a terminal forget asks, and Enter alone declines",
  async () => {
    using folder = tempFolder();
    await run(folder, "ingest", "--node", "a", SAMPLE);
    const command = `"${BINARY}" nodes forget a --db ${folder.file("s.db")}`;
    const answered = async (answer: string): Promise<string> => {
      const typed = `(sleep 1; echo ${answer}) | script -qec '${command}; echo code $?' /dev/null`;
      return (await runCommand(["sh", "-c", typed], {})).stdout;
    };
    const declined = await answered("''");
    expect(declined).toContain("Forget node a and all that is known of it? This cannot be undone. [y/N]");
    expect(declined).toContain("nothing was done");
    expect(declined).toContain("code 1");
    expect((await list(folder)).length).toBe(1);
    expect(await answered("y")).toContain("a is forgotten.");
    expect(await list(folder)).toEqual([]);
  },
  60_000,
);
