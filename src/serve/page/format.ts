/** Numbers and times as the page writes them: four significant digits at most, the unit apart. */
export interface Figure {
  readonly value: string;
  readonly unit: string;
}

const UNKNOWN: Figure = { value: "–", unit: "" };

const SIGNIFICANT = new Intl.NumberFormat("en", { maximumSignificantDigits: 4 });

/** Four significant digits at most, grouped. */
export function digits(value: number): string {
  return SIGNIFICANT.format(value).replace("-", "−");
}

/** Seconds in the unit that fits them. */
export function seconds(value: number | null): Figure {
  if (value === null) return UNKNOWN;
  const size = Math.abs(value);
  if (size === 0) return { value: "0", unit: "s" };
  if (size < 1e-3) return { value: digits(value * 1e6), unit: "µs" };
  if (size < 1) return { value: digits(value * 1e3), unit: "ms" };
  if (size < 120) return { value: digits(value), unit: "s" };
  if (size < 7_200) return { value: digits(value / 60), unit: "min" };
  if (size < 172_800) return { value: digits(value / 3_600), unit: "h" };
  return { value: digits(value / 86_400), unit: "d" };
}

const BYTE_UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

export function bytes(value: number | null): Figure {
  if (value === null) return UNKNOWN;
  let scaled = value;
  let unit = 0;
  while (Math.abs(scaled) >= 1024 && unit < BYTE_UNITS.length - 1) {
    scaled /= 1024;
    unit += 1;
  }
  return { value: digits(scaled), unit: BYTE_UNITS[unit] ?? "B" };
}

export function percent(value: number | null | undefined): Figure {
  return value === null || value === undefined ? UNKNOWN : { value: digits(value), unit: "%" };
}

export function count(value: number | null | undefined): Figure {
  return value === null || value === undefined
    ? UNKNOWN
    : { value: new Intl.NumberFormat("en").format(value), unit: "" };
}

export function usd(value: number | null | undefined): Figure {
  return value === null || value === undefined ? UNKNOWN : { value: value.toFixed(2), unit: "USD" };
}

export function ms(value: number | null | undefined): Figure {
  return value === null || value === undefined ? UNKNOWN : seconds(value / 1_000);
}

/** `3 min ago`, up to a day; then date and time. */
export function ago(iso: string, nowMs: number): string {
  const age = (nowMs - Date.parse(iso)) / 1_000;
  if (age < 0 || age >= 86_400)
    return new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" }).format(
      new Date(iso),
    );
  if (age < 5) return "now";
  const { value, unit } = seconds(Math.round(age));
  return `${value.replace(/\.\d+$/, "")} ${unit} ago`;
}
