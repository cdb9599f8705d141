import { decodeFastDate64, encodeFastDate64, encodeSeconds } from "./fastdate64.ts";
import { isoOfNs, readIso } from "./iso.ts";

const NS_PER_S = 1_000_000_000n;

export type Converted =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly reason: string };

/** Runs a conversion that throws RangeError for values out of range. */
function within(convert: () => string): Converted {
  try {
    return { ok: true, text: convert() };
  } catch (error) {
    if (error instanceof RangeError) return { ok: false, reason: error.message };
    throw error;
  }
}

/** `1700000000`, `-1`, `0.5`: exact decimal seconds → nanoseconds; null if the text is something else. */
function decimalNs(text: string): bigint | null {
  const match = /^([+-]?)(\d+)(?:\.(\d{1,9}))?$/.exec(text);
  if (match === null) return null;
  const [, sign, whole = "0", decimals = ""] = match;
  const ns = BigInt(whole) * NS_PER_S + BigInt(decimals.padEnd(9, "0"));
  return sign === "-" ? -ns : ns;
}

/** A code as a decimal number, or as `0x` and sixteen digits. */
export function codeText(code: bigint, hex: boolean): string {
  return hex ? `0x${code.toString(16).padStart(16, "0")}` : code.toString();
}

/** Unix nanoseconds → seconds with up to nine decimals, without trailing zeros. */
export function unixText(ns: bigint): string {
  const decimals = (ns % NS_PER_S).toString().padStart(9, "0").replace(/0+$/, "");
  return `${ns / NS_PER_S}${decimals === "" ? "" : `.${decimals}`}`;
}

/** ISO 8601 with a zone, or Unix seconds → FastDate64 as text. */
export function encodeText(input: string, hex: boolean): Converted {
  const text = input.trim();
  const ns = decimalNs(text);
  if (ns !== null) return within(() => codeText(encodeFastDate64(ns), hex));
  if (/^[+-]?\d+\.\d{10,}$/.test(text))
    return { ok: false, reason: "it has more than nine decimals of a second" };
  // Exponents and special values are doubles, taken at their exact value.
  if (/^[+-]?(\d+(\.\d*)?e[+-]?\d+|nan|inf(inity)?)$/i.test(text)) {
    const special = text.replace(/inf(inity)?/i, "Infinity").replace(/nan/i, "NaN");
    return within(() => codeText(encodeSeconds(Number(special)), hex));
  }
  const read = readIso(text);
  return read.ok ? within(() => codeText(encodeFastDate64(read.ns), hex)) : read;
}

/** A FastDate64 number, decimal or hexadecimal → ISO 8601, or Unix seconds. */
export function decodeText(input: string, unix: boolean): Converted {
  const text = input.trim();
  if (!/^(-?\d+|0x[0-9a-f]+)$/i.test(text)) {
    return { ok: false, reason: "expected a whole number, decimal or 0x…" };
  }
  return within(() => {
    const ns = decodeFastDate64(BigInt(text));
    return unix ? unixText(ns) : isoOfNs(ns);
  });
}
