import { seededRandom } from "../lib/seeded-random.ts";

/** The form of a generated log: the version that wrote it, its encoding, and what it was passed through. */
export interface LogShape {
  /** `old`: up to 1.145, keys with capitals; `new`: from 1.146, snake_case. */
  readonly keys: "old" | "new";
  readonly encoding: "console" | "json";
  readonly prefix: "none" | "docker" | "compose" | "docker-json" | "syslog";
  readonly time: "millis-offset" | "millis-z" | "seconds-colon" | "seconds-z";
  /** INFO logs have no started lines and no ordinary failed uploads (from 1.116 on). */
  readonly level: "debug" | "info";
}

/** What a current node writes at its most verbose level. */
export const DEBUG_LOG: LogShape = {
  keys: "new",
  encoding: "console",
  prefix: "none",
  time: "millis-z",
  level: "debug",
};

export interface LogOptions extends LogShape {
  readonly seed: number;
  /** Operations; a debug log has about two lines for each. */
  readonly operations: number;
  readonly startMs: number;
  readonly spanMs: number;
  /** Shares of finished operations. */
  readonly failed?: number;
  readonly canceled?: number;
  /** Median latency in ms; log-normal with a sigma of 0.8. */
  readonly latencyMs?: number;
}

const SATELLITES = [
  "12EayRS2V1kEsWESU9QMRseFhdxYxKicsiFmxrsLZHeLUtdps3S",
  "12L9ZFwhzVpuEKMUNUqkaTLGzwY9G24tbiigLiXpmZWKwmcNDDs",
  "121RTSDpyNZVcEU84Ticf2L1ntiuUimbWgfATz21tuvgk3vzoA6",
  "1wFTAgs9DP5RSnCqKV1eLf6N9wtk4EAtmN5DpSxcs8EjT69tGE",
] as const;
const ACTIONS = [
  "GET",
  "GET",
  "GET",
  "GET",
  "PUT",
  "PUT",
  "GET_REPAIR",
  "GET_REPAIR",
  "PUT_REPAIR",
  "GET_AUDIT",
] as const;
const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const OFFSET_MINUTES = 120;

function pieceId(random: () => number): string {
  let id = "";
  for (let index = 0; index < 13; index += 1) {
    const bits = Math.floor(random() * 0x100000);
    id += `${BASE32[bits & 31]}${BASE32[(bits >> 5) & 31]}${BASE32[(bits >> 10) & 31]}${BASE32[(bits >> 15) & 31]}`;
  }
  return id;
}

function timeText(ms: number, form: LogOptions["time"]): string {
  switch (form) {
    case "millis-z":
      return new Date(ms).toISOString();
    case "seconds-z":
      return `${new Date(ms).toISOString().slice(0, 19)}Z`;
    case "millis-offset":
      return `${new Date(ms + OFFSET_MINUTES * 60_000).toISOString().slice(0, 23)}+0200`;
    case "seconds-colon":
      return `${new Date(ms + OFFSET_MINUTES * 60_000).toISOString().slice(0, 19)}+02:00`;
  }
}

interface Operation {
  readonly piece: string;
  readonly satellite: string;
  readonly action: (typeof ACTIONS)[number];
  readonly offset: number;
  readonly size: number;
  readonly remote: string;
}

const NEW_KEYS: Readonly<Record<string, string>> = {
  Process: "process",
  "Piece ID": "piece_id",
  "Satellite ID": "satellite_id",
  Action: "action",
  Offset: "offset",
  Size: "size",
  "Remote Address": "remote_address",
  "Available Space": "available_space",
};

function lineOf(
  options: LogShape,
  ms: number,
  level: string,
  message: string,
  fields: Record<string, unknown>,
): string {
  const named =
    options.keys === "old"
      ? fields
      : Object.fromEntries(Object.entries(fields).map(([key, value]) => [NEW_KEYS[key] ?? key, value]));
  const time = timeText(ms, options.time);
  const line =
    options.encoding === "json"
      ? JSON.stringify({ L: level, T: time, N: "piecestore", M: message, ...named })
      : `${time}\t${level}\tpiecestore\t${message}\t{${Object.entries(named)
          .map(([key, value]) => `${JSON.stringify(key)}: ${JSON.stringify(value)}`)
          .join(", ")}}`;
  const stamp = `${new Date(ms).toISOString().slice(0, 19)}.123456789Z`;
  switch (options.prefix) {
    case "none":
      return line;
    case "docker":
      return `${stamp} ${line}`;
    case "compose":
      return `storagenode-1  | ${line}`;
    case "docker-json":
      return JSON.stringify({ log: `${line}\n`, stream: "stderr", time: stamp });
    case "syslog":
      return `Oct  6 00:00:14 nas storagenode[812]: ${line.replaceAll("\t", "#011")}`;
  }
}

/** The lines of one operation, each with its time. */
function linesOf(options: LogOptions, random: () => number, startMs: number): [ms: number, line: string][] {
  const action = ACTIONS[Math.floor(random() * ACTIONS.length)] ?? "GET";
  const isUpload = action.startsWith("PUT");
  const operation: Operation = {
    piece: pieceId(random),
    satellite: SATELLITES[Math.floor(random() ** 2 * SATELLITES.length)] ?? SATELLITES[0],
    action,
    offset: random() < 0.7 ? 0 : Math.floor(random() * 9_000) * 256,
    size: (1 + Math.floor(random() ** 3 * 9_062)) * 256,
    remote: `79.127.${Math.floor(random() * 256)}.${Math.floor(random() * 256)}:${1024 + Math.floor(random() * 64_000)}`,
  };
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const durationMs = Math.max(1, Math.round((options.latencyMs ?? 110) * Math.exp(0.8 * normal)));
  const fate = random();
  const failed = options.failed ?? 0.01;
  const outcome =
    fate < failed ? "failed" : fate < failed + (options.canceled ?? 0.05) ? "canceled" : "success";
  const ids = {
    Process: "storagenode",
    "Piece ID": operation.piece,
    "Satellite ID": operation.satellite,
    Action: operation.action,
  };
  const place = isUpload
    ? { ...ids, "Remote Address": operation.remote }
    : { ...ids, Offset: operation.offset, Size: operation.size, "Remote Address": operation.remote };
  const ended = isUpload ? { ...place, Size: operation.size } : place;
  const noun = isUpload ? "upload" : "download";
  const lines: [number, string][] = [];
  if (options.level === "debug") {
    const started = isUpload ? { ...place, "Available Space": 14_478_332_563_968 } : place;
    lines.push([startMs, lineOf(options, startMs, "DEBUG", `${noun} started`, started)]);
  }
  const endMs = startMs + durationMs;
  const write = (level: string, message: string, fields: Record<string, unknown>): void => {
    lines.push([endMs, lineOf(options, endMs, level, message, fields)]);
  };
  if (outcome === "success") write("INFO", `${noun}ed`, ended);
  else if (outcome === "canceled")
    write("INFO", `${noun} canceled`, isUpload ? ended : { ...ended, reason: "context canceled" });
  else if (!isUpload || options.level === "debug") {
    const error = 'manager closed: read tcp 10.0.0.2:28967->79.127.1.2:50338: "read": operation timed out';
    const errorVerbose = `${error}\n\tgithub.com/jtolio/noiseconn.(*Conn).readMsg:211\n\tstorj.io/drpc/drpcwire.(*Reader).read:68`;
    write(isUpload ? "DEBUG" : "ERROR", `${noun} failed`, { ...ended, error, errorVerbose });
  }
  return lines;
}

/** Lines are held back until no earlier one can follow: operations overlap, but a log is in the order of writing. */
const HELD_OPERATIONS = 256;

/** A seeded log: the same options give the same bytes. Yields chunks of whole lines in order of time. */
export function* generateLog(options: LogOptions): Generator<string> {
  const random = seededRandom(options.seed);
  let held: [number, string][] = [];
  const flush = (beforeMs: number): string => {
    held.sort((a, b) => a[0] - b[0]);
    let count = 0;
    while (count < held.length && (held[count]?.[0] ?? 0) < beforeMs) count += 1;
    const ready = held.slice(0, count);
    held = held.slice(count);
    return ready.map(([, line]) => `${line}\n`).join("");
  };
  for (let index = 0; index < options.operations; index += 1) {
    const startMs = Math.floor(options.startMs + (index / options.operations) * options.spanMs);
    held.push(...linesOf(options, random, startMs));
    if (index % HELD_OPERATIONS === HELD_OPERATIONS - 1) {
      const text = flush(startMs);
      if (text !== "") yield text;
    }
  }
  const text = flush(Infinity);
  if (text !== "") yield text;
}

/** Writes a generated log to a file. */
export async function writeLog(path: string, options: LogOptions): Promise<void> {
  const writer = Bun.file(path).writer();
  for (const chunk of generateLog(options)) {
    void writer.write(chunk);
    await writer.flush();
  }
  await writer.end();
}
