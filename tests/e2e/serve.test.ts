import { expect, test } from "bun:test";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { boardStore } from "../support/board.ts";
import { nodupe } from "../support/run.ts";
import { type Served, startServe } from "../support/serve.ts";
import { tempFolder } from "../support/temp.ts";
import { until } from "../support/until.ts";

/** Sends bytes as they are, and answers what comes back until the server closes. */
function raw(served: Served, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = "";
    const socket = connect(served.port, "127.0.0.1", () => socket.end(bytes));
    socket.on("data", (data) => (answer += data.toString("latin1")));
    socket.on("close", () => resolve(answer));
    socket.on("error", reject);
  });
}

test("a comparison is what compare --json prints, in both spellings, and comes from the cache the second time", async () => {
  using folder = tempFolder();
  const db = await boardStore(folder);
  await using served = await startServe(["--db", db]);
  const first = await served.post("/api/comparison", { nodes: ["pi-1", "pi-2"], timeRange: 48 });
  expect(first.status).toBe(200);
  const printed = await nodupe(["compare", "pi-1", "pi-2", "--last", "48h", "--json", "--db", db]);
  const {
    elapsed_s: _,
    cached,
    cache_hits: _hits,
    cache_hit_percent: _percent,
    ...body
  } = first.body as Record<string, unknown>;
  const {
    elapsed_s: _e,
    cached: _c,
    cache_hits: _h,
    cache_hit_percent: _p,
    ...told
  } = JSON.parse(printed.stdout) as Record<string, unknown>;
  expect(body).toEqual(told);
  expect(cached).toBe(false);
  const second = await served.post("/api/comparison", { nodes: ["pi-1", "pi-2"], timeRange: "48h" });
  expect(second.body).toMatchObject({ cached: true });
  const other = await served.post("/api/comparison", {
    node_names: ["pi-1", "pi-2"],
    comparison_type: "performance",
    time_range: "7d",
  });
  expect(other.body).toMatchObject({ comparison_type: "performance", time_range: "7d" });
});

const BAD: readonly (readonly [path: string, body: unknown, status: number, says: RegExp])[] = [
  ["/api/comparison", { nodes: ["pi-1"] }, 400, /two nodes/],
  ["/api/comparison", { nodes: ["pi-1", "pi-1"] }, 400, /twice/],
  ["/api/comparison", { nodes: ["pi-1", "nobody"] }, 404, /nobody/],
  ["/api/comparison", { nodes: ["pi-1", "pi-2"], timeRange: "soon" }, 400, /24h/],
  ["/api/comparison", { nodes: ["pi-1", "pi-2"], more: 1 }, 400, /more|Unrecognized/],
  ["/api/comparison", "text", 400, /./],
  ["/api/sync/retry", { destination: "https://nowhere.example" }, 404, /no such destination/],
];

test("bad requests are told what was wrong, and nothing of the inside", async () => {
  using folder = tempFolder();
  await using served = await startServe(["--db", await boardStore(folder)]);
  for (const [path, body, status, says] of BAD) {
    const answer = await served.post(path, body);
    expect({ path, body, status: answer.status }).toEqual({ path, body, status });
    const { error } = answer.body as { error: string };
    expect(error).toMatch(says);
    expect(error).not.toMatch(/\/tmp|src\/|at .*:\d+/);
  }
  expect((await served.ask("/api/history?limit=x")).status).toBe(400);
  expect((await served.ask("/api/history?limit=1&limit=2")).status).toBe(400);
  expect((await served.ask("/api/history?limit=1")).body).toMatchObject({ limit: 1, offset: 0 });
  expect((await served.ask("/../../etc/passwd")).status).toBe(404);
  expect((await served.ask("/%2e%2e/%2e%2e/etc/passwd")).status).toBe(404);
  expect((await served.ask("/api/time", { method: "DELETE" })).status).toBe(415);
  const wrong = await served.ask("/api/time", {
    method: "PUT",
    headers: { "content-type": "application/json" },
  });
  expect([wrong.status, wrong.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
  const large = await served.post("/api/comparison", { nodes: ["x".repeat(70_000), "y"] });
  expect(large.status).toBe(413);
});

test("foreign hosts, origins and forms are refused before anything is routed", async () => {
  using folder = tempFolder();
  await using served = await startServe(["--db", folder.file("store.db")]);
  const get = (headers: string): Promise<string> =>
    raw(served, `GET /health HTTP/1.1\r\n${headers}Connection: close\r\n\r\n`);
  expect(await get(`Host: localhost:${served.port}\r\n`)).toStartWith("HTTP/1.1 200");
  expect(await get("Host: evil.example\r\n")).toStartWith("HTTP/1.1 421");
  expect(await get("Host: localhost\r\nHost: evil.example\r\n")).toStartWith("HTTP/1.1 400");
  expect(await get("Host: 127.0.0.439\r\n")).toStartWith("HTTP/1.1 400");
  expect(await get("Host: localhost\r\nOrigin: http://evil.example\r\n")).toStartWith("HTTP/1.1 403");
  expect(await get("")).toStartWith("HTTP/1.1 400");
  const form = await served.ask("/api/login", { method: "POST", body: new URLSearchParams({ token: "x" }) });
  expect(form.status).toBe(415);
});

test("with a token everything but the page and the login needs it, and guessing has to wait", async () => {
  using folder = tempFolder();
  const token = "a token of many letters";
  const file = folder.file("token");
  writeFileSync(file, `${token}\n`, { mode: 0o600 });
  await using served = await startServe(["--db", folder.file("store.db"), "--token-file", file]);
  expect((await served.ask("/")).status).toBe(200);
  for (const path of ["/health", "/metrics", "/api/time", "/api/events", "/nowhere", "/ws"])
    expect([path, (await served.ask(path)).status]).toEqual([path, 401]);
  expect((await served.ask("/health", { headers: { authorization: `Bearer ${token}` } })).status).toBe(200);
  const login = await served.post("/api/login", { token });
  const cookie = login.headers.get("set-cookie") ?? "";
  expect(cookie).toMatch(/HttpOnly; SameSite=Strict/);
  expect((await served.ask("/health", { headers: { cookie: cookie.split(";")[0] ?? "" } })).status).toBe(200);
  const guesses = [];
  for (let guess = 0; guess < 6; guess += 1)
    guesses.push((await served.post("/api/login", { token: `${guess}` })).status);
  expect(guesses).toEqual([401, 401, 401, 401, 401, 429]);
});

test("other machines need a token; a token that others can read, or a short one, is refused", async () => {
  using folder = tempFolder();
  const db = folder.file("store.db");
  const open = await nodupe(["serve", "--listen", "0.0.0.0:0", "--db", db]);
  expect([open.exitCode, open.stdout]).toEqual([2, ""]);
  expect(open.stderr).toContain("--token-file");
  const file = folder.file("token");
  writeFileSync(file, "short");
  expect((await nodupe(["serve", "--token-file", file, "--db", db])).stderr).toContain("openssl rand");
  writeFileSync(file, "long enough to be a token");
  chmodSync(file, 0o644);
  const readable = await nodupe(["serve", "--token-file", file, "--db", db]);
  expect([readable.exitCode, readable.stderr]).toEqual([2, expect.stringContaining("chmod 600")]);
});

test("what another process writes to the store is told within seconds, and a reader gets the present state first", async () => {
  using folder = tempFolder();
  const db = await boardStore(folder);
  await using served = await startServe(["--db", db]);
  const response = await fetch(`${served.url}/api/events`);
  let heard = "";
  const reading = (async () => {
    for await (const chunk of response.body ?? []) heard += Buffer.from(chunk).toString();
  })();
  const boards = (): number => heard.split('"topic":"board"').length - 1;
  await until(() => boards() === 1, "the present state was told");
  await nodupe(["history", "forget", "--all", "--yes", "--sandbox", "--db", db, "-q"]);
  await until(() => boards() === 2, "the change was told");
  await served.end();
  await reading;
});

test("SIGTERM ends it though readers are connected, and a second start finds the port free", async () => {
  using folder = tempFolder();
  await using served = await startServe(["--db", folder.file("store.db")]);
  const events = await fetch(`${served.url}/api/events`);
  const socket = new WebSocket(`${served.url.replace("http", "ws")}/ws`);
  const closed = new Promise<number>((resolve) => {
    socket.onclose = ({ code }) => resolve(code);
  });
  await new Promise<void>((resolve) => {
    socket.onopen = () => resolve();
  });
  expect(await served.end()).toBe(143);
  expect(await closed).toBe(1001);
  await events.body?.cancel();
  const again = await nodupe(["serve", "--listen", "256.0.0.1:99999", "--db", folder.file("store.db")]);
  expect(again.exitCode).toBe(2);
});

test("an alert runs the operator's command with the text in its environment", async () => {
  using folder = tempFolder();
  const db = folder.file("store.db");
  await nodupe(["ingest", "--node", "old", "tests/fixtures/storagenode-sample.log", "--db", db, "-q"]);
  const told = folder.file("told");
  await using _served = await startServe(["--db", db], {
    NODUPE_SERVE_ON_ALERT: `printf '%s' "$NODUPE_ALERT" > ${told}`,
  });
  const text = (): string => {
    try {
      return readFileSync(told, "utf8");
    } catch {
      return "";
    }
  };
  await until(() => text().includes("silent"), "the command has run");
  expect(text()).toMatch(/^old has been silent for \d+ days$/);
});
