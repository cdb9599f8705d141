import { createConsola, type LogObject } from "consola/core";
import { escapeText } from "../../lib/format/escape.ts";

export const LOG_FORMATS = ["text", "json"] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

/** The keys of every line in JSON. */
type OwnKey = "time" | "level" | "message";

/** Structured fields of a log line, shown only with `--log-format json`. Keys are snake_case, with units. */
export type LogFields = Readonly<Record<string, string | number | boolean | null>> & {
  readonly [own in OwnKey]?: never;
};

const PREFIXES: Readonly<Record<string, readonly [text: string, color: number]>> = {
  error: ["nodupe: ", 31],
  warn: ["nodupe: warning: ", 33],
};

interface Entry {
  readonly level: string;
  readonly message: string;
  readonly fields: LogFields;
}

/** Converts consola's arguments: `Log` passes it a line and its fields. */
function entryOf({ type, args }: LogObject): Entry {
  const [message, fields]: readonly unknown[] = args;
  return { level: type, message: String(message), fields: isFields(fields) ? fields : {} };
}

function isFields(value: unknown): value is LogFields {
  return typeof value === "object" && value !== null;
}

/** The line's own keys come first, and no field replaces them. */
function jsonLine({ level, message, fields }: Entry): string {
  const own: Readonly<Record<OwnKey, string>> = { time: new Date().toISOString(), level, message };
  return JSON.stringify({ ...own, ...fields, ...own });
}

function textLine({ level, message }: Entry, color: boolean): string {
  const [prefix, code] = PREFIXES[level] ?? ["", 0];
  const shown = color && prefix !== "" ? `\u001B[${code}m${prefix}\u001B[39m` : prefix;
  return shown + escapeText(message);
}

type Say = (line: string, fields?: LogFields) => void;

export interface Log {
  readonly error: Say;
  readonly warn: Say;
  readonly info: Say;
  readonly debug: Say;
}

/** A command's log: one line per entry, whatever the names in it contain. */
export function createLog(
  how: { readonly level: number; readonly color: boolean; readonly format: LogFormat },
  write: (line: string) => void,
): Log {
  const log = (logged: LogObject): void => {
    const entry = entryOf(logged);
    write(how.format === "json" ? jsonLine(entry) : textLine(entry, how.color));
  };
  return createConsola({ level: how.level, reporters: [{ log }], throttle: 0 });
}
