/** The timestamp read last, and where it ended; one object, reused, so that nothing is allocated for a line. */
export interface TimestampRead {
  /** Unix milliseconds, UTC. */
  ms: number;
  /** The position of the first byte after it. */
  end: number;
  /** It has no fraction of a second: durations computed from it have a resolution of whole seconds. */
  coarse: boolean;
}

const ZERO = 48;
const PLUS = 43;
const MINUS = 45;
const COLON = 58;
const DOT = 46;
const COMMA = 44;
const Z = 90;
const T = 84;
const SPACE = 32;

/**
 * Days from 1970-01-01 to a date of the proleptic Gregorian calendar (Hinnant, "chrono-compatible algorithms", 2013).
 */
function daysOf(year: number, month: number, day: number): number {
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

let lastDate = -1;
let lastDays = 0;

/** Two digits at `at`, or NaN. Bytes past the end read as NaN too. */
function two(bytes: Uint8Array, at: number): number {
  const tens = (bytes[at] ?? 0) - ZERO;
  const units = (bytes[at + 1] ?? 0) - ZERO;
  return tens >= 0 && tens <= 9 && units >= 0 && units <= 9 ? tens * 10 + units : Number.NaN;
}

/** Where the zone begins after whole seconds, and after milliseconds. */
const COARSE_ZONE_AT = 19;
const FINE_ZONE_AT = 23;

/**
 * Reads the timestamps of one log. Nearly every line has the date, hour, minute and zone of the line before it, so that
 * only the seconds have to be parsed.
 */
export class TimestampReader implements TimestampRead {
  ms = 0;
  end = 0;
  coarse = false;
  #first = 0;
  #second = 0;
  #third = 0;
  #fourth = 0;
  /** The remembered minute, Unix ms, with the zone applied. */
  #minuteMs = Number.NaN;
  /** Bytes from the beginning of the timestamp to its zone, and the bytes of the zone. */
  #zoneAt = 0;
  #zone: Uint8Array = new Uint8Array(0);

  /** Like `readTimestamp`, for a timestamp with at least 32 readable bytes from its beginning. */
  read(bytes: Uint8Array, view: DataView, start: number): boolean {
    if (
      view.getInt32(start, true) === this.#first &&
      view.getInt32(start + 4, true) === this.#second &&
      view.getInt32(start + 8, true) === this.#third &&
      view.getInt32(start + 12, true) === this.#fourth &&
      this.#readRest(bytes, view, start)
    ) {
      return true;
    }
    if (!readTimestamp(bytes, start, this)) return false;
    this.#remember(bytes, view, start);
    return true;
  }

  /** Reads the seconds, the fraction and the zone as two words: `:SS.` and `mmmZ`, or `:SSZ` and the bytes after it. */
  #readRest(bytes: Uint8Array, view: DataView, start: number): boolean {
    const zoneAt = this.#zoneAt;
    const zone = this.#zone;
    for (let index = 0; index < zone.length; index += 1) {
      if (bytes[start + zoneAt + index] !== zone[index]) return false;
    }
    const seconds = view.getInt32(start + 16, true);
    if ((seconds & 0xff) !== COLON) return false;
    const tens = ((seconds >> 8) & 0xff) - ZERO;
    const units = ((seconds >> 16) & 0xff) - ZERO;
    if (tens < 0 || tens > 5 || units < 0 || units > 9) return false;
    let ms = (tens * 10 + units) * 1000;
    if (zoneAt === FINE_ZONE_AT) {
      const fraction = view.getInt32(start + 20, true);
      const tenths = (fraction & 0xff) - ZERO;
      const hundredths = ((fraction >> 8) & 0xff) - ZERO;
      const thousandths = ((fraction >> 16) & 0xff) - ZERO;
      if (((seconds >> 24) & 0xff) !== DOT || tenths < 0 || tenths > 9) return false;
      if (hundredths < 0 || hundredths > 9 || thousandths < 0 || thousandths > 9) return false;
      ms += tenths * 100 + hundredths * 10 + thousandths;
    }
    this.ms = this.#minuteMs + ms;
    this.coarse = zoneAt === COARSE_ZONE_AT;
    this.end = start + zoneAt + zone.length;
    return true;
  }

  /** Remembers forms with milliseconds or without a fraction; all others are parsed in full each time. */
  #remember(bytes: Uint8Array, view: DataView, start: number): void {
    const zoneAt = this.coarse ? COARSE_ZONE_AT : FINE_ZONE_AT;
    const zone = bytes[start + zoneAt];
    // A leap second belongs to the next minute of Unix time.
    if ((zone !== Z && zone !== PLUS && zone !== MINUS) || two(bytes, start + 17) > 59) {
      this.#first = 0;
      return;
    }
    this.#first = view.getInt32(start, true);
    this.#second = view.getInt32(start + 4, true);
    this.#third = view.getInt32(start + 8, true);
    this.#fourth = view.getInt32(start + 12, true);
    this.#zoneAt = zoneAt;
    this.#zone = bytes.slice(start + zoneAt, this.end);
    this.#minuteMs = Math.floor(this.ms / 60_000) * 60_000;
  }
}

/**
 * Reads `2026-01-31T23:59:59`, with or without a fraction, then `Z`, `+02:00`, `-0700` or `+02`.
 * Returns false for anything else; `into` is then undefined.
 */
export function readTimestamp(bytes: Uint8Array, start: number, into: TimestampRead): boolean {
  const separator = bytes[start + 10];
  if (bytes[start + 4] !== MINUS || bytes[start + 7] !== MINUS || (separator !== T && separator !== SPACE))
    return false;
  if (bytes[start + 13] !== COLON || bytes[start + 16] !== COLON) return false;
  const year = two(bytes, start) * 100 + two(bytes, start + 2);
  const month = two(bytes, start + 5);
  const day = two(bytes, start + 8);
  const date = year * 512 + month * 32 + day;
  if (date !== lastDate) {
    if (!(month >= 1 && month <= 12 && day >= 1) || Number.isNaN(year)) return false;
    const daysInMonth = month === 12 ? 31 : daysOf(year, month + 1, 1) - daysOf(year, month, 1);
    if (day > daysInMonth) return false;
    lastDays = daysOf(year, month, day);
    lastDate = date;
  }
  const hour = two(bytes, start + 11);
  const minute = two(bytes, start + 14);
  const second = two(bytes, start + 17);
  if (!(hour <= 23 && minute <= 59 && second <= 60)) return false;

  let at = start + 19;
  let fractionMs = 0;
  let coarse = true;
  if (bytes[at] === DOT || bytes[at] === COMMA) {
    coarse = false;
    let scale = 100;
    for (at += 1; ; at += 1) {
      const digit = (bytes[at] ?? 0) - ZERO;
      if (digit < 0 || digit > 9) break;
      // Digits after the milliseconds are cut, not rounded, so that a line's time never moves into the next second.
      if (scale >= 1) fractionMs += digit * scale;
      scale = scale === 1 ? 0 : scale / 10;
    }
  }
  let offsetMinutes = 0;
  const zone = bytes[at];
  if (zone === Z) at += 1;
  else if (zone === PLUS || zone === MINUS) {
    const hours = two(bytes, at + 1);
    const minutesAt = bytes[at + 3] === COLON ? at + 4 : at + 3;
    const minutes = two(bytes, minutesAt);
    if (!(hours <= 23)) return false;
    offsetMinutes = hours * 60 + (minutes <= 59 ? minutes : 0);
    if (zone === MINUS) offsetMinutes = -offsetMinutes;
    at = minutes <= 59 ? minutesAt + 2 : at + 3;
  } else return false;

  into.ms = (lastDays * 1440 + hour * 60 + minute - offsetMinutes) * 60_000 + second * 1000 + fractionMs;
  into.end = at;
  into.coarse = coarse;
  return true;
}
