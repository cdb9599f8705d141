import { homedir } from "node:os";
import { isAbsolute, resolve } from "node:path";
import { formatListenAddress, type ListenAddress, parseListenAddress } from "../lib/listen-address.ts";
import { formatByteSize, parseByteSize } from "../lib/format/bytes.ts";
import { formatDurationMs, parseDurationMs } from "../lib/format/duration.ts";

/** A JSON Schema as plain data. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/**
 * A type of value shared by flags, environment variables and TOML; parsed from text or from TOML's own types.
 * `parse` returns null for anything invalid; `expected` completes "expected …".
 */
export interface Kind<T> {
  readonly expected: string;
  /** A list's elements: what one flag of a repeatable option takes. */
  readonly expectedOne?: string;
  /** The placeholder for the value in a usage line; null for a switch, which takes no value. */
  readonly placeholder: string | null;
  readonly repeatable: boolean;
  parse(value: unknown): T | null;
  /** The value in TOML syntax. */
  toToml(value: T): string;
  /** What a config file should hold, for editors: the form to write, among all that `parse` accepts. */
  readonly json: JsonSchema;
}

const TEXT: JsonSchema = { type: "string", minLength: 1 };

function fromText<T>(
  placeholder: string,
  expected: string,
  read: (text: string) => T | null,
  write: (value: T) => string,
  json: JsonSchema = TEXT,
): Kind<T> {
  return {
    expected,
    placeholder,
    repeatable: false,
    json,
    parse: (value) => {
      if (typeof value === "number" || typeof value === "bigint") return read(String(value));
      return typeof value === "string" ? read(value) : null;
    },
    toToml: (value) => JSON.stringify(write(value)),
  };
}

const DAY_MS = 86_400_000;

function durationWithin(expected: string, minMs: number, maxMs: number): Kind<number> {
  const read = (text: string): number | null => {
    const ms = parseDurationMs(text);
    return ms !== null && ms >= minMs && ms <= maxMs ? ms : null;
  };
  const json = { type: "string", pattern: String.raw`^(\d+(\.\d+)?|\.\d+)(ms|s|m|h|d)$` };
  return fromText("DURATION", expected, read, formatDurationMs, json);
}

/** Milliseconds. */
export const duration = durationWithin(
  "a number with ms, s, m, h or d, such as 1.5s, and at most 36500d",
  0,
  36_500 * DAY_MS,
);

/** Milliseconds for a timer: 0 would mean no timer, and beyond 24.8 days a timer fires at once. */
export const timer = durationWithin(
  "a number with ms, s, m, h or d, such as 1.5s, from 1ms to 24d",
  1,
  24 * DAY_MS,
);

/** Bytes, or bytes per second. */
export const byteSize: Kind<number> = fromText(
  "SIZE",
  "a number of bytes with K, M or G of 1024, such as 512K",
  (text) => {
    const bytes = parseByteSize(text);
    return bytes === null || bytes < 1 ? null : bytes;
  },
  formatByteSize,
  {
    anyOf: [
      { type: "integer", minimum: 1 },
      { type: "string", pattern: String.raw`^\d+(\.\d+)?[KMGkmg]?$` },
    ],
  },
);

/** Any non-empty text. */
export function text(placeholder: string, expected = "a text"): Kind<string> {
  return fromText(
    placeholder,
    expected,
    (value) => (value === "" ? null : value),
    (value) => value,
  );
}

/** A path: absolute, in the home folder (`~/…`), or relative to the working directory. */
export const path: Kind<string> = fromText(
  "PATH",
  "a path",
  (value) => {
    if (value === "" || value.includes("\0")) return null;
    const home = homedir();
    const expanded = /^~(\/|$)/.test(value) ? home + value.slice(1) : value;
    return isAbsolute(expanded) ? expanded : resolve(expanded);
  },
  (value) => value,
);

export function number(options: {
  min: number;
  max: number;
  integer?: boolean;
  placeholder?: string;
}): Kind<number> {
  const noun = options.integer === true ? "a whole number" : "a number";
  const kind = fromText(
    options.placeholder ?? "N",
    Number.isFinite(options.max)
      ? `${noun} from ${options.min} to ${options.max}`
      : `${noun}, ${options.min} or more`,
    (value) => {
      const read = /^[+-]?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(value.trim()) ? Number(value) : Number.NaN;
      const fits = read >= options.min && read <= options.max;
      return fits && (options.integer !== true || Number.isInteger(read)) ? read : null;
    },
    String,
    {
      type: options.integer === true ? "integer" : "number",
      minimum: options.min,
      ...(Number.isFinite(options.max) ? { maximum: options.max } : {}),
    },
  );
  return { ...kind, toToml: String };
}

export function integer(min: number, max: number = Infinity): Kind<number> {
  return number({ min, max, integer: true });
}

export function choice<const T extends string>(values: readonly T[]): Kind<T> {
  return fromText(
    values.join("|"),
    `one of ${values.join(", ")}`,
    (value) => values.find((known) => known === value) ?? null,
    (value) => value,
    { enum: values },
  );
}

/** A whole number, or a word that names a policy (`auto`). */
export function integerOr<const W extends string>(word: W, min: number, max: number): Kind<number | W> {
  const whole = integer(min, max);
  const kind = fromText<number | W>(
    `N|${word}`,
    `${word}, or ${whole.expected}`,
    (value) => (value === word ? word : whole.parse(value)),
    String,
    { anyOf: [whole.json, { const: word }] },
  );
  return { ...kind, toToml: (value) => JSON.stringify(value) };
}

/** Where a server listens; port 0 is any free port. */
export const listenAddress: Kind<ListenAddress> = fromText(
  "HOST:PORT",
  "HOST:PORT, such as 127.0.0.1:8080 or [::1]:0 (0 is any free port)",
  parseListenAddress,
  formatListenAddress,
  { type: "string", pattern: String.raw`^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+):\d{1,5}$` },
);

/** A switch: a bare flag; `true`, `false`, `1`, `0`, `yes`, `no` in the environment; a boolean in TOML. */
export const toggle: Kind<boolean> = {
  expected: "true or false",
  placeholder: null,
  repeatable: false,
  parse: (value) => {
    if (typeof value === "boolean") return value;
    if (typeof value !== "string") return null;
    if (/^(true|1|yes|on)$/i.test(value)) return true;
    return /^(false|0|no|off)$/i.test(value) ? false : null;
  },
  toToml: String,
  json: { type: "boolean" },
};

/** A repeatable flag, a comma-separated variable, or a TOML array. A single element is a list of one. */
export function list<T>(element: Kind<T>): Kind<readonly T[]> {
  return {
    expected: `a list, each ${element.expected}`,
    expectedOne: element.expected,
    placeholder: element.placeholder,
    repeatable: true,
    parse: (value) => {
      const items = Array.isArray(value) ? (value as readonly unknown[]) : [value];
      const parsed = items.map((item) => element.parse(item));
      return parsed.some((item) => item === null) ? null : parsed.filter((item) => item !== null);
    },
    toToml: (value) => `[${value.map((item) => element.toToml(item)).join(", ")}]`,
    json: { anyOf: [element.json, { type: "array", items: element.json }] },
  };
}
