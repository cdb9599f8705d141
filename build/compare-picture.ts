// Draws docs/images/compare.svg: the terminal output of `nodupe compare` for two generated logs of a week.
//
//   bun build/compare-picture.ts
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { DEBUG_LOG, writeLog } from "../src/bench/generate-log.ts";

const ROOT = resolve(import.meta.dir, "..");
const DAY_MS = 86_400_000;
/** The width of a character, the height of a line and the margin, in pixels at a font size of 14 px. */
const [CELL, LINE, EDGE] = [8.43, 19, 16];
/** The terminal's colours: the palette of the page's dark theme. */
const COLORS: Readonly<Record<string, string>> = {
  "31": "#ff8a80",
  "32": "#6fcf97",
  "33": "#f0b84a",
  "2": "#a0a4ab",
  "90": "#a0a4ab",
};

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}

/** Converts a line with SGR sequences to an SVG text element. */
function lineOf(line: string, at: number): string {
  const style = { fill: "#e9e9e6", weight: "400" };
  const parts = line.split(new RegExp(`${String.fromCodePoint(27)}\\[([\\d;]*)m`));
  const spans = parts.map((part, index) => {
    if (index % 2 === 0)
      return part === ""
        ? ""
        : `<tspan fill="${style.fill}" font-weight="${style.weight}">${escape(part)}</tspan>`;
    for (const code of part.split(";")) {
      if (code === "1") style.weight = "700";
      else if (COLORS[code] !== undefined) style.fill = COLORS[code];
      else if (code === "22") style.weight = "400";
      if (["", "0", "22", "39"].includes(code)) style.fill = "#e9e9e6";
    }
    return "";
  });
  return `<text x="${EDGE}" y="${EDGE + LINE * (at + 1)}" xml:space="preserve">${spans.join("")}</text>`;
}

const folder = mkdtempSync(join(tmpdir(), "nodupe-picture-"));
try {
  const env = {
    ...process.env,
    FORCE_COLOR: "1",
    COLUMNS: "92",
    LC_ALL: "C.UTF-8",
    NODUPE_DB: join(folder, "store.db"),
  };
  for (const [at, node] of ["pi-1", "pi-2"].entries()) {
    const log = join(folder, `${node}.log`);
    await writeLog(log, {
      ...DEBUG_LOG,
      seed: at + 1,
      operations: 150_000,
      startMs: Date.now() - 7 * DAY_MS,
      spanMs: 7 * DAY_MS,
      latencyMs: 100 + 27 * at,
    });
    Bun.spawnSync([join(ROOT, "dist/nodupe"), "ingest", "--node", node, log], { env });
  }
  const run = Bun.spawnSync([join(ROOT, "dist/nodupe"), "compare", "pi-1", "pi-2"], { env });
  const lines = ["$ nodupe compare pi-1 pi-2", ...run.stdout.toString().trimEnd().split("\n")];
  const columns = Math.max(...lines.map((line) => Bun.stringWidth(line)));
  const [width, height] = [Math.ceil(columns * CELL) + 2 * EDGE, LINE * (lines.length + 1) + 2 * EDGE];
  const svg = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="ui-monospace, 'DejaVu Sans Mono', monospace" font-size="14">`,
    `<rect width="100%" height="100%" rx="6" fill="#1b1d20"/>`,
    ...lines.map(lineOf),
    "</svg>\n",
  ].join("\n");
  await Bun.write(join(ROOT, "docs/images/compare.svg"), svg);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
