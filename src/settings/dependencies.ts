import { flagName, type Options } from "./option.ts";
import type { Resolution } from "./resolve.ts";

function isOn(value: unknown): boolean {
  return value !== null && value !== false && !(Array.isArray(value) && value.length === 0);
}

const flag = (name: string): string => `--${flagName(name)}`;

/**
 * One line for each flag that means nothing without another one, or that another one contradicts. Only flags are
 * refused: the same as a setting or a variable is simply not used.
 */
export function dependencyFaults(options: Options, { values, origins }: Resolution): string[] {
  return Object.entries(options).flatMap(([name, of]) => {
    if (origins[name]?.source !== "flag" || !isOn(values[name])) return [];
    const { needs, excludes = [] } = of;
    const missing =
      needs !== undefined && !isOn(values[needs])
        ? [`${flag(name)} means nothing without ${flag(needs)}; give both, or neither`]
        : [];
    const contradicted = excludes
      .filter((other) => origins[other]?.source === "flag" && isOn(values[other]))
      .map((other) => `${flag(name)} and ${flag(other)} exclude each other; give one of them`);
    return [...missing, ...contradicted];
  });
}
