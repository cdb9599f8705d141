import { flagName, type Options } from "./option.ts";
import type { Resolution } from "./resolve.ts";

function isOn(value: unknown): boolean {
  return value !== null && value !== false && !(Array.isArray(value) && value.length === 0);
}

const flag = (name: string): string => `--${flagName(name)}`;

/**
 * One line for each flag that lacks another flag it needs, or contradicts another one. Only flags are refused: the
 * same value as a setting or variable is simply not used.
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
