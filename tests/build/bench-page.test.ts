import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { withTables } from "../../build/bench-page.ts";

const PAGE = join(import.meta.dir, "../../docs/board.md");

test("the tables replace everything between the marks, and nothing else", () => {
  const page = "head\n<!-- bench:begin -->\nold\n<!-- bench:end -->\ntail\n";
  const filled = withTables(page, "new");
  expect(filled).toBe("head\n<!-- bench:begin -->\n\nnew\n\n<!-- bench:end -->\ntail\n");
  expect(withTables(filled, "new")).toBe(filled);
  expect(() => withTables("no marks", "new")).toThrow("expected <!-- bench:begin -->");
});

test("the page has the marks, and the tables of every job", () => {
  const page = readFileSync(PAGE, "utf8");
  const tables = page.slice(page.indexOf("<!-- bench:begin -->"), page.indexOf("<!-- bench:end -->"));
  for (const job of ["time", "ingest", "compare", "sync"]) expect(tables).toContain(`### ${job}\n`);
});
