import { expect } from "bun:test";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { createAuthority } from "../../support/net/authority.ts";
import { boardStore } from "../../support/serve/board.ts";
import { listen } from "../../support/serve/events.ts";
import { withinOneHour } from "../../support/one-hour.ts";
import { needs } from "../../support/programs.ts";
import { nodupe } from "../../support/run.ts";
import { startServe } from "../../support/serve/serve.ts";
import { tempFolder } from "../../support/temp.ts";
import { until } from "../../support/until.ts";

const test = withinOneHour();

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
  ["/api/comparison", { nodes: ["pi-1", "pi-2"], more: 1 }, 400, /^unknown key "more"$/],
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
});

test("with a token everything but the page and the login needs it", async () => {
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
  const heard = await listen(served);
  const boards = (): number => heard.all("board").length;
  await until(() => boards() === 1, "the present state was told");
  await nodupe(["history", "forget", "--all", "--yes", "--sandbox", "--db", db, "-q"]);
  await until(() => boards() === 2, "the change was told");
  await served.end();
  await heard.reading;
});

test("a second start finds the port free, and says what is wrong with an address", async () => {
  using folder = tempFolder();
  const db = folder.file("store.db");
  await using first = await startServe(["--db", db]);
  expect(await first.end()).toBe(143);
  await using again = await startServe(["--listen", `127.0.0.1:${first.port}`, "--db", db]);
  expect(again.port).toBe(first.port);
  // Never two at once on one port: each would get some of the connections.
  const beside = await nodupe(["serve", "--listen", `127.0.0.1:${again.port}`, "--db", db]);
  expect([beside.exitCode, beside.stdout]).toEqual([1, ""]);
  expect(beside.stderr).toContain("the address is in use; choose another port with --listen");
  const wrong = await nodupe(["serve", "--listen", "256.0.0.1:99999", "--db", db]);
  expect(wrong.exitCode).toBe(2);
});

needs("openssl")(
  "a certificate and a key that cannot be used are named before anything listens",
  async () => {
    using folder = tempFolder();
    const authority = await createAuthority(folder, "authority");
    const [one, other] = [await authority.issue("one"), await authority.issue("other")];
    const written = (name: string, text: string): string => {
      writeFileSync(folder.file(name), text, { mode: 0o600 });
      return folder.file(name);
    };
    const [cert, key] = [written("one.cert", one.cert), written("one.secret", one.key)];
    const refused = async (certFile: string, keyFile: string): Promise<string> => {
      const args = ["--db", ":memory:", "--tls-cert", certFile, "--tls-key", keyFile];
      const { exitCode, stdout, stderr } = await nodupe(["serve", "--listen", "127.0.0.1:0", ...args]);
      expect([exitCode, stdout, stderr.trimEnd().split("\n").length]).toEqual([2, "", 1]);
      return stderr;
    };
    expect(await refused(key, key)).toContain("holds no certificate in PEM");
    expect(await refused(cert, cert)).toContain("holds no private key in PEM");
    expect(await refused(cert, written("other.secret", other.key))).toContain(
      "--tls-key is not the key of the certificate in --tls-cert",
    );
    const broken = written("broken", one.cert.replace(/\n[^\n-]{10}/, "\n.........."));
    expect(await refused(broken, key)).toContain("--tls-cert and --tls-key cannot be used: ");
  },
);

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
  expect(text()).toMatch(/^Node old has been silent for \d+ days$/);
});

test("the page is sent once: whoever has it is told so, by its tag in any form", async () => {
  await using served = await startServe(["--db", ":memory:"]);
  const etag = (await served.ask("/")).headers.get("etag") ?? "";
  expect(etag).toMatch(/^W\/"[^"]+"$/);
  const asked = async (tag: string): Promise<number> => {
    return (await served.ask("/", { headers: { "if-none-match": tag } })).status;
  };
  expect([await asked(etag), await asked(`"other", ${etag.slice(2)}`), await asked("*")]).toEqual([
    304, 304, 304,
  ]);
  expect(await asked('"other"')).toBe(200);
});
