import { expect } from "bun:test";
import { writeFileSync } from "node:fs";
import { createAuthority } from "../../support/net/authority.ts";
import { ingestNode } from "../../support/nodes/fleet.ts";
import { withinOneHour } from "../../support/one-hour.ts";
import { nodupe } from "../../support/run.ts";
import { startServe } from "../../support/serve/serve.ts";
import { tempFolder } from "../../support/temp.ts";

const test = withinOneHour();

interface Node {
  readonly node_name: string;
  readonly as_of: string | null;
  readonly error: string | null;
  readonly metrics: Record<string, number | null>;
}

interface Report {
  readonly nodes: readonly Node[];
  readonly caveats: readonly { readonly text: string }[];
  readonly [key: string]: unknown;
}

async function report(args: readonly string[], exitCode = 0): Promise<Report> {
  const run = await nodupe(["compare", ...args, "--json"]);
  expect({ args, exitCode: run.exitCode, stderr: exitCode === 0 ? run.stderr : "" }).toEqual({
    args,
    exitCode,
    stderr: "",
  });
  return JSON.parse(run.stdout) as Report;
}

/** All but what tells how an answer came about. */
function figures(told: Report): object {
  const own = new Set(["elapsed_s", "cached", "cache_hits", "cache_hit_percent"]);
  return Object.fromEntries(Object.entries(told).filter(([key]) => !own.has(key)));
}

test("two boards compared over HTTP: the figures of one store; one down: what it told last, and since when", async () => {
  using folder = tempFolder();
  const [here, there, both] = [folder.file("here.db"), folder.file("there.db"), folder.file("both.db")];
  await ingestNode(folder, { name: "pi-1", seed: 1, latencyMs: 100 }, [here, both]);
  await ingestNode(folder, { name: "pi-2", seed: 2, latencyMs: 200 }, [there, both]);
  await using other = await startServe(["--db", there]);
  const remote = `pi-2@${other.url}`;
  for (const range of [
    ["--last", "24h"],
    ["--last", "7d", "--type", "performance"],
  ]) {
    const one = await report(["pi-1", "pi-2", "--db", both, ...range]);
    const two = await report(["pi-1", remote, "--db", here, ...range]);
    expect(figures(two)).toEqual(figures(one));
    expect(two["verdicts"]).not.toBeEmpty();
  }
  // A window that cuts hours, and one that needs no store here.
  const until = new Date(Date.now() - 5 * 3_600_000 - 61_234).toISOString();
  const cut = ["--last", "10h", "--until", until];
  expect(figures(await report(["pi-1", remote, "--db", here, ...cut]))).toEqual(
    figures(await report(["pi-1", "pi-2", "--db", both, ...cut])),
  );
  const none = folder.file("none.db");
  const alone = await report([remote, `pi-1=${folder.file("pi-1.log")}`, "--db", none, "--last", "24h"]);
  expect(alone.nodes.map((node) => node.node_name)).toEqual(["pi-2", "pi-1"]);
  expect(await Bun.file(none).exists()).toBe(false);

  const before = await report(["pi-1", remote, "--db", here, "--last", "24h"]);
  await other.end();
  const after = await report(["pi-1", remote, "--db", here, "--last", "24h"]);
  expect(after.nodes.map(({ metrics }) => metrics)).toEqual(before.nodes.map(({ metrics }) => metrics));
  expect(after.nodes.map(({ as_of }) => as_of === null)).toEqual([true, false]);
  expect(after.caveats.map(({ text }) => text).join("\n")).toMatch(
    /^pi-2: its board cannot be reached \(connection refused\): its figures are of \d{4}-\d\d-\d\d \d\d:\d\d UTC$/m,
  );
  // Nothing is known of it: its row says so, and the others are told.
  const unknown = await report(["pi-1", remote, "--db", both, "--last", "24h"], 1);
  expect(unknown.nodes.map(({ node_name, error }) => [node_name, error])).toEqual([
    ["pi-1", null],
    ["pi-2", `${other.url}: connection refused`],
  ]);
  const nobody = await nodupe(["compare", remote, `pi-3@${other.url}`, "--db", none, "--json"]);
  expect([nobody.exitCode, (JSON.parse(nobody.stdout) as Report).nodes.length]).toEqual([4, 2]);
});

test("nodes alike by name are told apart by their URL, and what is wrong with one is said before anything is asked", async () => {
  using folder = tempFolder();
  const [here, there] = [folder.file("here.db"), folder.file("there.db")];
  await ingestNode(folder, { name: "pi", seed: 1, latencyMs: 100, operations: 500 }, [here, there]);
  await using other = await startServe(["--db", there]);
  const alike = await report(["pi", `pi@${other.url}`, "--db", here]);
  expect(alike.nodes.map((node) => node.node_name)).toEqual(["pi", `pi@${other.url}`]);
  const says = async (...args: string[]): Promise<unknown> => {
    const run = await nodupe(["compare", "pi", ...args, "--db", here]);
    return [run.exitCode, run.stdout, run.stderr.trim()];
  };
  expect(await says(`pi@${other.url}`, `pi@${other.url}/`)).toEqual([
    2,
    "",
    expect.stringContaining("is named twice"),
  ]);
  expect(await says(`po@${other.url}`)).toEqual([2, "", expect.stringContaining("did you mean pi?")]);
  expect(await says("pi@http://192.0.2.1:8080")).toEqual([2, "", expect.stringContaining("--insecure-http")]);
  expect(await says("pi@https://user:secret@host/")).toEqual([2, "", expect.stringContaining("NAME@URL")]);
});

test("a board behind TLS of an own authority and a token: both are needed, and the token goes nowhere else", async () => {
  using folder = tempFolder();
  const db = folder.file("store.db");
  await ingestNode(folder, { name: "pi-1", seed: 1, latencyMs: 100, operations: 500 }, [db]);
  await ingestNode(folder, { name: "pi-2", seed: 2, latencyMs: 100, operations: 500 }, [db]);
  const authority = await createAuthority(folder, "fleet");
  const { key, cert } = await authority.issue("board");
  const token = "a token of many letters";
  const secret = folder.file("token");
  writeFileSync(folder.file("k.pem"), key);
  writeFileSync(folder.file("c.pem"), cert);
  writeFileSync(secret, `${token.replaceAll(" ", "-")}\n`, { mode: 0o600 });
  await using board = await startServe(
    `--db ${db} --token-file ${secret} --tls-cert ${folder.file("c.pem")} --tls-key ${folder.file("k.pem")}`.split(
      " ",
    ),
  );
  const nodes = [`pi-1@${board.url}`, `pi-2@${board.url}`, "--db", folder.file("none.db")];
  const trusting = [...nodes, "--ca-file", authority.path];
  const told = await report([...trusting, "--token-file", secret]);
  expect(told.nodes.map(({ error }) => error)).toEqual([null, null]);
  const untrusted = await nodupe(["compare", ...nodes, "--token-file", secret]);
  expect([untrusted.exitCode, untrusted.stderr]).toEqual([4, expect.stringContaining("certificate")]);
  const unnamed = await nodupe(["compare", ...trusting]);
  expect([unnamed.exitCode, unnamed.stdout, unnamed.stderr]).toEqual([
    5,
    "",
    expect.stringContaining("it refuses the token; name the file with the right one: --token-file FILE"),
  ]);
  // A token of another board's is not sent to this one.
  const others = folder.file("others");
  writeFileSync(others, `# of the fleet\nhttps://elsewhere.example:8443 ${token.replaceAll(" ", "-")}\n`, {
    mode: 0o600,
  });
  expect((await nodupe(["compare", ...trusting, "--token-file", others])).exitCode).toBe(5);
  writeFileSync(others, `${board.url}/ ${token.replaceAll(" ", "-")}\n`);
  expect((await nodupe(["compare", ...trusting, "--token-file", others])).exitCode).toBe(0);
});
