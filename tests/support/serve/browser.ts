import axe from "axe-core";
import { type Browser, chromium, type Page } from "playwright-core";
import { programPath } from "../programs.ts";

/** Keeps the browser from making requests of its own. */
const QUIET = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Debian's chromium, headless. */
export function openBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: programPath("chromium"), args: QUIET });
}

export interface Visit extends AsyncDisposable {
  readonly page: Page;
  /** Everything that the page logged to its console, and uncaught errors. */
  readonly said: readonly string[];
}

/** Opens the page with the given window width and colour scheme. */
export async function visit(
  browser: Browser,
  url: string,
  { width, theme }: { readonly width: number; readonly theme: "light" | "dark" },
): Promise<Visit> {
  const context = await browser.newContext({
    viewport: { width, height: 800 },
    colorScheme: theme,
    bypassCSP: false,
  });
  // The browser may be slow on a busy machine; a text that never appears is a failure all the same.
  context.setDefaultTimeout(120_000);
  const page = await context.newPage();
  const said: string[] = [];
  page.on("console", (message) => said.push(`${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => said.push(`error: ${error.message}`));
  await page.goto(url);
  return { page, said, [Symbol.asyncDispose]: () => context.close() };
}

/** Faults reported by axe-core that would keep somebody from using the page: serious and critical ones. */
export async function accessibilityFaults(page: Page): Promise<string[]> {
  // A number that has just changed is paler for a moment, which would count as a fault.
  await page.emulateMedia({ reducedMotion: "reduce" });
  await page.evaluate(axe.source);
  const faults = await page.evaluate(async () => {
    const { violations } = await (window as unknown as { axe: typeof axe }).axe.run();
    return violations.map(({ id, impact, nodes }) => ({
      id,
      impact,
      where: nodes.map(({ html }) => html).slice(0, 3),
    }));
  });
  return faults
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, where }) => `${id}: ${where.join(" ")}`);
}
