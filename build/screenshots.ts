// Takes the screenshots in docs/images of dist/nodupe's demo board, using Debian's chromium.
//
//   bun build/screenshots.ts [FOLDER]
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { deflateSync, inflateSync } from "node:zlib";
import type { Page } from "playwright-core";
import { openBrowser, visit } from "../tests/support/serve/browser.ts";
import { startServe } from "../tests/support/serve/serve.ts";

const ROOT = resolve(import.meta.dir, "..");
const WIDTH = 1280;
const THEMES = ["light", "dark"] as const;

/** Each view, its hash, and a text that appears once it is drawn. */
const VIEWS = [
  { name: "overview", hash: "overview", says: "CVs were refused" },
  { name: "clock", hash: "clock", says: "The clock is right:" },
  { name: "nodes", hash: "nodes?pick=attic,shed&range=7d", says: "shed is slower" },
] as const;

/** The page's own height, up to what somebody would scroll through at once. */
const TALLEST = 840;
const SIGNATURE_BYTES = 8;
/** A chunk's length and name precede its data, and its checksum follows (PNG, third edition, 5.3). */
const [HEAD_BYTES, CHECKSUM_BYTES] = [8, 4];

function chunk(name: string, data: Uint8Array): Buffer {
  const bytes = Buffer.alloc(HEAD_BYTES + data.length + CHECKSUM_BYTES);
  bytes.writeUInt32BE(data.length, 0);
  bytes.write(name, 4, "latin1");
  bytes.set(data, HEAD_BYTES);
  const covered = bytes.subarray(4, HEAD_BYTES + data.length);
  bytes.writeUInt32BE(Bun.hash.crc32(covered), HEAD_BYTES + data.length);
  return bytes;
}

/** The same picture, compressed as far as zlib can: browsers compress for speed. */
function smaller(png: Buffer): Buffer {
  const pixels: Buffer[] = [];
  let head = Buffer.alloc(0);
  for (let at = SIGNATURE_BYTES; at < png.length;) {
    const length = png.readUInt32BE(at);
    const name = png.toString("latin1", at + 4, at + HEAD_BYTES);
    const data = png.subarray(at + HEAD_BYTES, at + HEAD_BYTES + length);
    if (name === "IHDR") head = Buffer.from(data);
    if (name === "IDAT") pixels.push(data);
    at += HEAD_BYTES + length + CHECKSUM_BYTES;
  }
  const packed = deflateSync(inflateSync(Buffer.concat(pixels)), { level: 9, memLevel: 9 });
  const end = chunk("IEND", new Uint8Array());
  return Buffer.concat([png.subarray(0, SIGNATURE_BYTES), chunk("IHDR", head), chunk("IDAT", packed), end]);
}

async function take(page: Page, path: string): Promise<void> {
  const bottom = await page.evaluate(() => document.querySelector("main")?.getBoundingClientRect().bottom);
  await page.setViewportSize({ width: WIDTH, height: Math.min(TALLEST, Math.ceil(bottom ?? TALLEST)) });
  await page.mouse.move(0, 0);
  await Bun.write(path, smaller(await page.screenshot({ animations: "disabled", scale: "css" })));
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
