import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { patient } from "../../support/emulation.ts";
import { nodupe, type Run } from "../../support/run.ts";
import { tempFolder, type TempFolder } from "../../support/temp.ts";

const FIXTURES = join(import.meta.dir, "../../fixtures");
const SAMPLE = join(FIXTURES, "storagenode-sample.log");
const API = JSON.parse(readFileSync(join(FIXTURES, "storagenode-api.json"), "utf8")) as Record<
  string,
  Record<string, unknown>
>;
const PATHS = ["/api/sno/", "/api/sno/satellites", "/api/sno/estimated-payout"] as const;

type Answer = (path: string) => Response | Promise<Response>;

const good: Answer = (path) => Response.json(API[path]);

/** Asks an API that answers so, for a node of its own. */
async function ask(folder: TempFolder, answer: Answer, more: readonly string[] = []): Promise<Run> {
  using server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    idleTimeout: 60,
    fetch: (request) => answer(new URL(request.url).pathname),
  });
  const url = `http://127.0.0.1:${server.port}`;
  const args = ["ingest", "--node", "a", "--api", url, ...more, "--json", "--db", folder.file("s.db")];
  const run = await nodupe(args);
  await server.stop(true);
  return run;
}

function snapshots(folder: TempFolder): Record<string, unknown>[] {
  using db = new Database(folder.file("s.db"), { readonly: true });
  return db.query<Record<string, unknown>, []>("SELECT * FROM node_snapshot ORDER BY taken_ms").all();
}

function nodes(folder: TempFolder): number {
  using db = new Database(folder.file("s.db"), { readonly: true });
  return db.query<{ count: number }, []>("SELECT count(*) AS count FROM node").get()?.count ?? -1;
}

function endless(chunk: string): Response {
  const bytes = Buffer.from(chunk.repeat(1_024));
  return new Response(
    new ReadableStream({
      pull: (controller) => controller.enqueue(bytes),
    }),
  );
}

/** Good answers but for one, in whose text something is replaced. */
function changed(path: string, from: RegExp, to: string): Answer {
  return (asked) => {
    const text = JSON.stringify(API[asked]);
    return new Response(asked === path ? text.replace(from, to) : text);
  };
}

const HOSTILE: readonly [name: string, answer: Answer, said: RegExp][] = [
  ["{} everywhere", () => Response.json({}), /gave an unexpected answer at diskSpace/],
  ["a list", () => Response.json([]), /gave an unexpected answer/],
  ["null", () => Response.json(null), /gave an unexpected answer/],
  ["no JSON", () => new Response("<html>hello\nworld</html>"), /did not answer with JSON/],
  ["404", () => new Response("no", { status: 404 }), /answered 404/],
  ["a redirect", () => Response.redirect("http://127.0.0.1:1/", 302), /answered 302/],
  ["endless", () => endless("[1, 2],"), /answered more than 4 MB/],
  ["deep", () => new Response("[".repeat(1_000_000)), /did not answer with JSON/],
];

for (const [name, answer, said] of HOSTILE) {
  test(
    `an API that answers ${name} is one line, and no node comes into being`,
    async () => {
      using folder = tempFolder();
      const run = await ask(folder, answer);
      expect(run.stderr).toMatch(said);
      expect(run.stderr.trimEnd().split("\n").length).toBe(1);
      expect({ exitCode: run.exitCode, nodes: nodes(folder) }).toEqual({ exitCode: 1, nodes: 0 });
      expect(JSON.parse(run.stdout)).toMatchObject({ lines: 0, api: [{ reachable: true }] });
    },
    patient(60_000),
  );
}

const PARTS: readonly [name: string, path: string, from: RegExp, to: string, lost: string[]][] = [
  ["a negative size", "/api/sno/", /"used":\d+/, '"used":-5', ["used_bytes", "total_bytes", "trash_bytes"]],
  ["a size that is text", "/api/sno/", /"trash":\d+/, '"trash":"much"', ["used_bytes"]],
  ["a size past every number", "/api/sno/", /"used":\d+/, '"used":1e999', ["used_bytes"]],
  ["a size past every disk", "/api/sno/", /"used":\d+/, '"used":1e300', ["used_bytes"]],
  ["half a byte", "/api/sno/", /"trash":\d+/, '"trash":0.5', ["used_bytes", "trash_bytes"]],
  ["a version of 100 kB", "/api/sno/", /"version":"/, `"version":"${"9".repeat(100_000)}`, ["version"]],
  ["a score of 7", "/api/sno/satellites", /"auditScore":1/, '"auditScore":7', ["audit_score", "joined_ms"]],
  ["no month", "/api/sno/estimated-payout", /"currentMonth"/, '"someMonth"', ["payout_usd", "held_usd"]],
];

for (const [name, path, from, to, lost] of PARTS) {
  test(
    `${name} loses that part alone, and takes nothing away that was told before`,
    async () => {
      using folder = tempFolder();
      expect((await ask(folder, good)).exitCode).toBe(0);
      const [before] = snapshots(folder);
      const run = await ask(folder, changed(path, from, to));
      expect({ exitCode: run.exitCode, lines: run.stderr.trimEnd().split("\n").length }).toEqual({
        exitCode: 0,
        lines: 1,
      });
      expect(run.stderr).toContain(`${path} gave an unexpected answer`);
      const [, after] = snapshots(folder);
      for (const column of lost) expect([column, after?.[column]]).toEqual([column, null]);
      const kept = Object.keys(before ?? {}).filter(
        (column) => after?.[column] !== null && column !== "taken_ms",
      );
      expect(kept.length).toBeGreaterThan(4);
      for (const column of kept) expect(after?.[column]).toBe(before?.[column]);
      // What a comparison shows is the last good figure of each kind.
      const window = ["--since", "2025-10-06", "--until", "2025-10-07"];
      await nodupe(["ingest", "--node", "a", SAMPLE, "--db", folder.file("s.db")]);
      await nodupe(["ingest", "--node", "b", SAMPLE, "--db", folder.file("s.db")]);
      const compared = await nodupe(["compare", "a", "b", ...window, "--json", "--db", folder.file("s.db")]);
      const metrics = (JSON.parse(compared.stdout) as { nodes: { metrics: Record<string, number> }[] })
        .nodes[0]?.metrics;
      expect(metrics?.["avg_audit_score"]).toBeCloseTo(99.9, 9);
      expect(metrics?.["storage_utilization"]).toBeCloseTo((5_368_709_120_000 / 8e12) * 100, 9);
    },
    patient(60_000),
  );
}

test(
  "an API that says nothing, or a byte a second, costs its time-out and not the log",
  async () => {
    using folder = tempFolder();
    const trickles: Timer[] = [];
    using cleanup = new DisposableStack();
    cleanup.defer(() => {
      for (const trickle of trickles) clearInterval(trickle);
    });
    const slow: Answer = (path) =>
      path === "/api/sno/"
        ? new Promise<Response>(() => undefined)
        : new Response(
            new ReadableStream({
              start: (controller) => {
                const trickle = setInterval(() => {
                  try {
                    controller.enqueue(Buffer.from(" "));
                  } catch {
                    // Whoever asked has given up: the stream is closed.
                    clearInterval(trickle);
                  }
                }, 200);
                trickles.push(trickle);
              },
            }),
          );
    const begin = performance.now();
    const run = await ask(folder, slow, [SAMPLE]);
    expect(run.exitCode).toBe(0);
    expect(JSON.parse(run.stdout)).toMatchObject({ events: 43, started: 15 });
    for (const path of PATHS) expect(run.stderr).toContain(`${path} did not answer within 5 s`);
    expect(performance.now() - begin).toBeLessThan(patient(15_000));
  },
  patient(60_000),
);

test(
  "an API that is not there: exit 4 alone, a warning beside a log",
  async () => {
    using folder = tempFolder();
    const api = ["--api", "http://127.0.0.1:1", "--db", folder.file("s.db"), "--json"];
    const alone = await nodupe(["ingest", "--node", "a", ...api]);
    expect({ exitCode: alone.exitCode, nodes: nodes(folder) }).toEqual({ exitCode: 4, nodes: 0 });
    expect(alone.stderr.trimEnd().split("\n").length).toBe(1);
    expect(JSON.parse(alone.stdout)).toMatchObject({ api: [{ reachable: false }] });
    const beside = await nodupe(["ingest", "--node", "a", SAMPLE, ...api]);
    expect(beside.exitCode).toBe(0);
  },
  patient(60_000),
);
