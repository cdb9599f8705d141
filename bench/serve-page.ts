// `bun bench/serve-page.ts [--only PART,…] [--rounds N]` (after `bun run build`): what the page of dist/nodupe
// costs in a real chromium, and what it costs to update many readers at once. Kept in
// bench/results/serve-page.json.
//
//   size     bytes of the page and its assets, compressed, as sent over the network
//   paint    first contentful paint of the demo board, with an empty cache and with cached assets
//   data     bytes of the first answers of each view, with 200 nodes and a year of history
//   samples  the longest task while twelve hours of samples, one per second, are fetched and drawn
//   fanout   200 readers and one that is stuck, at 1,000 messages per second: memory and delivery delay
import { mkdtempSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Browser, Page } from "playwright-core";
import { median } from "../src/bench/measure/statistics.ts";
import { openBrowser } from "../tests/support/serve/browser.ts";
import { startServe } from "../tests/support/serve/serve.ts";
import { fanOut } from "./serve-page/fan-out.ts";
import { longestTaskMs } from "./serve-page/longest-task.ts";
import { fillClock, fillNodes, makeStore } from "./serve-page/stores.ts";
import { isRealtime, machine } from "./support.ts";

const { values } = parseArgs({ options: { only: { type: "string" }, rounds: { type: "string" } } });
const rounds = Number(values.rounds ?? 10);
const RESULTS = join(import.meta.dir, "results/serve-page.json");
const VIEWS = ["overview", "clock", "nodes", "uploads", "system"] as const;

const folder = mkdtempSync(join(tmpdir(), "nodupe-bench-"));

async function size(): Promise<object> {
  await using served = await startServe(["--demo"]);
  const transferred = async (path: string): Promise<number> => {
    const response = await fetch(served.url + path, {
      headers: { "accept-encoding": "gzip" },
      decompress: false,
    });
    return (await response.arrayBuffer()).byteLength;
  };
  const index = await (await fetch(`${served.url}/`)).text();
  const paths = new Set(["/"]);
  // What the page names, and what that imports.
  const texts = [index];
  for (const text of texts) {
    for (const [, path = ""] of text.matchAll(/"\.?(\/[^"/]+\.(?:js|css))"/g)) {
      if (paths.has(path)) continue;
      paths.add(path);
      texts.push(await (await fetch(served.url + path)).text());
    }
  }
  const files = [...paths];
  const bytes = await Promise.all(files.map(transferred));
  return {
    files: Object.fromEntries(files.map((path, at) => [path, bytes[at]])),
    gzip_bytes: bytes.reduce((sum, of) => sum + of, 0),
  };
}

function firstPaintMs(page: Page): Promise<number> {
  return page.evaluate(
    () =>
      new Promise<number>((resolve) => {
        new PerformanceObserver((list) => {
          const first = list.getEntriesByName("first-contentful-paint")[0];
          if (first !== undefined) resolve(first.startTime);
        }).observe({ type: "paint", buffered: true });
      }),
  );
}

async function paint(browser: Browser): Promise<object> {
  await using served = await startServe(["--demo"]);
  // The least that this browser takes on this machine: one word, which waits for nothing.
  using word = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: () => new Response("<!doctype html><p>word", { headers: { "content-type": "text/html" } }),
  });
  const cold: number[] = [];
  const warm: number[] = [];
  const floor: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    // A context has a cache of its own.
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    for (const times of [cold, warm, floor]) {
      const page = await context.newPage();
      await page.goto(times === floor ? word.url.href : served.url);
      times.push(await firstPaintMs(page));
      if (times !== floor) await page.getByText("● live").waitFor();
      await page.close();
    }
    await context.close();
  }
  return {
    rounds,
    cold_ms: median(cold),
    warm_ms: median(warm),
    word_ms: median(floor),
    cold_all_ms: cold,
    warm_all_ms: warm,
    word_all_ms: floor,
  };
}

/** Bytes sent by the API until a view is drawn. */
async function firstData(browser: Browser, url: string, view: string): Promise<number> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  const network = await context.newCDPSession(page);
  await network.send("Network.enable");
  const ofApi = new Set<string>();
  let bytes = 0;
  network.on("Network.responseReceived", ({ requestId, response }) => {
    if (new URL(response.url).pathname.startsWith("/api/")) ofApi.add(requestId);
  });
  network.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
    if (ofApi.has(requestId)) bytes += encodedDataLength;
  });
  network.on("Network.webSocketFrameReceived", ({ response }) => {
    bytes += response.payloadData.length;
  });
  await page.goto(`${url}/#/${view}`);
  await page.locator(".panel, table, .empty").first().waitFor();
  await page.getByText("● live").waitFor();
  await page.waitForLoadState("networkidle");
  await context.close();
  return bytes;
}

async function data(browser: Browser): Promise<object> {
  const db = join(folder, "nodes.db");
  makeStore(db, (store) => {
    fillNodes(store, { nodes: 200, days: 365 });
    fillClock(store, { everyMs: 600_000, count: 365 * 144 });
  });
  await using served = await startServe(["--db", db]);
  const bytes: Record<string, number> = {};
  for (const view of VIEWS) bytes[view] = await firstData(browser, served.url, view);
  return { nodes: 200, days: 365, store_bytes: Bun.file(db).size, bytes };
}

async function samples(browser: Browser): Promise<object> {
  const db = join(folder, "clock.db");
  makeStore(db, (store) => fillClock(store, { everyMs: 1_000, count: 12 * 3_600 }));
  await using served = await startServe(["--db", db]);
  const tasks: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    await page.goto(`${served.url}/#/system`);
    await page.getByText("Free on this disk").waitFor();
    tasks.push(
      await longestTaskMs(browser, page, async () => {
        await page.keyboard.press("2");
        await page.locator(".plot canvas").first().waitFor();
        await page.mouse.move(700, 330);
        await page.getByText(/: offset /).waitFor();
      }),
    );
    await page.close();
  }
  return { seconds: 12 * 3_600, rounds, longest_task_ms: median(tasks), all_ms: tasks };
}

function fanout(): Promise<object> {
  const db = join(folder, "few.db");
  makeStore(db, (store) => fillNodes(store, { nodes: 5, days: 2 }));
  return fanOut(db, { readers: 200, messagesPerS: 1_000, seconds: 20 });
}

const PARTS: Readonly<Record<string, (browser: Browser) => Promise<object>>> = {
  size,
  paint,
  data,
  samples,
  fanout,
};

try {
  await using browser = await openBrowser();
  const kept = (await Bun.file(RESULTS).exists()) ? ((await Bun.file(RESULTS).json()) as object) : {};
  const result: Record<string, unknown> = { ...kept, machine: machine() };
  for (const [name, measure] of Object.entries(PARTS)) {
    if (values.only !== undefined && !values.only.split(",").includes(name)) continue;
    // Times depend on the machine's other load, unless measured with real-time priority: chrt -r 1 bun bench/…
    const [load = 0] = loadavg();
    result[name] = { ...(await measure(browser)), load_average: Math.round(load), realtime: isRealtime() };
    await Bun.write(Bun.stdout, `${name} ${JSON.stringify(result[name], null, 2)}\n`);
  }
  await Bun.write(RESULTS, `${JSON.stringify(result, null, 2)}\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
