const UNIT_BYTES: Readonly<Record<string, number>> = { "": 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3 };

/** `512K`, `2M`, `1.5G`, `4096` (units of 1024) → bytes; null if the text is not a size. */
export function parseByteSize(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)([KMG]?)$/i.exec(text.trim());
  const unit = UNIT_BYTES[match?.[2]?.toUpperCase() ?? "?"];
  if (match === null || unit === undefined) return null;
  return Math.round(Number(match[1]) * unit);
}

/** Bytes → the shortest text that parses back to them (`524288` → `512K`). */
export function formatByteSize(bytes: number): string {
  for (const unit of ["G", "M", "K"]) {
    const size = UNIT_BYTES[unit] ?? 1;
    if (bytes >= size && Number.isInteger(bytes / size)) return `${bytes / size}${unit}`;
  }
  return String(bytes);
}

/** Bytes for people: `1.4 MiB`. */
export function humanBytes(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}
