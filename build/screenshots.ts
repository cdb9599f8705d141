// Takes the pictures of docs/images from dist/nodupe's made-up board, in Debian's chromium.
//
//   bun build/screenshots.ts [FOLDER]
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Page } from "playwright-core";
import { openBrowser, visit } from "../tests/support/browser.ts";
import { startServe } from "../tests/support/serve.ts";

const ROOT = resolve(import.meta.dir, "..");
const WIDTH = 1280;
const THEMES = ["light", "dark"] as const;

/** Each view, what it is opened with, and what it says once it is drawn. */
const VIEWS = [
  { name: "overview", hash: "overview", says: "CVs were refused" },
  { name: "clock", hash: "clock", says: "The clock is right:" },
  { name: "nodes", hash: "nodes?pick=attic,shed&range=7d", says: "shed is slower" },
] as const;

/** The page's own height, but no taller than somebody would scroll for at once. */
const TALLEST = 1_100;

async function take(page: Page, path: string): Promise<void> {
  const height = await page.evaluate(() => document.documentElement.scrollHeight);
  await page.setViewportSize({ width: WIDTH, height: Math.min(TALLEST, height) });
  await page.screenshot({ path, animations: "disabled", scale: "css" });
}

const folder = resolve(process.argv[2] ?? join(ROOT, "docs/images"));
mkdirSync(folder, { recursive: true });
await using served = await startServe(["--demo"]);
await using browser = await openBrowser();
for (const theme of THEMES) {
  for (const { name, hash, says } of VIEWS) {
    await using visited = await visit(browser, `${served.url}/#/${hash}`, { width: WIDTH, theme });
    await visited.page.getByText(says).first().waitFor();
    await visited.page.getByText("● live").waitFor();
    const path = join(folder, `${name}-${theme}.png`);
    await take(visited.page, path);
    await Bun.write(Bun.stdout, `wrote ${path} (${Math.round(Bun.file(path).size / 1_000)} kB)\n`);
  }
}
