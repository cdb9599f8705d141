import { afterAll, beforeAll, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import * as z from "zod";
import { boardStore } from "../../support/serve/board.ts";
import { ntpServer, serverArguments } from "../../support/time/ntp.ts";
import { nodupe } from "../../support/run.ts";
import { type Served, startServe } from "../../support/serve/serve.ts";
import { tempFolder } from "../../support/temp.ts";

/** The API as its own description tells it: what answers in JSON answers as the schema there says. */

const TOKEN = "a token of many letters";

const world = new AsyncDisposableStack();
afterAll(() => world.disposeAsync());

let served: Served;
beforeAll(async () => {
  const folder = world.use(tempFolder());
  const db = await boardStore(folder);
  const clock = world.use(await ntpServer());
  await nodupe(["time", ...serverArguments([clock]), "--db", db, "-q"]);
  const other = world.use(await startServe(["--db", folder.file("other.db")]));
  const token = folder.file("token");
  writeFileSync(token, TOKEN, { mode: 0o600 });
  served = world.use(
    await startServe(["--db", db, "--token-file", token, "--follow", `pi-1=${folder.file("pi-1.log")}`], {
      NODUPE_FLEET_BOARDS: other.url,
    }),
  );
});

const authorization = { authorization: `Bearer ${TOKEN}` };

interface Operation {
  readonly responses: Readonly<
    Record<string, { readonly content: Readonly<Record<string, { readonly schema?: object }>> }>
  >;
}

async function operations(): Promise<Map<string, Operation>> {
  const { body } = await served.ask("/api/openapi.json", { headers: authorization });
  const { paths } = body as { paths: Record<string, Record<string, Operation>> };
  const named = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, of]): [string, Operation] => [
      `${method.toUpperCase()} ${path}`,
      of,
    ]),
  );
  return new Map(named);
}

function expectAsDescribed(of: Operation, status: number, body: unknown): void {
  const schema = of.responses[status]?.content["application/json"]?.schema;
  if (schema === undefined) throw new Error(`${status} is not described`);
  const parsed = z
    .fromJSONSchema(schema as z.core.JSONSchema.JSONSchema, { defaultTarget: "openapi-3.0" })
    .safeParse(body);
  if (!parsed.success)
    throw new Error(`${z.prettifyError(parsed.error)}\n${JSON.stringify(body).slice(0, 500)}`);
}

/** Every JSON path, and each of its variants that answers otherwise. */
const ASKED: readonly (readonly [operation: string, query: string, body: unknown])[] = [
  ["POST /api/comparison", "", { nodes: ["pi-1", "pi-2"], timeRange: 48 }],
  ["POST /api/comparison", "", { nodes: ["pi-1"] }],
  ["GET /api/time", "?hours=2", null],
  ["GET /api/time", "?hours=none", null],
  ["GET /api/nodes", "", null],
  ["GET /api/nodes", "?series=operations", null],
  ["GET /api/board", "", null],
  ["GET /api/system", "", null],
  ["GET /api/metrics", "", null],
  ["GET /api/sync", "", null],
  ["POST /api/sync/retry", "", {}],
  ["GET /api/history", "?limit=2&state=done", null],
  ["GET /api/fleet", "", null],
  ["GET /api/jobs", "", null],
  ["POST /api/login", "", { token: TOKEN }],
  ["POST /api/logout", "", {}],
  ["GET /health", "", null],
];

test.each(ASKED)("%s%s answers as the description of the API says", async (name, query, body) => {
  const of = (await operations()).get(name);
  if (of === undefined) throw new Error(`${name} is not described`);
  const path = `${name.slice(name.indexOf(" ") + 1)}${query}`;
  const answer =
    body === null
      ? await served.ask(path, { headers: authorization })
      : await served.post(path, body, authorization);
  expectAsDescribed(of, answer.status, answer.body);
  if (name !== "POST /api/login") expectAsDescribed(of, 401, (await served.ask(path, method(name))).body);
});

function method(name: string): RequestInit {
  return { method: name.slice(0, name.indexOf(" ")) };
}

test("every path that answers in JSON is asked here", async () => {
  const inJson = [...(await operations())]
    .filter(([, { responses }]) => responses["200"]?.content["application/json"] !== undefined)
    .map(([name]) => name);
  expect([...new Set(ASKED.map(([name]) => name))].toSorted()).toEqual(inJson.toSorted());
});

test("keys are in snake_case throughout", async () => {
  const keys = new Set<string>();
  const collect = (schema: unknown): void => {
    if (typeof schema !== "object" || schema === null) return;
    for (const [key, value] of Object.entries(schema)) {
      if (key === "properties") for (const name of Object.keys(value as object)) keys.add(name);
      collect(value);
    }
  };
  for (const { responses } of (await operations()).values()) collect(responses);
  expect(keys.size).toBeGreaterThan(100);
  expect([...keys].filter((key) => !/^[a-z0-9]+(?:_[a-z0-9]+)*$/.test(key))).toEqual([]);
});
