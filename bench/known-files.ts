// A run over 10,000 (in large and in small folders) and 200,000 files that are all known, compared with
// `find -printf '%s %T@ %C@ %i'` over the same tree in the same run, which asks the system for the same data. `bun
// bench/known-files.ts [FILES]` prints the figures and writes bench/results/known-files.json. Needs dist/nodupe.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { openStore } from "../src/db/open.ts";
import { destinationRow } from "../src/upload/ledger/destination.ts";
import { ChecksumCache } from "../src/upload/intake/checksum-cache.ts";
import { globFilter } from "../src/upload/scan/filter.ts";
import { filesOf, openRoot, scan } from "../src/upload/scan/scan.ts";
import { machine, middle, type Sample, timed } from "./support.ts";

const ROOT = resolve(import.meta.dir, "..");
const ROUNDS = 5;
/** Most of a tree's cost is per file in large folders, and per folder in small ones. */
const LARGE_FOLDER = 200;
const SMALL_FOLDER = 10;
/** Nothing listens there, and nothing is sent. */
const URL = "http://127.0.0.1:9";

function writeTree(folder: string, files: number, filesAFolder: number): void {
  for (let index = 0; index < files; index += 1) {
    const job = join(
      folder,
      `Department ${Math.floor(index / 20_000)}`,
      `Job ${Math.floor(index / filesAFolder)}`,
    );
    if (index % filesAFolder === 0) mkdirSync(job, { recursive: true });
    writeFileSync(join(job, `candidate_${index}.pdf`), `a CV, number ${index}`);
  }
}

/** Fills a store as if a run had uploaded the whole tree. */
function writeStore(path: string, folder: string): void {
  using store = openStore({ path });
  const { id } = destinationRow(store.db, URL);
  const cache = new ChecksumCache(store.db, { destinationId: id });
  const insert = store.db.query(
    "INSERT INTO content (destination_id, checksum, state, via, path, updated_at_ms) VALUES (?, ?, 'done', 'upload', ?, 0)",
  );
  store.db.transaction(() => {
    for (const found of filesOf(scan(openRoot(folder), globFilter([], [])))) {
      const { path: file } = found;
      const checksum = new Bun.CryptoHasher("sha256").update(file).digest("hex");
      insert.run(id, checksum, file);
      cache.remember(found, checksum, Infinity);
      cache.markDone(file, checksum);
      if (cache.isFull) cache.writeAll();
    }
    cache.writeAll();
  })();
}

/** As after something has ceased to be done: each file is looked up by its row. */
function forgetPages(path: string): void {
  using store = openStore({ path });
  store.db.run("DELETE FROM hashed_page");
}

async function compare(files: number, filesAFolder: number): Promise<Record<string, unknown>> {
  const home = mkdtempSync(join(tmpdir(), "nodupe-bench-"));
  try {
    const [folder, store] = [join(home, "cvs"), join(home, "store.db")];
    writeTree(folder, files, filesAFolder);
    writeStore(store, folder);
    const sync = [join(ROOT, "dist/nodupe"), "sync", "--json", "-q", "--db", store, "--url", URL, folder];
    const find = ["find", folder, "-printf", "%s %T@ %C@ %i\\n"];
    const knownRun = async (): Promise<Sample> => {
      const run = await timed(sync, { env: { TANOVA_API_KEY: "tanova_sk_bench" } });
      const { duplicate_local: known } = JSON.parse(run.stdout) as { duplicate_local: number };
      if (known !== files) throw new Error(`${known} of ${files} files were known`);
      return run;
    };
    const samples: Record<"rows" | "pages" | "find", Sample[]> = { rows: [], pages: [], find: [] };
    // The first round of each warms up the system's caches.
    for (let round = 0; round <= ROUNDS; round += 1) {
      forgetPages(store);
      const of = { find: await timed(find), rows: await knownRun(), pages: await knownRun() };
      if (round === 0) continue;
      for (const name of ["find", "rows", "pages"] as const) samples[name].push(of[name]);
    }
    const [run, rows, base] = [middle(samples.pages), middle(samples.rows), middle(samples.find)];
    return {
      files,
      files_a_folder: filesAFolder,
      wall_ms: run.wallMs,
      cpu_ms: run.cpuMs,
      peak_bytes: run.peakBytes,
      find_wall_ms: base.wallMs,
      find_cpu_ms: base.cpuMs,
      times_find: run.wallMs / base.wallMs,
      by_rows_wall_ms: rows.wallMs,
      by_rows_cpu_ms: rows.cpuMs,
      by_rows_peak_bytes: rows.peakBytes,
    };
  } finally {
    rmSync(home, { recursive: true });
  }
}

const asked = process.argv[2];
const trees =
  asked === undefined
    ? ([
        [10_000, LARGE_FOLDER],
        [10_000, SMALL_FOLDER],
        [200_000, LARGE_FOLDER],
      ] as const)
    : ([[Number(asked), LARGE_FOLDER]] as const);
const runs = [];
for (const [files, filesAFolder] of trees) runs.push(await compare(files, filesAFolder));
const results = join(ROOT, "bench/results");
mkdirSync(results, { recursive: true });
writeFileSync(
  join(results, "known-files.json"),
  `${JSON.stringify({ machine: machine(), runs }, null, 2)}\n`,
);
await Bun.write(Bun.stdout, `${Bun.inspect.table(runs)}\n`);
