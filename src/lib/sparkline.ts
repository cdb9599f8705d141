const BARS = "▁▂▃▄▅▆▇█";

/** A line of bars, one a value, from the least value to the greatest; a dot stands for a value that is not known. */
export function sparkline(values: readonly (number | null)[]): string {
  const known = values.filter((value) => value !== null);
  const low = Math.min(...known);
  const range = Math.max(...known) - low;
  return values
    .map((value) => {
      if (value === null) return "·";
      const step = range === 0 ? 0 : Math.round(((value - low) / range) * (BARS.length - 1));
      return BARS.charAt(step);
    })
    .join("");
}
