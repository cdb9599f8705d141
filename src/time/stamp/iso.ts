const NS_PER_S = 1_000_000_000n;

/** Unix nanoseconds → ISO 8601 in UTC with up to nine decimals, without trailing zeros. Years 0000 to 9999. */
export function isoOfNs(ns: bigint): string {
  const fraction = ((ns % NS_PER_S) + NS_PER_S) % NS_PER_S;
  const seconds = (ns - fraction) / NS_PER_S;
  const whole = new Date(Number(seconds) * 1_000).toISOString().slice(0, -5);
  const decimals = fraction.toString().padStart(9, "0").replace(/0+$/, "");
  return `${whole}${decimals === "" ? "" : `.${decimals}`}Z`;
}

export type IsoReading =
  | { readonly ok: true; readonly ns: bigint }
  | { readonly ok: false; readonly reason: string };

const SHAPE = /^(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}:\d{2})(?:[.,](\d+))?([Zz]|[+-]\d{2}:?\d{2})?$/;

function offsetMinutes(zone: string): number | null {
  if (/^[Zz]$/.test(zone)) return 0;
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(-2));
  if (hours > 23 || minutes > 59) return null;
  return (zone.startsWith("-") ? -1 : 1) * (hours * 60 + minutes);
}

/** ISO 8601 with a zone and up to nine decimals → Unix nanoseconds. */
export function readIso(text: string): IsoReading {
  const match = SHAPE.exec(text);
  if (match === null) {
    return { ok: false, reason: "expected ISO 8601 such as 2026-01-01T00:00:00Z, or Unix seconds" };
  }
  const [, date = "", time = "", decimals = "", zone] = match;
  if (zone === undefined) {
    return { ok: false, reason: "it has no zone; add Z for UTC, or an offset such as +02:00" };
  }
  if (decimals.length > 9) return { ok: false, reason: "it has more than nine decimals of a second" };
  const minutes = offsetMinutes(zone);
  const ms = Date.parse(`${date}T${time}Z`);
  // Date.parse turns February 30th into March 2nd: a date exists only if it is printed as it was given.
  const exists = !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(`${date}T${time}`);
  if (minutes === null || !exists) return { ok: false, reason: "there is no such date, time or zone" };
  const seconds = BigInt(ms / 1_000 - minutes * 60);
  return { ok: true, ns: seconds * NS_PER_S + BigInt(decimals.padEnd(9, "0")) };
}
