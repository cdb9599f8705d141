import { ACTIONS, LINE_ENDED, LINE_RACE_LOST, LINE_STARTED } from "../../../src/nodes/log/vocabulary.ts";

/** The contents of a line, read by a slow reference parser. */
export interface PlainLine {
  readonly action: string;
  readonly satellite: string;
  readonly timeMs: number;
  readonly sizeBytes: number;
  readonly what: number;
}

const CONSOLE =
  /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,9})?(Z|[+-]\d\d:?\d\d)\t(?:DEBUG|INFO|WARN|ERROR)\tpiecestore(?::[a-z]+)?\t([a-z]+(?: [a-z]+)?)\t(\{.*\})$/;
const WHAT: Readonly<Record<string, number>> = {
  "download started": LINE_STARTED,
  "upload started": LINE_STARTED,
  downloaded: LINE_ENDED,
  uploaded: LINE_ENDED,
  "download canceled": LINE_ENDED + 1,
  "upload canceled": LINE_ENDED + 1,
  "download failed": LINE_ENDED + 2,
  "upload failed": LINE_ENDED + 2,
};
const KEYS = new Set(
  [
    "Process,Piece ID,Satellite ID,Action,Offset,Size,Remote Address,Available Space",
    "process,piece_id,satellite_id,action,offset,size,remote_address,available_space",
    "reason,error,errorVerbose",
  ].flatMap((names) => names.split(",")),
);
const MOST_NAME = 64;

/** Only dates on which calendars and stores agree; the 29th to 31st are left to other tests. */
function timeOf(date: string, fraction: string, zone: string): number | null {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = date.split(/[-T:]/).map(Number);
  const [zoneHour, zoneMinute] = zone === "Z" ? [0, 0] : [Number(zone.slice(1, 3)), Number(zone.slice(-2))];
  const isPlain = year >= 1971 && year <= 2100 && month >= 1 && month <= 12 && day >= 1 && day <= 28;
  if (!isPlain || hour > 23 || minute > 59 || second > 59 || zoneHour > 12 || zoneMinute > 59) return null;
  const sign = zone.startsWith("-") ? 1 : -1;
  const ms = Math.floor(Number(`0${fraction === "" ? ".0" : fraction}`) * 1_000 + 1e-7);
  return (
    Date.UTC(year, month - 1, day, hour, minute, second, ms) + sign * (zoneHour * 60 + zoneMinute) * 60_000
  );
}

/**
 * Reads a console line of an operation with a regular expression and JSON.parse: the reference for unambiguous
 * lines. Null for all others.
 */
export function readPlainLine(line: string): PlainLine | null {
  if (!/^[\x20-\x5b\x5d-\x7e\t]*$/.test(line)) return null;
  const match = CONSOLE.exec(line);
  if (match === null) return null;
  const [, date = "", fraction = "", zone = "", message = "", json = ""] = match;
  const what = WHAT[message];
  const timeMs = timeOf(date, fraction, zone);
  if (what === undefined || timeMs === null || what === LINE_RACE_LOST) return null;
  let fields: Readonly<Record<string, unknown>>;
  try {
    fields = JSON.parse(json) as typeof fields;
  } catch {
    return null;
  }
  // No node writes a space or tab before a comma, colon or brace: such a line may be reported as damaged.
  if (/[ \t][,:}]|[,:][ \t]{2}|\{[ \t]|\t/.test(json.replaceAll(/"[^"]*"/g, "x"))) return null;
  if (!Object.keys(fields).every((key) => KEYS.has(key))) return null;
  // The same field under both generations of keys, or twice under one: which of them counts is not promised.
  if ((json.match(/":/g) ?? []).length !== Object.keys(fields).length) return null;
  const one = (old: string, now: string): unknown =>
    old in fields && now in fields ? null : old in fields ? fields[old] : fields[now];
  const isCount = (value: unknown): boolean =>
    value === undefined || (Number.isSafeInteger(value) && (value as number) >= 0);
  const [piece, satellite, action] = [
    one("Piece ID", "piece_id"),
    one("Satellite ID", "satellite_id"),
    one("Action", "action"),
  ];
  const [size, offset] = [one("Size", "size"), one("Offset", "offset")];
  if (typeof piece !== "string" || piece === "" || typeof satellite !== "string" || satellite === "")
    return null;
  if (
    satellite.length > MOST_NAME ||
    typeof action !== "string" ||
    !ACTIONS.some((known) => known === action)
  )
    return null;
  if (!isCount(size) || !isCount(offset) || /\d[.eE]|-\d/.test(json.replaceAll(/"[^"]*"/g, ""))) return null;
  return { action, satellite, timeMs, sizeBytes: typeof size === "number" ? size : -1, what };
}
