import axe from "axe-core";
import { type Browser, chromium, type Page } from "playwright-core";
import { programPath } from "./programs.ts";

/** Nothing of the browser's own asks for anything from outside. */
const QUIET = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Debian's chromium, without a window. */
export function openBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: programPath("chromium"), args: QUIET });
}

export interface Visit extends AsyncDisposable {
  readonly page: Page;
  /** Whatever the page said on its console, and errors that nobody caught. */
  readonly said: readonly string[];
}

/** A visit by somebody whose browser is so wide and likes such colours. */
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
  const page = await context.newPage();
  const said: string[] = [];
  page.on("console", (message) => said.push(`${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => said.push(`error: ${error.message}`));
  await page.goto(url);
  return { page, said, [Symbol.asyncDispose]: () => context.close() };
}

/** What axe-core finds that would keep somebody from using the page: serious and critical faults. */
export async function accessibilityFaults(page: Page): Promise<string[]> {
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
