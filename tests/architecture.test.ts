import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

const SRC = join(import.meta.dir, "../src");

/**
 * From low to high: a folder imports only from lower layers, so the jobs, which share a layer, never import each other.
 */
const LAYERS: readonly (readonly string[])[] = [
  ["lib"],
  ["settings"],
  ["db", "redis"],
  ["time", "nodes", "upload", "upgrade"],
  ["board"],
  ["bench"],
  ["render"],
  ["serve"],
  ["cli"],
  ["main.ts"],
];

/** Outside the layers: the starter of workers, which every layer above db can use, and the workers' entry points. */
const WORKERS = "workers.ts";
const WORKER_ENTRIES = "workers";

/**
 * What only some files may use: a pattern in the code (without comments), and every file or folder that contains it.
 */
interface Guard {
  readonly what: string;
  readonly pattern: RegExp;
  readonly where: readonly string[];
}

const GUARDS: readonly Guard[] = [
  {
    what: "UDP sockets",
    pattern: /\bBun\.udpSocket\b|"node:dgram"/,
    where: [
      "bench/earlier/sequential-ntp.ts",
      "bench/peers/dns-peer.ts",
      "bench/peers/ntp-peer.ts",
      "time/net/portable-transport.ts",
    ],
  },
  {
    what: "TCP and TLS sockets",
    pattern: /\bBun\.(connect|listen)\b|"node:(net|tls)"/,
    where: [
      "lib/http/connection.ts",
      "lib/http/proxy.ts",
      "lib/http/route.ts",
      "time/net/nts/key-exchange.ts",
      "time/net/tls-connection.ts",
      "time/net/x509/peer.ts",
      "time/net/x509/roots.ts",
      "time/sources/https-date.ts",
      "redis/diagnose.ts",
    ],
  },
  { what: "Redis", pattern: /\bRedisClient\b/, where: ["redis/link.ts"] },
  {
    what: "HTTP",
    pattern: /\bfetch\(|\bBun\.serve\b|"node:https?"/,
    where: [
      "nodes/ingest/node-api.ts",
      "serve/page/api.ts",
      "serve/server.ts",
      "upgrade/fetch.ts",
      "upload/sandbox/http-server.ts",
    ],
  },
  {
    what: "DNS",
    pattern: /"node:dns(\/promises)?"|\bBun\.dns\b/,
    where: ["bench/peers/dns-peer.ts", "time/net/resolve.ts"],
  },
  {
    what: "foreign functions",
    pattern: /"bun:ffi"/,
    where: [
      "lib/directory.ts",
      // Pointers passed to Landlock.
      "lib/ffi/landlock.ts",
      "lib/ffi/libc.ts",
      "lib/ffi/statx.ts",
      // 64-bit addresses as numbers.
      "lib/ffi/program-pages.ts",
      "time/clock/system-clock.ts",
      "time/clock/timex.ts",
      "time/net/kernel-socket.ts",
      "time/net/kernel-transport.ts",
      "time/sources/rtc.ts",
    ],
  },
  {
    what: "databases, opened",
    pattern: /\bnew Database\(/,
    where: [
      "bench/earlier/row-store.ts",
      "db/open.ts",
      "db/store-file.ts",
      "nodes/ingest/monitor-import.ts",
      "upload/history/imported-history.ts",
    ],
  },
  {
    what: "SQL",
    pattern: /"bun:sqlite"|"drizzle-orm\b|\bdb\.(query|prepare|run)\b/,
    where: [
      "db",
      "bench/earlier/row-store.ts",
      "bench/ingest-log.ts",
      "board/fleet.ts",
      "nodes/compare/answer.ts",
      "nodes/compare/compare-cache.ts",
      "nodes/compare/load.ts",
      "nodes/compare/node-metrics.ts",
      "nodes/compare/node-source.ts",
      "nodes/fleet/board-rows.ts",
      "nodes/fleet/kept-frames.ts",
      "nodes/fleet/node-frame.ts",
      "nodes/fleet/remote-nodes.ts",
      "nodes/ingest/checkpoint.ts",
      "nodes/ingest/ingestion.ts",
      "nodes/ingest/line-dedupe.ts",
      "nodes/ingest/log-source.ts",
      "nodes/ingest/monitor-import.ts",
      "nodes/ingest/node-api.ts",
      "nodes/ingest/pair-state.ts",
      "nodes/ingest/retention.ts",
      "nodes/ingest/write.ts",
      "nodes/overview.ts",
      "nodes/manage/change-nodes.ts",
      "nodes/manage/list-nodes.ts",
      "nodes/manage/merge-nodes.ts",
      "nodes/store/node-snapshot.ts",
      "nodes/store/node-store.ts",
      "nodes/store/satellite-scores.ts",
      "serve/comparisons/node-states.ts",
      "serve/demo/node-story.ts",
      "serve/demo/upload-story.ts",
      "serve/live/store-changes.ts",
      "board/check-store.ts",
      "nodes/store/damage.ts",
      "nodes/store/rollup-store.ts",
      "time/memory.ts",
      "time/net/nts/cookie-jar.ts",
      "time/overview.ts",
      "upload/ledger/destination.ts",
      "upload/dry-run.ts",
      "upload/ledger/history.ts",
      "upload/intake/checksum-cache.ts",
      "upload/intake/known-pages.ts",
      "upload/ledger/group-commit.ts",
      "upload/history/imported-history.ts",
      "upload/ledger/ledger.ts",
      "upload/intake/prune-cache.ts",
      "upload/ledger/overview.ts",
      "upload/ledger/outage.ts",
      "upload/ledger/run-record.ts",
      "upload/shared/share-record.ts",
      "upload/history/verify.ts",
      "upload/watch/watch-record.ts",
      "upload/ledger/store-guard.ts",
    ],
  },
  { what: "citty", pattern: /"citty"/, where: ["cli"] },
  { what: "consola", pattern: /"consola\b/, where: ["cli/terminal/log.ts"] },
  { what: "tinybench", pattern: /"tinybench"/, where: ["bench/measure/measure.ts"] },
  {
    what: "zod",
    pattern: /"zod\b/,
    where: [
      "bench/saved-report.ts",
      // The schemas of --json: loaded if a command fails before it has a result, and by the tools in build/.
      "render/results",
      "nodes/fleet/frame-codec.ts",
      // The API's answers other than what commands print.
      "serve/answers.ts",
      "serve/body.ts",
      "serve/fleet/board-told.ts",
      "serve/openapi.ts",
      "serve/schemas.ts",
      "settings/schema.ts",
      "upload/ledger/earlier-client.ts",
      "upload/sandbox/uploads.ts",
      "nodes/ingest/node-api.ts",
    ],
  },
  { what: "the engine", pattern: /\bBun\.(gc|unsafe)\b/, where: ["lib/engine.ts"] },
  { what: "the start of workers", pattern: /\bnew Worker\(/, where: [WORKERS] },
  {
    what: "the environment, the standard streams and the exit",
    pattern: /\bprocess\.(env|stdout|stderr|stdin|argv|exit)\b/,
    where: ["cli", "main.ts"],
  },
];

const FILES: readonly string[] = [...new Bun.Glob("**/*.{ts,tsx}").scanSync({ cwd: SRC })].toSorted();

/** The code of each file without its comments. */
const CODE: ReadonlyMap<string, string> = new Map(
  FILES.map((file) => [
    file,
    readFileSync(join(SRC, file), "utf8").replaceAll(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm, ""),
  ]),
);

function linesOf(file: string): number {
  return readFileSync(join(SRC, file), "utf8").trimEnd().split("\n").length;
}

function folderOf(file: string): string {
  return file.split("/")[0] ?? file;
}

const IMPORT = /\b(?:from|import|import\()\s*"(\.[^"]+)"/g;
/** Dynamic imports cannot form a cycle: the list of commands loads a command that prints the list. */
const IMPORT_AT_ONCE = /\b(?:from|import)\s*"(\.[^"]+)"/g;

/** What a file imports from src, including types, as paths from src. */
function importsOf(file: string, pattern: RegExp = IMPORT): string[] {
  return [...(CODE.get(file) ?? "").matchAll(pattern)]
    .map((match) => normalize(join(dirname(file), match[1] ?? "")))
    .filter((path) => !path.startsWith(".."));
}

function layerOf(folder: string): number {
  return LAYERS.findIndex((layer) => layer.includes(folder));
}

function mayImport(from: string, into: string): boolean {
  if (from === into) return true;
  if (into === WORKERS) return layerOf(from) > layerOf("db");
  if (from === WORKERS) return into === "lib";
  if (from === WORKER_ENTRIES) return layerOf(into) >= 0 && layerOf(into) <= layerOf("bench");
  return into !== WORKER_ENTRIES && layerOf(into) < layerOf(from);
}

test("every folder of src belongs to a layer", () => {
  const known = [...LAYERS.flat(), WORKERS, WORKER_ENTRIES];
  expect([...new Set(FILES.map(folderOf))].filter((folder) => !known.includes(folder))).toEqual([]);
});

test("no folder imports upwards or from another job", () => {
  const wrong = FILES.flatMap((file) =>
    importsOf(file)
      .filter((target) => !mayImport(folderOf(file), folderOf(target)))
      .map((target) => `${file} imports ${target}`),
  );
  expect(wrong).toEqual([]);
});

test("there are no import cycles", () => {
  const done = new Set<string>();
  const cycles: string[] = [];
  const walk = (file: string, way: readonly string[]): void => {
    const at = way.indexOf(file);
    if (at >= 0) cycles.push([...way.slice(at), file].join(" → "));
    if (at >= 0 || done.has(file)) return;
    for (const target of importsOf(file, IMPORT_AT_ONCE)) walk(target, [...way, file]);
    done.add(file);
  };
  for (const file of FILES) walk(file, []);
  expect(cycles).toEqual([]);
});

test.each(GUARDS.map((guard) => [guard.what, guard] as const))(
  "%s: touched where it is listed, and nowhere else",
  (_what, { pattern, where }) => {
    const touching = FILES.filter((file) => pattern.test(CODE.get(file) ?? ""));
    const isAt = (file: string, place: string) => file === place || file.startsWith(`${place}/`);
    expect({
      "touched, and not listed": touching.filter((file) => !where.some((place) => isAt(file, place))),
      "listed, and not touched": where.filter((place) => !touching.some((file) => isAt(file, place))),
    }).toEqual({ "touched, and not listed": [], "listed, and not touched": [] });
  },
);

test("no file of src has more than 350 lines, and the median is below 110", () => {
  const lines = FILES.map(linesOf).toSorted((a, b) => a - b);
  expect(FILES.filter((file) => linesOf(file) > 350)).toEqual([]);
  expect(lines[Math.floor(lines.length / 2)]).toBeLessThan(110);
});

test("no folder has more than 20 files of its own", () => {
  const counts = Map.groupBy(FILES, dirname);
  const full = [...counts].filter(([, files]) => files.length > 20);
  expect(full.map(([folder, files]) => `${folder}: ${files.length} files`)).toEqual([]);
});

test("the page has one style sheet: the bundler writes several in an order that varies", () => {
  const sheets = /["'][^"']+\.css["']/;
  expect(FILES.filter((file) => file.startsWith("serve/page/") && sheets.test(CODE.get(file) ?? ""))).toEqual(
    [],
  );
  const html = readFileSync(join(SRC, "serve/page/index.html"), "utf8");
  expect(html.match(/rel="stylesheet"/g)).toHaveLength(1);
});

/** Modules of the runtime that take 2 to 4 ms to load, where a whole start takes 10. */
const SLOW_TO_LOAD = /"node:(child_process|crypto|dns|https?|net|readline|stream|tls|tty|zlib)\b[^"]*"/;

/** What is loaded at once, without what is imported for its types only. */
const IMPORT_OF_VALUES = /^(?:import|export)\s+(?!type\b)(?:[\w$*{}\s,]+\bfrom\s+)?"([^"]+)"/gm;

test("nothing that runs at each start loads a slow module of the runtime", () => {
  const commands = (file: string): readonly string[] =>
    [...(CODE.get(file) ?? "").matchAll(/\bimport\("(\.[^"]+)"\)/g)].map((match) =>
      normalize(join(dirname(file), match[1] ?? "")),
    );
  const definitions = commands("cli/command-line/commands.ts");
  const groups = definitions.filter((file) => /\bgroup\(/.test(CODE.get(file) ?? ""));
  const starts = [
    "main.ts",
    ...commands("main.ts"),
    ...definitions,
    ...groups.flatMap(commands),
    "cli/time/run.ts",
    "nodes/compare/answer.ts",
    "nodes/ingest/ingestion.ts",
    "upload/run.ts",
  ];
  const seen = new Set<string>();
  const slow: string[] = [];
  const walk = (file: string): void => {
    if (seen.has(file)) return;
    seen.add(file);
    for (const [line, name = ""] of (CODE.get(file) ?? "").matchAll(IMPORT_OF_VALUES)) {
      if (SLOW_TO_LOAD.test(line)) slow.push(`${file} imports ${name}`);
      if (name.startsWith(".")) walk(normalize(join(dirname(file), name)));
    }
  };
  for (const file of starts) walk(file);
  expect(seen.size).toBeGreaterThan(200);
  expect(slow).toEqual([]);
});
