import type { Board } from "../board/board.ts";
import { escapeText } from "../lib/format/escape.ts";
import { momentText } from "../lib/format/moment.ts";
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

function destinationLine(
  { url, done, pending, sending, failed, breaker }: Board["sync"]["destinations"][number],
  nowMs: number,
): string {
  const waiting = pending + sending;
  const until = breaker.until === null ? "" : `, until ${momentText(Date.parse(breaker.until), nowMs)}`;
  const parts = [
    `${whole.format(done)} done`,
    waiting > 0 ? `${whole.format(waiting)} waiting` : "",
    failed > 0 ? `${whole.format(failed)} failed` : "",
    breaker.since === null
      ? ""
      : `has accepted no uploads since ${momentText(Date.parse(breaker.since), nowMs)}${until} (${breaker.reason ?? "unknown"})`,
  ];
  return `${url}: ${parts.filter((part) => part !== "").join(", ")}`;
}

/** The last run that has ended. */
function lastRunLine({ runs }: Board["sync"], nowMs: number): string[] {
  const run = runs.find(({ ended }) => ended !== null);
  if (run?.ended == null) return [];
  const { folder, ended, result } = run;
  const counts =
    result === null
      ? []
      : [
          `${whole.format(result.uploaded ?? 0)} uploaded`,
          ...((result.failed ?? 0) > 0 ? [`${whole.format(result.failed ?? 0)} failed`] : []),
          ...(result.interrupted === true ? ["interrupted"] : []),
        ];
  const ago = agoText((nowMs - Date.parse(ended)) / 1_000, ended);
  return [`last run of ${folder}: ${[ago, ...counts].join(", ")}`];
}

function lastSuccessLine({ last_success: last }: Board["sync"], nowMs: number): string[] {
  return last === null ? [] : [`last upload: ${agoText((nowMs - Date.parse(last)) / 1_000, last)}`];
}

function syncLines({ sync }: Board, nowMs: number): string[] {
  if (sync.destinations.length === 0)
    return ["nothing uploaded yet; try it with: nodupe sync --sandbox FOLDER"];
  const lines = sync.destinations.map((destination) => destinationLine(destination, nowMs));
  const atWork = sync.runs
    .filter((run) => run.at_work)
    .map(({ folder, pid }) => `at work on ${folder} (process ${pid})`);
  const watches = sync.watches.map(({ folder, mode, reason, at_work: isAtWork }) => {
    const how = !isAtWork
      ? "no longer watched"
      : mode === "scanning"
        ? `scanned periodically: ${reason}`
        : mode === "events"
          ? "watched"
          : mode;
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
  const past = [...lastSuccessLine(sync, nowMs), ...lastRunLine(sync, nowMs)];
  return [...lines, ...atWork, ...watches, ...shares, ...past].map(escapeText);
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
export function statusText(board: Board, nowMs: number): string {
  const { problems, store } = board;
  const indent = (lines: readonly string[]): string => lines.join("\n        ");
  const free = store.free_bytes === null ? "" : `, ${humanBytes(store.free_bytes)} free on this disk`;
  return [
    problems.length === 0 ? "All is well." : problems.map(({ text }) => `▲ ${text}`).join("\n"),
    "",
    `clock   ${clockLine(board)}`,
    `sync    ${indent(syncLines(board, nowMs))}`,
    board.nodes.length === 0
      ? "nodes   none yet; read a log with: nodupe ingest --node NAME FILE"
      : `nodes   ${board.nodes.length}`,
    `store   ${store.path}, ${humanBytes(store.size_bytes)}${free}`,
    ...(board.fleet.length === 0 ? [] : [`boards  ${indent(boardLines(board))}`]),
    ...(board.nodes.length === 0 ? [] : ["", nodeTable(board)]),
  ].join("\n");
}
