// Fills the tables of docs/board.md from a report of `nodupe bench --json`: read from a file (`--save` writes the
// same) or, without one, measured now with dist/nodupe. Only the kind of machine is named.
//
//   bun build/bench-page.ts [REPORT.json]
import { join, resolve } from "node:path";
import type { BenchReport } from "../src/bench/report.ts";
import { benchMarkdown } from "../src/render/bench.ts";

const ROOT = resolve(import.meta.dir, "..");
const PAGE = join(ROOT, "docs/board.md");
const BEGIN = "<!-- bench:begin -->";
const END = "<!-- bench:end -->";

async function reportOf(file: string | undefined): Promise<BenchReport> {
  if (file !== undefined) return (await Bun.file(file).json()) as BenchReport;
  const child = Bun.spawn([join(ROOT, "dist/nodupe"), "bench", "--json"], { stderr: "inherit" });
  const text = await new Response(child.stdout).text();
  if ((await child.exited) !== 0) throw new Error("dist/nodupe bench did not measure everything; see above");
  return JSON.parse(text) as BenchReport;
}

/** The page with everything between the two marks replaced. */
export function withTables(page: string, tables: string): string {
  const from = page.indexOf(BEGIN);
  const to = page.indexOf(END);
  if (from < 0 || to < from) throw new Error(`Cannot fill the page: expected ${BEGIN} and then ${END}`);
  return `${page.slice(0, from + BEGIN.length)}\n\n${tables}\n\n${page.slice(to)}`;
}

if (import.meta.main) {
  const report = await reportOf(process.argv[2]);
  if (report.interrupted || report.failures.length > 0)
    throw new Error("Cannot fill the page: the report is not whole");
  await Bun.write(PAGE, withTables(await Bun.file(PAGE).text(), benchMarkdown(report)));
  await Bun.write(Bun.stdout, `wrote ${PAGE}\n`);
}
