import { expect } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import type { Page } from "playwright-core";
import { boardStore } from "../../support/serve/board.ts";
import { accessibilityFaults, openBrowser, visit } from "../../support/serve/browser.ts";
import { freeTcpPort } from "../../support/net/free-port.ts";
import { withinOneHour } from "../../support/one-hour.ts";
import { needs } from "../../support/programs.ts";
import { nodupe } from "../../support/run.ts";
import { startServe } from "../../support/serve/serve.ts";
import { tempFolder } from "../../support/temp.ts";
import { until } from "../../support/until.ts";
import { recentLog } from "../../support/serve/whole-board.ts";

const test = withinOneHour(needs("chromium"));
const WIDE = { width: 1280, theme: "light" } as const;

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

/** How many pixels of the first chart have the colour of a token, as nearly as smoothed letters have it. */
function pixelsLike(page: Page, token: string): Promise<number> {
  return page.evaluate((name) => {
    const probe = document.createElement("canvas").getContext("2d");
    const canvas = document.querySelector<HTMLCanvasElement>(".plot canvas");
    const drawn = canvas?.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height).data;
    if (probe === null || drawn === undefined) return -1;
    probe.fillStyle = getComputedStyle(document.documentElement).getPropertyValue(name);
    probe.fillRect(0, 0, 1, 1);
    const [red = 0, green = 0, blue = 0] = probe.getImageData(0, 0, 1, 1).data;
    let count = 0;
    for (let at = 0; at < drawn.length; at += 4) {
      const isLike = [red, green, blue].every((part, of) => Math.abs((drawn[at + of] ?? 0) - part) < 24);
      if (isLike && (drawn[at + 3] ?? 0) > 200) count += 1;
    }
    return count;
  }, token);
}

test("a chart by keyboard tells one moment; switched to the other theme its axes are drawn in that one's colours", async () => {
  await using served = await startServe(["--demo"]);
  await using browser = await openBrowser();
  await using visited = await visit(browser, `${served.url}/#/clock`, WIDE);
  const { page, said } = visited;
  const chart = page.getByRole("slider", { name: "Offset, with its bound: moment" });
  await chart.focus();
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("Home");
  const readOut = page.locator(".read-out").first();
  const first = await readOut.textContent();
  expect(first).toMatch(/^\d+ \w+ 2\d{3}, [\d:]+: offset −?[\d.]+ ms, from −[\d.]+ ms to [\d.]+ ms$/);
  await page.keyboard.press("ArrowRight");
  expect(await readOut.textContent()).not.toBe(first);
  expect(await chart.getAttribute("aria-valuetext")).toBe(await readOut.textContent());
  for (const [shown, other] of [
    ["light", "Dark"],
    ["dark", "Light"],
  ] as const) {
    expect([shown, (await pixelsLike(page, "--muted")) > 50]).toEqual([shown, true]);
    await page.getByRole("button", { name: other }).click();
    await page.getByRole("button", { name: other }).waitFor({ state: "detached" });
  }
  await page.getByRole("button", { name: "Table" }).first().click();
  await page.getByRole("region", { name: "Offset, with its bound, as a table" }).waitFor();
  expect(said).toEqual([]);
});

test("failed uploads are taken up again: one, a group, all", async () => {
  await using served = await startServe(["--demo"]);
  await using browser = await openBrowser();
  await using visited = await visit(browser, `${served.url}/#/uploads`, WIDE);
  const { page, said } = visited;
  const failed = async (): Promise<number> => {
    const { destinations } = (await served.ask("/api/sync")).body as { destinations: { failed: number }[] };
    return destinations[0]?.failed ?? -1;
  };
  const before = await failed();
  await page
    .getByRole("button", { name: /^Retry \d+ failed uploads$/ })
    .first()
    .click();
  await page.getByText(/\d+ queued: the next nodupe sync sends them/).waitFor();
  const after = await failed();
  expect(after).toBeLessThan(before);
  // The demo's upload goes on failing now and then: one of the newest ones, if it is not gone from the list by then.
  const one = page.getByRole("button", { name: "Retry", exact: true }).first();
  if ((await one.count()) > 0) await one.click({ timeout: 1_000 }).catch(() => undefined);
  await page
    .getByRole("button", { name: /^Retry (all )?\d+ failed uploads?$/ })
    .first()
    .click();
  await until(async () => (await failed()) < after, "more were taken up again");
  expect(said).toEqual([]);
});

test("the CSV of a comparison is what compare --format csv prints, and the choice is in the link", async () => {
  using folder = tempFolder();
  const db = await boardStore(folder);
  await using served = await startServe(["--db", db]);
  await using browser = await openBrowser();
  await using visited = await visit(browser, `${served.url}/#/nodes?pick=pi-2,pi-1&range=7d`, WIDE);
  const { page } = visited;
  await page.getByText("pi-2 is slower").first().waitFor();
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "Download as CSV" }).click(),
  ]);
  const text = readFileSync(await download.path(), "utf8");
  const printed = await nodupe(["compare", "pi-2", "pi-1", "--last", "7d", "--format", "csv", "--db", db]);
  expect(text).toBe(printed.stdout);
});

test("long names and those that turn the direction of text fit in and show what they are; keys work on a ticked node", async () => {
  using folder = tempFolder();
  const db = folder.file("store.db");
  const log = folder.file("node.log");
  await recentLog(log, 1);
  const long = "a".repeat(64);
  for (const name of [long, "pi\u202egnp.exe", "<b>pi</b>"])
    expect((await nodupe(["ingest", "--node", name, log, "--db", db, "-q"])).exitCode).toBe(0);
  await using served = await startServe(["--db", db]);
  await using browser = await openBrowser();
  for (const width of [1280, 360]) {
    await using visited = await visit(browser, `${served.url}/#/nodes`, { ...WIDE, width });
    const { page, said } = visited;
    await page.getByText("pi\\u202egnp.exe").first().waitFor();
    await page.getByText("<b>pi</b>").first().waitFor();
    const box = await page.getByText(long).last().boundingBox();
    expect((box?.x ?? 0) + (box?.width ?? Infinity)).toBeLessThan(width);
    const hidden = await page.evaluate(() =>
      [...document.querySelectorAll(".scroll")].map((part) => part.scrollWidth - part.clientWidth),
    );
    expect({ width, hidden }).toEqual({ width, hidden: [0] });
    // The focus stays on the box that was ticked.
    await page.getByRole("checkbox", { name: long }).press("Space");
    await page.getByText("is picked: pick one more to compare").waitFor();
    await page.keyboard.press("2");
    await page.getByRole("heading", { name: "Clock" }).waitFor();
    expect(said).toEqual([]);
  }
});

test("a number that changes fades in, but not for whom motion is unwelcome", async () => {
  await using served = await startServe(["--demo"]);
  await using browser = await openBrowser();
  const animationOf = async (reducedMotion: "reduce" | "no-preference"): Promise<string> => {
    await using visited = await visit(browser, served.url, WIDE);
    const { page } = visited;
    await page.emulateMedia({ reducedMotion });
    const changed = await page.waitForSelector(".figure.changed");
    return await changed.evaluate((element) => getComputedStyle(element).animationName);
  };
  expect([await animationOf("no-preference"), await animationOf("reduce")]).toEqual(["changed", "none"]);
});

test("a board that goes away is said to be reconnecting, then stale since when; back again it is live", async () => {
  using folder = tempFolder();
  const args = ["--listen", `127.0.0.1:${await freeTcpPort()}`, "--db", folder.file("store.db")];
  await using served = await startServe(args);
  await using browser = await openBrowser();
  await using visited = await visit(browser, served.url, WIDE);
  const { page } = visited;
  await page.clock.install();
  await page.reload();
  await page.getByText("● live").waitFor();
  await served.end("SIGKILL");
  await page.getByText("▲ reconnecting").waitFor();
  await page.clock.runFor(20_000);
  await page.getByText(/✕ stale since \d\d:\d\d/).waitFor();
  await using _again = await startServe(args);
  await page.clock.runFor(20_000);
  await page.getByText("● live").waitFor();
});

test("nothing that is put into the page runs, and nothing leaves it for elsewhere", async () => {
  await using served = await startServe(["--demo"]);
  await using browser = await openBrowser();
  await using visited = await visit(browser, `${served.url}/#/nodes?pick=attic,shed&range=7d`, WIDE);
  const { page, said } = visited;
  await page.getByText("shed is slower").first().waitFor();
  expect(said).toEqual([]);
  const blocked = await page.evaluate(async () => {
    // What a debugger evaluates may evaluate texts itself: from here on it is the page's own task.
    await new Promise((resolve) => setTimeout(resolve, 0));
    const told: string[] = [];
    const expected = new Set(["connect-src", "frame-src", "img-src", "style-src-elem"]);
    const allViolated = Promise.withResolvers<void>();
    document.addEventListener("securitypolicyviolation", ({ effectiveDirective }) => {
      expected.delete(effectiveDirective);
      if (expected.size === 0) allViolated.resolve();
    });
    const attempt = async (what: string, act: () => unknown): Promise<void> => {
      try {
        await act();
      } catch {
        told.push(what);
      }
    };
    const made = (name: "script" | "img" | "iframe" | "link" | "p") => document.createElement(name);
    await attempt("markup", () => (made("p").innerHTML = "<img src=x onerror=alert(1)>"));
    await attempt("document.write", () => document.write("<p>"));
    await attempt("script text", () => (made("script").textContent = "globalThis.ran = true"));
    await attempt("script address", () =>
      Object.assign(made("script"), { src: "https://evil.example/x.js" }),
    );
    await attempt("eval", () =>
      (Reflect.get(globalThis, "eval") as (text: string) => void)("globalThis.ran = true"),
    );
    await attempt("policy", () =>
      (
        globalThis as unknown as { trustedTypes: { createPolicy: (name: string, rules: object) => unknown } }
      ).trustedTypes.createPolicy("x", {}),
    );
    await attempt("handler", () => made("p").setAttribute("onclick", "globalThis.ran = true"));
    await attempt("fetch", () => fetch("https://evil.example/"));
    document.body.append(Object.assign(made("img"), { src: "https://evil.example/x.png" }));
    document.body.append(Object.assign(made("iframe"), { src: "https://evil.example/" }));
    document.body.append(
      Object.assign(made("link"), { rel: "stylesheet", href: "https://evil.example/x.css" }),
    );
    made("p").setAttribute("style", "color: red");
    await allViolated.promise;
    return { told, ran: "ran" in globalThis };
  });
  expect(blocked.ran).toBe(false);
  expect(blocked.told).toEqual([
    "markup",
    "document.write",
    "script text",
    "script address",
    "eval",
    "policy",
    "handler",
    "fetch",
  ]);
});

test("boards of the fleet stand in System, their nodes in Nodes; one that goes away keeps its last state", async () => {
  using folder = tempFolder();
  await using other = await startServe(["--demo"]);
  const config = folder.file("config.toml");
  writeFileSync(config, `[fleet]\nboards = ["${other.url}"]\n`);
  await using served = await startServe(["--config", config, "--db", folder.file("store.db")]);
  await using browser = await openBrowser();
  await using visited = await visit(browser, `${served.url}/#/nodes`, { width: 360, theme: "dark" });
  const { page, said } = visited;
  for (const node of ["attic", "shed"]) await page.getByRole("checkbox", { name: node }).check();
  await page.getByText("shed is slower").first().waitFor();
  expect(new URL(page.url()).hash).toContain(encodeURIComponent(`shed@${other.url}`));
  await other.end("SIGKILL");
  await page.getByText("▲ board not reachable").first().waitFor({ timeout: 60_000 });
  await page
    .getByText(/^as of \d+ s ago$/)
    .first()
    .waitFor();
  await page.goto(`${served.url}/#/system`);
  await page.getByText("▲ not reachable").waitFor();
  const scroll = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  expect({ scroll, said, faults: await accessibilityFaults(page) }).toEqual({
    scroll: 0,
    said: [],
    faults: [],
  });
}, 600_000);
