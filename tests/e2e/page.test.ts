import { expect } from "bun:test";
import { writeFileSync } from "node:fs";
import { boardStore } from "../support/board.ts";
import { accessibilityFaults, openBrowser, visit } from "../support/browser.ts";
import { startChronyd } from "../support/chronyd.ts";
import { needs } from "../support/programs.ts";
import { nodupe } from "../support/run.ts";
import { startServe } from "../support/serve.ts";
import { tempFolder } from "../support/temp.ts";

const test = needs("chromium");
const VIEWS = ["overview", "clock", "nodes?pick=pi-1,pi-2&range=7d", "uploads", "system"] as const;

/** What each view says of the board, before it is held to be drawn. */
const SAYS: Readonly<Record<(typeof VIEWS)[number], string>> = {
  overview: "All is well.",
  clock: "The clock is right:",
  "nodes?pick=pi-1,pi-2&range=7d": "pi-2 is slower",
  uploads: "uploaded",
  system: "Free on this disk",
};

needs("chromium", "chronyd")(
  "every view shows the board at both widths in both themes, and says nothing on the console",
  async () => {
    using folder = tempFolder();
    const db = await boardStore(folder);
    await using chronyd = await startChronyd();
    for (let round = 0; round < 3; round += 1)
      await nodupe(["time", "--server", chronyd.name, "--db", db, "-q"]);
    await using served = await startServe(["--db", db]);
    await using browser = await openBrowser();
    for (const width of [1280, 360]) {
      for (const theme of ["light", "dark"] as const) {
        await using visited = await visit(browser, served.url, { width, theme });
        const { page, said } = visited;
        for (const view of VIEWS) {
          await page.goto(`${served.url}/#/${view}`);
          await page.getByText(SAYS[view]).first().waitFor();
          await page.getByText("● live").waitFor();
          const scroll = await page.evaluate(
            () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
          );
          expect({ view, width, theme, scroll, said, faults: await accessibilityFaults(page) }).toEqual({
            view,
            width,
            theme,
            scroll: 0,
            said: [],
            faults: [],
          });
        }
      }
    }
  },
  120_000,
);

test("by keyboard: views by number, the filter, help; two nodes picked lead to a verdict; the theme is switched", async () => {
  using folder = tempFolder();
  await using served = await startServe(["--db", await boardStore(folder)]);
  await using browser = await openBrowser();
  await using visited = await visit(browser, served.url, { width: 1280, theme: "light" });
  const { page, said } = visited;
  await page.getByText("All is well.").waitFor();
  await page.keyboard.press("3");
  const box = (name: string) => page.getByRole("checkbox", { name });
  await box("pi-1").waitFor();
  await page.keyboard.press("/");
  await page.keyboard.type("pi-2");
  await box("pi-1").waitFor({ state: "detached" });
  await box("pi-2").check();
  await page.getByLabel("Filter").fill("");
  await box("pi-1").check();
  await page.getByText("pi-2 is slower").first().waitFor();
  expect(new URL(page.url()).hash).toBe("#/nodes?pick=pi-2%2Cpi-1&range=7d");
  const axis = (): Promise<string> => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const before = await axis();
  await page.getByRole("button", { name: "Dark" }).click();
  await page.getByRole("button", { name: "Light" }).waitFor();
  expect(await axis()).not.toBe(before);
  await page.locator("h1").click();
  await page.keyboard.press("?");
  await page.getByRole("dialog").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  expect(said).toEqual([]);
});

test("an upload by another process moves the page; names of people are hidden until asked for", async () => {
  using folder = tempFolder();
  const db = folder.file("store.db");
  await using served = await startServe(["--db", db]);
  await using browser = await openBrowser();
  await using visited = await visit(browser, `${served.url}/#/uploads`, { width: 1280, theme: "light" });
  const { page, said } = visited;
  await page.getByText("nodupe sync --watch").waitFor();
  await nodupe(["sync", "--sandbox", "examples/cvs", "--db", db, "-q"]);
  await page.getByText("8 uploaded").waitFor();
  expect(await page.getByText("amina").count()).toBe(0);
  await page.getByRole("button", { name: "Show names" }).click();
  await page.getByText("amina").first().waitFor();
  expect(said).toEqual([]);
});

test("a board with a token asks for it, and takes the right one", async () => {
  using folder = tempFolder();
  const file = folder.file("token");
  writeFileSync(file, "a token of many letters", { mode: 0o600 });
  await using served = await startServe(["--db", folder.file("store.db"), "--token-file", file]);
  await using browser = await openBrowser();
  await using visited = await visit(browser, served.url, { width: 360, theme: "dark" });
  const { page } = visited;
  await page.getByLabel("Token").fill("a wrong one");
  await page.getByRole("button", { name: "Open the board" }).click();
  await page.getByText("the token is wrong").waitFor();
  await page.getByLabel("Token").fill("a token of many letters");
  await page.getByRole("button", { name: "Open the board" }).click();
  await page.getByText("All is well.").waitFor();
  await page.getByText("● live").waitFor();
});
