import { type Kind, path, toggle } from "../settings/kind.ts";
import { option, optional } from "../settings/option.ts";

/** `20%` or `20`. */
const percent: Kind<number> = {
  expected: "a percentage of 0 or more, such as 20%",
  placeholder: "PERCENT",
  repeatable: false,
  parse: (value) => {
    if (typeof value !== "string" && typeof value !== "number") return null;
    const match = /^(\d+(?:\.\d+)?)\s*%?$/.exec(String(value));
    return match === null ? null : Number(match[1]);
  },
  toToml: (value) => JSON.stringify(`${value}%`),
  json: { type: "string", pattern: String.raw`^\d+(\.\d+)? *%?$` },
};

/** All options apply to one run: nothing about a benchmark is worth keeping as a setting. */
export const benchOptions = {
  quick: option(toggle, false, "less data and fewer rounds: under 30 s on two cores", { scope: "flag" }),
  save: optional(path, "write the report to a file, as JSON", { scope: "flag", placeholder: "FILE" }),
  against: optional(path, "compare with a saved report; exit 3 if a case is slower", {
    scope: "flag",
    placeholder: "FILE",
  }),
  tolerance: option(percent, 20, "how much slower a case may be", {
    scope: "flag",
    defaultText: "20%",
    needs: "against",
  }),
} as const;
