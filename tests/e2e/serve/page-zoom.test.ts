import { expect } from "bun:test";
import type { Page } from "playwright-core";
import { openBrowser, visit } from "../../support/serve/browser.ts";
import { needs } from "../../support/programs.ts";
import { startServe } from "../../support/serve/serve.ts";

const test = needs("chromium");

/** What of a page is too wide for it, and what of its controls cannot be scrolled to, or lies below something else. */
function unreachable(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const root = document.documentElement;
    const found: string[] = [];
    if (root.scrollWidth > root.clientWidth) found.push(`${root.scrollWidth - root.clientWidth} px too wide`);
    const controls = document.querySelectorAll<HTMLElement>(
      "a[href], button, input, select, summary, [tabindex='0']",
    );
    for (const control of controls) {
      if (!control.checkVisibility() || control.matches(".skip")) continue;
      control.scrollIntoView({ block: "center", inline: "nearest" });
      const { left, right, top, bottom } = control.getBoundingClientRect();
      const hit = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
      const isWhole = left >= 0 && right <= root.clientWidth && right > left && bottom > top;
      const isHit = hit !== null && (control.contains(hit) || hit.contains(control));
      if (!isWhole || !isHit)
        found.push(`${control.outerHTML.slice(0, 120)} at ${Math.round(left)}–${Math.round(right)}`);
    }
    return found;
  });
}

test("at 200% and on narrow phones all of it is there: nothing scrolls sideways, every control can be reached", async () => {
  await using served = await startServe(["--demo"]);
  await using browser = await openBrowser();
  for (const how of [
    { width: 1280, theme: "dark", zoom: 2 },
    { width: 360, theme: "light" },
    // What WCAG 1.4.10 asks for: 1280 pixels at 400%.
    { width: 1280, theme: "light", zoom: 4 },
  ] as const) {
    await using visited = await visit(browser, served.url, how);
    const { page, said } = visited;
    const holds = async (where: string): Promise<void> => {
      expect({ where, ...how, said, faults: await unreachable(page) }).toEqual({
        where,
        ...how,
        said: [],
        faults: [],
      });
    };
    await page.getByText("CVs were refused").waitFor();
    await holds("overview");
    await page.goto(`${served.url}/#/clock`);
    await page.getByRole("slider").first().waitFor();
    await page.getByRole("button", { name: "Table" }).first().click();
    await holds("clock");
    await page.goto(`${served.url}/#/nodes?pick=attic,shed&range=7d`);
    await page.getByText("shed is slower").first().waitFor();
    await page.getByText("All figures", { exact: true }).click();
    await page.getByRole("button", { name: "Details of shed" }).click();
    await page.getByText("Scores by satellite").first().waitFor();
    await holds("nodes");
    await page.goto(`${served.url}/#/uploads`);
    await page.getByRole("button", { name: "Show names" }).click();
    await page.getByText("no text was found").first().waitFor();
    await holds("uploads");
    await page.goto(`${served.url}/#/system`);
    await page.getByText("Free on this disk").waitFor();
    await holds("system");
    await page.keyboard.press("?");
    await page.getByRole("dialog").waitFor();
    const close = page.getByRole("button", { name: "Close" });
    await close.click({ trial: true });
  }
}, 180_000);
