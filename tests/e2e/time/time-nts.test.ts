import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { busyMs } from "../../support/emulation.ts";
import { ntpServer } from "../../support/time/ntp.ts";
import { NtsStage } from "../../support/time/nts-stage.ts";
import { needs } from "../../support/programs.ts";
import { nodupe } from "../../support/run.ts";
import { tempFolder } from "../../support/temp.ts";
import { expectOffset, nodupeTime, statuses } from "../../support/time/time-result.ts";
import { until } from "../../support/until.ts";

const withOpenssl = needs("openssl");
const withChronyd = needs("openssl", "chronyd");

withChronyd("three chronyds: authenticated, cold and then with cookies", async () => {
  await using stage = await NtsStage.open();
  const servers = await Promise.all(["one", "two", "three"].map((name) => stage.chronyd(name)));
  const names = servers.map(({ ntsName }) => ntsName);
  for (const _ of ["cold", "warm"]) {
    const { exitCode, json, stderr } = await stage.time(names);
    expect([exitCode, stderr, json.source, json.authenticated]).toEqual([0, "", "nts", true]);
    expect(json.servers.map(({ host }) => host)).toEqual(["127.0.0.1", "127.0.0.1", "127.0.0.1"]);
    // Two of three are enough: the third may not even have been asked.
    const asked = json.servers.flatMap(({ port }) => port ?? []);
    expect(asked.length).toBeGreaterThan(1);
    for (const port of asked) expect(servers.map((server) => server.port)).toContain(port);
    expectOffset(json, 0);
  }
  const human = await nodupe(["time", ...stage.arguments(names.slice(0, 1))]);
  expect(human.stdout).toContain(" nts, authenticated, 1 of 1");
});

withOpenssl("with cookies no key is exchanged; each cookie is sent once; eight are kept", async () => {
  await using stage = await NtsStage.open();
  const server = await stage.server("server");
  for (let run = 0; run < 4; run += 1) expect((await stage.time([server.name])).exitCode).toBe(0);
  expect(server.exchanges).toBe(1);
  expect(server.cookies).toHaveLength(4);
  expect(new Set(server.cookies).size).toBe(4);
  using db = new Database(stage.folder.file("nodupe.db"), { readonly: true });
  expect(db.query("SELECT count(*) AS count FROM time_nts_cookies").get()).toEqual({ count: 8 });
  // Another authority, or none: what was certified by this one is not used.
  const { exitCode, json } = await nodupeTime([
    "--nts",
    "--db",
    stage.folder.file("nodupe.db"),
    "--server",
    server.name,
  ]);
  expect([exitCode, json.servers[0]?.reason]).toEqual([
    4,
    "no keys: its certificate leads to no authority that is trusted here",
  ]);
});

withOpenssl("--fresh exchanges keys, and its cookies take the place of the old ones", async () => {
  await using stage = await NtsStage.open();
  const server = await stage.server("server");
  await stage.time([server.name]);
  expect((await stage.time([server.name], "--fresh")).exitCode).toBe(0);
  expect(server.exchanges).toBe(2);
  await stage.time([server.name]);
  expect([server.exchanges, new Set(server.cookies).size]).toEqual([2, 3]);
});

withOpenssl("a server that forgot its keys says so: keys are exchanged anew within the run", async () => {
  await using stage = await NtsStage.open();
  const server = await stage.server("server");
  await stage.time([server.name]);
  server.forget();
  const { exitCode, json } = await stage.time([server.name]);
  expect([exitCode, json.source, server.exchanges, statuses(json)]).toEqual([0, "nts", 2, ["selected"]]);
});

withOpenssl("a server that moved: its old port is silent, and keys are exchanged anew", async () => {
  await using stage = await NtsStage.open();
  let isSilent = false;
  const server = await stage.server("server", {
    answer: ({ honest }) => (isSilent || honest === null ? [] : [honest]),
  });
  await stage.time([server.name]);
  isSilent = true;
  const { exitCode } = await stage.time([server.name], "--timeout", busyMs(1_000));
  expect([exitCode, server.exchanges]).toEqual([4, 2]);
});

withOpenssl(
  "a store that another program has locked: no cookie is taken, and keys are exchanged",
  async () => {
    await using stage = await NtsStage.open();
    const server = await stage.server("server");
    await stage.time([server.name]);
    using other = new Database(stage.folder.file("nodupe.db"));
    other.run("BEGIN IMMEDIATE");
    const running = stage.time([server.name]);
    await until(() => server.cookies.length === 2, "a request comes under new keys");
    other.run("ROLLBACK");
    const { exitCode, json } = await running;
    expect([exitCode, json.source, server.exchanges, new Set(server.cookies).size]).toEqual([0, "nts", 2, 2]);
  },
);

withOpenssl("a server that is named twice exchanges keys once", async () => {
  await using stage = await NtsStage.open();
  const server = await stage.server("server");
  const { json } = await stage.time([server.name, server.name]);
  expect([json.source, server.exchanges, json.servers.length]).toEqual(["nts", 1, 1]);
});

test("--nts never falls back: a plain NTP server and --fallback make exit 4", async () => {
  using plain = await ntpServer();
  const env = { NODUPE_TIME_HTTPS_SERVER: "https://127.0.0.1:1" };
  const args = ["--nts", "--fallback", "--timeout", "500ms", "--server", plain.name];
  const { exitCode, json, stderr } = await nodupeTime(args, { env });
  expect([exitCode, json.source, json.authenticated, json.offset_s]).toEqual([4, null, false, null]);
  expect([plain.requests, json.passed_over]).toEqual([0, []]);
  expect(stderr).toContain("the server gave no valid answer");
});

test("what --nts needs and contradicts: exit 2, one line, nothing done", async () => {
  using folder = tempFolder();
  writeFileSync(folder.file("empty.pem"), "");
  const table: readonly (readonly [readonly string[], string])[] = [
    [["--nts", "--offline"], "--nts and --offline exclude each other"],
    [["--fresh"], "--fresh means nothing without --nts"],
    [["--nts-ca", folder.file("empty.pem")], "--nts-ca means nothing without --nts"],
    [["--nts", "--nts-ca", folder.file("none.pem")], `cannot read ${folder.file("none.pem")} (--nts-ca)`],
    [
      ["--nts", "--nts-ca", folder.file("empty.pem")],
      "contains no certificate; expected certificates in PEM",
    ],
  ];
  for (const [args, message] of table) {
    const { exitCode, stdout, stderr } = await nodupe([
      "time",
      "--db",
      ":memory:",
      "--server",
      "127.0.0.1:1",
      ...args,
    ]);
    expect([exitCode, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(message);
    expect(stderr.trim().split("\n")).toHaveLength(1);
  }
});

withOpenssl("without --server the servers of [time] nts_server are asked; nts = true is --nts", async () => {
  await using stage = await NtsStage.open();
  const server = await stage.server("server");
  const env = {
    NODUPE_TIME_NTS_SERVER: server.name,
    NODUPE_TIME_NTS: "true",
    NODUPE_TIME_NTS_CA: stage.authority.path,
  };
  const { exitCode, json } = await nodupeTime([], { env });
  expect([exitCode, json.source, json.servers.length]).toEqual([0, "nts", 1]);
  const stamp = await nodupe(["stamp", "--json", "--db", ":memory:"], { env });
  expect([stamp.exitCode, JSON.parse(stamp.stdout)]).toEqual([0, expect.objectContaining({ source: "nts" })]);
});
