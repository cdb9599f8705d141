import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { appendFileSync, readFileSync, renameSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BINARY } from "../../support/binary.ts";
import { patient } from "../../support/emulation.ts";
import { cleanEnvironment, nodupe } from "../../support/run.ts";
import { tempFolder } from "../../support/temp.ts";
import { until } from "../../support/until.ts";

const FIXTURES = join(import.meta.dir, "../../fixtures");
const SAMPLE = readFileSync(join(FIXTURES, "storagenode-sample.log"), "utf8").split("\n");

function lines(from: number, to: number): string {
  return `${SAMPLE.slice(from, to).join("\n")}\n`;
}

test(
  "following stays on a log through growth, rename, re-creation and truncation",
  async () => {
    using folder = tempFolder();
    const path = folder.file("node.log");
    writeFileSync(path, lines(0, 50));
    const child = Bun.spawn(
      [BINARY, "ingest", "--node", "f", "--follow", path, "--json", "--db", folder.file("s.db")],
      { env: cleanEnvironment({}), stdout: "pipe", stderr: "pipe" },
    );
    let last: { lines: number; events: number; started: number; facts: number } = {
      lines: 0,
      events: 0,
      started: 0,
      facts: 0,
    };
    const reader = (async () => {
      let text = "";
      for await (const chunk of child.stdout) {
        text += new TextDecoder().decode(chunk);
        const whole = text.split("\n");
        text = whole.pop() ?? "";
        for (const line of whole) last = JSON.parse(line) as typeof last;
      }
    })();
    const seen = (count: number): Promise<void> =>
      until(() => last.lines === count, `${count} lines are told`);
    await seen(50);
    appendFileSync(path, lines(50, 90));
    await seen(90);
    renameSync(path, folder.file("node.log.1"));
    appendFileSync(folder.file("node.log.1"), lines(90, 110));
    await seen(110);
    writeFileSync(path, lines(110, 140));
    await seen(140);
    truncateSync(path, 0);
    appendFileSync(path, lines(140, 160));
    await seen(160);
    appendFileSync(path, lines(160, 181));
    await seen(181);
    child.kill("SIGTERM");
    await reader;
    expect(await child.exited).toBe(143);
    const { events, started, facts } = last;
    expect({ events, started, facts }).toEqual({ events: 43, started: 15, facts: 15 });
  },
  patient(60_000),
);

test(
  "the node's API gives disk, scores and payout; one that does not answer is said and not fatal",
  async () => {
    using folder = tempFolder();
    const answers = JSON.parse(readFileSync(join(FIXTURES, "storagenode-api.json"), "utf8")) as Record<
      string,
      unknown
    >;
    const log = join(FIXTURES, "storagenode-sample.log");
    const store = ["--db", folder.file("s.db")];
    using server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: (request) => {
        const { pathname } = new URL(request.url);
        if (pathname.startsWith("/old/")) return Response.json({});
        const answer = answers[pathname];
        return answer === undefined ? new Response("no", { status: 404 }) : Response.json(answer);
      },
    });
    using old = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: (request) =>
        new URL(request.url).pathname === "/api/sno/"
          ? Response.json(answers["/api/sno/ (up to 1.142)"])
          : new Response("no", { status: 500 }),
    });
    const first = await nodupe([
      "ingest",
      "--node",
      "new",
      log,
      "--api",
      `http://127.0.0.1:${server.port}`,
      ...store,
      "--json",
    ]);
    expect(first.exitCode).toBe(0);
    expect(JSON.parse(first.stdout)).toMatchObject({ events: 43, api: [{ reachable: true, reason: null }] });
    const second = await nodupe([
      "ingest",
      "--node",
      "old",
      log,
      "--api",
      `http://127.0.0.1:${old.port}`,
      ...store,
      "--json",
    ]);
    expect(JSON.parse(second.stdout)).toMatchObject({ api: [{ reachable: true }] });
    const third = await nodupe([
      "ingest",
      "--node",
      "gone",
      log,
      "--api",
      "http://127.0.0.1:1",
      ...store,
      "--json",
    ]);
    expect(third.exitCode).toBe(0);
    expect(third.stderr).toContain("the API of gone");
    expect(JSON.parse(third.stdout)).toMatchObject({ events: 43, api: [{ reachable: false }] });
    const compared = async (...window: string[]) => {
      const { stdout } = await nodupe(["compare", "new", "old", "--json", ...window, ...store]);
      type Node = { metrics: Record<string, number>; earnings_api_usd: number | null };
      return (JSON.parse(stdout) as { nodes: Node[] }).nodes;
    };
    // What the API says of its month is told for a window in that month, and for no other.
    const now = await compared("--last", "1h");
    expect(now.map((node) => node.earnings_api_usd)).toEqual([6.08, null]);
    const nodes = await compared("--since", "2025-10-06", "--until", "2025-10-07");
    for (const node of nodes) {
      expect(node).toMatchObject({ earnings_source: "model", earnings_api_usd: null });
      expect(node.metrics["storage_utilization"]).toBeCloseTo((5_368_709_120_000 / 8e12) * 100, 9);
    }
    expect(nodes[0]?.metrics).toMatchObject({ avg_audit_score: 99.9 });
  },
  patient(60_000),
);

test(
  "the events of storj_monitor's database are taken over once",
  async () => {
    using folder = tempFolder();
    const path = folder.file("storj_monitor.db");
    {
      using db = new Database(path);
      db.run(
        "CREATE TABLE events (id INTEGER PRIMARY KEY, timestamp DATETIME, action TEXT, status TEXT, size INTEGER, piece_id TEXT, satellite_id TEXT, remote_ip TEXT, country TEXT, latitude REAL, longitude REAL, error_reason TEXT, node_name TEXT, duration_ms INTEGER)",
      );
      const insert = db.query(
        "INSERT INTO events (timestamp, action, status, size, piece_id, satellite_id, remote_ip, node_name, duration_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
      );
      for (let index = 0; index < 50; index += 1) {
        const node = index % 5 === 0 ? "other" : "mine";
        insert.run(
          `2026-01-01T00:00:${String(index).padStart(2, "0")}.250+00:00`,
          "GET",
          index % 10 === 1 ? "failed" : "success",
          256,
          `P${index}`,
          "S",
          "1.2.3.4",
          node,
          40,
        );
      }
      insert.run("never", "GET", "success", 1, "P", "S", "1.2.3.4", "mine", 1);
    }
    const args = ["ingest", "--node", "mine", "--from", path, "--db", folder.file("s.db"), "--json"];
    const first = await nodupe(args);
    expect(JSON.parse(first.stdout)).toMatchObject({ imported: 40 });
    expect(JSON.parse((await nodupe(args)).stdout)).toMatchObject({ imported: 0 });
    const unknown = await nodupe(["ingest", "--node", "nobody", "--from", path, "--db", folder.file("s.db")]);
    expect({
      code: unknown.exitCode,
      said:
        unknown.stderr.includes("has the nodes mine, other") ||
        unknown.stderr.includes("has the nodes other, mine"),
    }).toEqual({ code: 2, said: true });
  },
  patient(30_000),
);

test(
  "a compressed file that is cut off is said, and what came before the cut is stored",
  async () => {
    using folder = tempFolder();
    const whole = Buffer.from(lines(0, 181).repeat(40));
    for (const [name, bytes] of [
      ["cut.gz", Bun.gzipSync(whole)],
      ["cut.zst", Bun.zstdCompressSync(whole)],
    ] as const) {
      const path = folder.file(name);
      writeFileSync(path, bytes.subarray(0, bytes.length - 3));
      const run = await nodupe(["ingest", "--node", name, path, "--db", folder.file("s.db"), "--json"]);
      expect({ name, code: run.exitCode }).toEqual({ name, code: 1 });
      expect(run.stderr).toContain(`cannot read ${path} to its end: unexpected end of file`);
      const told = JSON.parse(run.stdout) as { files: number; lines: number };
      expect(told.files).toBe(0);
      // What a decompressor holds back at the end of its input is less than 200 kB.
      expect(told.lines).toBeGreaterThan(181 * 30);
    }
  },
  patient(30_000),
);

test(
  "a database of storj_monitor's form with odd times skips them; one of another form is refused",
  async () => {
    using folder = tempFolder();
    const columns = "timestamp, action TEXT, status TEXT, piece_id TEXT, satellite_id TEXT";
    {
      using db = new Database(folder.file("odd.db"));
      db.run(`CREATE TABLE events (id INTEGER PRIMARY KEY, size INTEGER, ${columns})`);
      const insert = db.query("INSERT INTO events (timestamp, action, status) VALUES (?, 'GET', 'success')");
      for (const time of ["2026-01-01 00:00:00.250", null, 123, 1.5, "99999-01-01", "2026-02-31x", ""]) {
        insert.run(time);
      }
      using other = new Database(folder.file("other.db"));
      other.run(`CREATE TABLE events (${columns})`);
    }
    const store = ["--db", folder.file("s.db"), "--json"];
    const odd = await nodupe(["ingest", "--node", "a", "--from", folder.file("odd.db"), ...store]);
    expect({ code: odd.exitCode, told: JSON.parse(odd.stdout) as unknown }).toMatchObject({
      code: 0,
      told: { imported: 1 },
    });
    expect(odd.stderr).toContain("6 rows could not be read");
    const other = await nodupe(["ingest", "--node", "a", "--from", folder.file("other.db"), ...store]);
    expect(other.exitCode).toBe(2);
    expect(other.stderr).toContain("is not a storj_monitor database");
  },
  patient(30_000),
);

test(
  "hostile input is counted, said and survived",
  async () => {
    using folder = tempFolder();
    const good = SAMPLE.slice(40, 44).join("\n");
    const parts = [
      good,
      SAMPLE[45]?.slice(0, 150) ?? "",
      "x".repeat(10 * 1_048_576),
      '2026-01-01T00:00:00Z\tINFO\tpiecestore\tdownloaded\t{"piece_id": "A\0B", "satellite_id": "S", "action": "GET", "size": 1}',
      "\ufffd\ufffd not a log line",
      "",
    ];
    const random = new Uint8Array(65_536);
    for (let index = 0, state = 1; index < random.length; index += 1) {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      random[index] = state >>> 24;
    }
    writeFileSync(
      folder.file("odd.log"),
      Buffer.concat([Buffer.from(parts.join("\n")), random, Buffer.from(`\n${SAMPLE[60] ?? ""}\n`)]),
    );
    const run = await nodupe([
      "ingest",
      "--node",
      "odd",
      folder.file("odd.log"),
      "--db",
      folder.file("s.db"),
      "--json",
    ]);
    expect(run.exitCode).toBe(0);
    const counted = JSON.parse(run.stdout) as Record<string, number>;
    const { lines = 0, events = 0, started = 0, facts = 0, known = 0, ignored = 0, malformed = 0 } = counted;
    expect(events + started + facts + known + ignored + malformed).toBe(lines);
    expect(events + started).toBeGreaterThanOrEqual(4);
    expect(malformed).toBeGreaterThan(2);

    writeFileSync(folder.file("alien.log"), '2026-01-01T00:00:00Z\tINFO\tpiecestore\tdownloaded\t{"p": 1}\n');
    const alien = await nodupe([
      "ingest",
      "--node",
      "alien",
      folder.file("alien.log"),
      "--db",
      folder.file("s.db"),
    ]);
    expect(alien.exitCode).toBe(1);
    expect(alien.stderr).toContain("none of its piecestore lines (1) was understood");

    writeFileSync(folder.file("cut.gz"), Bun.gzipSync(Buffer.from(SAMPLE.join("\n"))).subarray(0, 4_000));
    const cut = await nodupe(["ingest", "--node", "cut", folder.file("cut.gz"), "--db", folder.file("s.db")]);
    expect(cut.exitCode).toBe(1);
    expect(cut.stderr).toContain("cannot read");
    const missing = await nodupe([
      "ingest",
      "--node",
      "x",
      folder.file("no.log"),
      "--db",
      folder.file("s.db"),
    ]);
    expect(missing.exitCode).toBe(2);
    for (const more of [[], ["--follow"]]) {
      const args = ["ingest", "--node", "x", folder.path, ...more, "--db", folder.file("s.db")];
      const { exitCode, stdout, stderr } = await nodupe(args);
      expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
      expect(stderr).toBe(`nodupe: ${folder.path} is a folder; expected a log file\n`);
    }
  },
  patient(60_000),
);
