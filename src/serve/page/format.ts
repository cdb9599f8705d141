/** A formatted number: at most four significant digits, with the unit apart. */
export interface Figure {
  readonly value: string;
  readonly unit: string;
}

const UNKNOWN: Figure = { value: "–", unit: "" };

const SIGNIFICANT = new Intl.NumberFormat("en", { maximumSignificantDigits: 4 });
const WHOLE = new Intl.NumberFormat("en");
const MOMENT = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" });

/** Replaces the hyphen by a real minus sign, which is as wide as a plus. */
function withMinus(text: string): string {
  return text.replace("-", "−");
}

/** At most four significant digits, with digit grouping. */
export function digits(value: number): string {
  return withMinus(SIGNIFICANT.format(value));
}

/** A difference with its sign, and one decimal below ten. */
export function signed(value: number): string {
  const text = value.toFixed(Math.abs(value) < 10 ? 1 : 0);
  if (Number(text) === 0) return text.replace("-", "");
  return `${value > 0 ? "+" : ""}${withMinus(text)}`;
}

/** A unit and its size in the base unit. */
export interface Scale {
  readonly unit: string;
  readonly size: number;
}

const SECOND: Scale = { unit: "s", size: 1 };
const SECONDS: readonly (Scale & { readonly below: number })[] = [
  { below: 1e-3, unit: "µs", size: 1e-6 },
  { below: 1, unit: "ms", size: 1e-3 },
  { below: 120, ...SECOND },
  { below: 7_200, unit: "min", size: 60 },
  { below: 172_800, unit: "h", size: 3_600 },
  { below: Infinity, unit: "d", size: 86_400 },
];

/** The unit that fits a number of seconds. */
export function scaleOfSeconds(value: number): Scale {
  const size = Math.abs(value);
  return size === 0 ? SECOND : (SECONDS.find(({ below }) => size < below) ?? SECOND);
}

function scaled(value: number, { unit, size }: Scale): Figure {
  return { value: digits(value / size), unit };
}

export function seconds(value: number | null | undefined): Figure {
  return value === null || value === undefined ? UNKNOWN : scaled(value, scaleOfSeconds(value));
}

export function ms(value: number | null | undefined): Figure {
  return value === null || value === undefined ? UNKNOWN : seconds(value / 1_000);
}

const BYTE_UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

function scaleOfBytes(value: number): Scale {
  const power = value < 1 ? 0 : Math.floor(Math.log2(value) / 10);
  const at = Math.min(power, BYTE_UNITS.length - 1);
  return { unit: BYTE_UNITS[at] ?? "B", size: 1024 ** at };
}

export function bytes(value: number | null | undefined): Figure {
  return value === null || value === undefined ? UNKNOWN : scaled(value, scaleOfBytes(value));
}

/** A part and its whole, both in the unit of the whole: `5.41 of 7.28 TiB`. */
export function bytesOf(part: number, whole: number): Figure {
  const { unit, size } = scaleOfBytes(whole);
  const short = (value: number): string => digits(Number((value / size).toPrecision(3)));
  return { value: `${short(part)} of ${short(whole)}`, unit };
}

export function percent(value: number | null | undefined): Figure {
  return value === null || value === undefined ? UNKNOWN : { value: digits(value), unit: "%" };
}

export function count(value: number | null | undefined): Figure {
  return value === null || value === undefined ? UNKNOWN : { value: WHOLE.format(value), unit: "" };
}

export function usd(value: number | null | undefined): Figure {
  return value === null || value === undefined ? UNKNOWN : { value: value.toFixed(2), unit: "USD" };
}

/** A figure as plain text, where markup is not possible. */
export function textOf({ value, unit }: Figure): string {
  return unit === "" ? value : unit === "%" ? `${value}%` : `${value} ${unit}`;
}

/** `1 node`, `5 nodes`. */
export function counted(many: number, what: string): string {
  return `${WHOLE.format(many)} ${what}${many === 1 ? "" : "s"}`;
}

const MINUTE_S = 60;
const HOUR_S = 3_600;
const DAY_S = 86_400;
/** The board's and the reader's clocks differ a little: times up to this far ahead are shown as now. */
const AHEAD_S = 60;

/** A duration so far: `3 h`. */
export function lasting(ageS: number): string {
  if (ageS < MINUTE_S) return `${Math.max(0, Math.round(ageS))} s`;
  if (ageS < HOUR_S) return `${Math.floor(ageS / MINUTE_S)} min`;
  return ageS < 2 * DAY_S ? `${Math.floor(ageS / HOUR_S)} h` : `${Math.floor(ageS / DAY_S)} days`;
}

/** `3 min ago`, up to a day; then date and time. */
export function ago(iso: string, nowMs: number): string {
  const ageS = Math.round((nowMs - Date.parse(iso)) / 1_000);
  if (ageS < -AHEAD_S || ageS >= DAY_S) return MOMENT.format(new Date(iso));
  return ageS < 5 ? "now" : `${lasting(ageS)} ago`;
}

/** A message of the API as a sentence: with a capital letter and a full stop. */
export function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?…]$/.test(text) ? "" : "."}`;
}
