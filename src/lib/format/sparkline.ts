const BARS = "▁▂▃▄▅▆▇█";

/** Values as a line of bars, scaled between the least and the greatest; null is a space. */
export function sparkline(values: readonly (number | null)[]): string {
  const known = values.filter((value) => value !== null);
  const least = Math.min(...known);
  const span = Math.max(...known) - least;
  return values
    .map((value) => {
      if (value === null) return " ";
      const level = span === 0 ? 3 : Math.round(((value - least) / span) * (BARS.length - 1));
      return BARS[level] ?? " ";
    })
    .join("");
}
