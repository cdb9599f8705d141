import type { Board } from "../board/board.ts";
import { escapeText } from "../lib/format/escape.ts";
import { plural } from "../lib/format/count.ts";
import { humanBytes } from "../lib/format/bytes.ts";
import { sparkline } from "../lib/format/sparkline.ts";
import { textTable } from "../lib/format/table.ts";

const whole = new Intl.NumberFormat("en");

/** `3 min ago` up to a day; after that the date. */
function agoText(seconds: number, iso: string): string {
  if (seconds < 0 || seconds >= 86_400) return iso.slice(0, 16).replace("T", " ");
  if (seconds < 90) return `${Math.round(seconds)} s ago`;
  if (seconds < 5_400) return `${Math.round(seconds / 60)} min ago`;
  return `${Math.round(seconds / 3_600)} h ago`;
}

/** Seconds in a suitable unit: `1.2 ms`. */
function shortSeconds(seconds: number): string {
  const size = Math.abs(seconds);
  if (size < 1e-3) return `${(seconds * 1e6).toFixed(0)} µs`;
  if (size < 1) return `${(seconds * 1e3).toFixed(1)} ms`;
  return `${seconds.toFixed(1)} s`;
}

function percent(value: number | null): string {
  return value === null ? "–" : `${value.toFixed(1)}%`;
}

function clockLine({ time }: Board): string {
  const { last, age_s: ageS } = time;
  if (last === null || ageS === null) return "not measured yet; measure it with: nodupe time";
  const bound = last.error_bound_s === null ? "" : ` ± ${shortSeconds(last.error_bound_s)}`;
  const offsetS = last.offset_s ?? 0;
  const direction = offsetS > 0 ? "slow" : "fast";
  const set = last.action === "none" ? "" : ` (${last.action === "step" ? "stepped" : "slewed"} last time)`;
  return `${shortSeconds(Math.abs(offsetS))} ${direction}${bound} by ${last.source ?? "?"}${last.authenticated ? " (authenticated)" : ""}, ${agoText(ageS, last.at)}${set}`;
}

function syncLines({ sync }: Board): string[] {
  if (sync.destinations.length === 0)
    return ["nothing uploaded yet; try it with: nodupe sync --sandbox FOLDER"];
  const lines = sync.destinations.map(({ url, done, pending, sending, failed }) => {
    const waiting = pending + sending;
    const parts = [
      `${whole.format(done)} done`,
      waiting > 0 ? `${whole.format(waiting)} waiting` : "",
      failed > 0 ? `${whole.format(failed)} failed` : "",
    ];
    return `${url}: ${parts.filter((part) => part !== "").join(", ")}`;
  });
  const atWork = sync.runs
    .filter((run) => run.at_work)
    .map(({ folder, pid }) => `at work on ${folder} (process ${pid})`);
  const watches = sync.watches.map(({ folder, mode, reason }) => {
    const how =
      mode === "scanning" ? `scanned periodically: ${reason}` : mode === "events" ? "watched" : mode;
    return `${folder}: ${how}`;
  });
  const shares = sync.shares.map(({ address, state, reason, at_work: isAtWork, since }) => {
    const how = {
      joined: "answering",
      settling: "waiting for other machines' uploads, since it was emptied or restarted",
      away: `away: ${reason ?? "unknown"}`,
    }[state];
    return `shared in ${address}: ${how}${isAtWork ? "" : `, last asked ${since.slice(0, 16).replace("T", " ")}`}`;
  });
  return [...lines, ...atWork, ...watches, ...shares].map(escapeText);
}

function nodeTable({ nodes }: Board): string {
  const rows = nodes.map((node) => [
    node.node_name,
    node.newest_line === null || node.age_s === null ? "never" : agoText(node.age_s, node.newest_line),
    whole.format(node.total_operations),
    percent(node.success_rate_download),
    percent(node.success_rate_upload),
    node.avg_latency_mean === null ? "–" : `${node.avg_latency_mean.toFixed(0)} ms`,
    sparkline(node.hours.total_operations),
  ]);
  return textTable(["NODE", "LAST LINE", "24 H", "DOWNLOADS", "UPLOADS", "MEAN", ""], rows, [
    "left",
    "left",
    "right",
    "right",
    "right",
    "right",
    "left",
  ]);
}

function boardLines({ fleet }: Board): string[] {
  return fleet.map(({ url, name, state, age_s: ageS, told, reason, healthy, nodes }) => {
    const asOf = told === null || ageS === null ? "never answered" : `as of ${agoText(ageS, told)}`;
    const how = {
      reachable: healthy === true ? "all is well" : "something is wrong there",
      unreachable: `not reachable: ${reason}`,
      unknown: "not asked yet",
    }[state];
    const parts = [how, plural(nodes.length, "node"), asOf];
    return escapeText(`${name === null ? url : `${name} (${url})`}: ${parts.join(", ")}`);
  });
}

/** One screen: problems first, then each job in a line or two. */
export function statusText(board: Board): string {
  const { problems, store } = board;
  const indent = (lines: readonly string[]): string => lines.join("\n        ");
  const free = store.free_bytes === null ? "" : `, ${humanBytes(store.free_bytes)} free on this disk`;
  return [
    problems.length === 0 ? "All is well." : problems.map(({ text }) => `▲ ${text}`).join("\n"),
    "",
    `clock   ${clockLine(board)}`,
    `sync    ${indent(syncLines(board))}`,
    board.nodes.length === 0
      ? "nodes   none yet; read a log with: nodupe ingest --node NAME FILE"
      : `nodes   ${board.nodes.length}`,
    `store   ${store.path}, ${humanBytes(store.size_bytes)}${free}`,
    ...(board.fleet.length === 0 ? [] : [`boards  ${indent(boardLines(board))}`]),
    ...(board.nodes.length === 0 ? [] : ["", nodeTable(board)]),
  ].join("\n");
}
