import { expect } from "bun:test";
import { writeFileSync } from "node:fs";
import { boardStore } from "../../support/serve/board.ts";
import { accessibilityFaults, openBrowser, visit } from "../../support/serve/browser.ts";
import { startChronyd } from "../../support/time/chronyd.ts";
import { needs } from "../../support/programs.ts";
import { nodupe } from "../../support/run.ts";
import { startServe } from "../../support/serve/serve.ts";
import { tempFolder } from "../../support/temp.ts";

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
  600_000,
);

test("a board with problems, all nodes picked and everything opened is as quiet, as wide and as easy to use", async () => {
  await using served = await startServe(["--demo"]);
  await using browser = await openBrowser();
  for (const [width, theme] of [
    [1280, "dark"],
    [360, "light"],
  ] as const) {
    await using visited = await visit(browser, served.url, { width, theme });
    const { page, said } = visited;
    const fits = async (where: string): Promise<void> => {
      const scroll = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      const faults = await accessibilityFaults(page);
      expect({ where, width, scroll, said, faults }).toEqual({
        where,
        width,
        scroll: 0,
        said: [],
        faults: [],
      });
    };
    await page.getByText("CVs were refused").waitFor();
    await fits("overview");
    await page.goto(`${served.url}/#/nodes?pick=attic,cellar,garage,office,shed&range=7d`);
    await page.getByText("shed is slower than the fleet").first().waitFor();
    await page.getByText("Where the differences come from").click();
    await page.getByText("All figures", { exact: true }).click();
    await page.getByRole("button", { name: /^Show \d+ more$/ }).click();
    for (const node of ["attic", "shed"])
      await page.getByRole("button", { name: `Details of ${node}` }).click();
    await page.getByText("Scores by satellite").first().waitFor();
    await page.getByRole("button", { name: "Table" }).click();
    await fits("nodes");
    await page.goto(`${served.url}/#/uploads`);
    await page.getByRole("button", { name: "Show names" }).click();
    await page.getByText("no text was found").first().waitFor();
    await fits("uploads");
    await page.keyboard.press("?");
    await page.getByRole("dialog").waitFor();
    await fits("help");
  }
}, 600_000);

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
  await page.getByText("The token is wrong.").waitFor();
  await page.getByLabel("Token").fill("a token of many letters");
  await page.getByRole("button", { name: "Open the board" }).click();
  await page.getByText("All is well.").waitFor();
  await page.getByText("● live").waitFor();
  // After a restart the session is gone. The page says so instead of staying stale.
  await served.end();
  const args = ["--db", folder.file("store.db"), "--token-file", file];
  await using again = await startServe(["--listen", `127.0.0.1:${served.port}`, ...args]);
  expect(again.port).toBe(served.port);
  await page.getByLabel("Token").fill("a token of many letters");
  await page.getByRole("button", { name: "Open the board" }).click();
  await page.getByText("● live").waitFor();
});
