import { nearest } from "../lib/nearest.ts";
import { environmentNames } from "./option.ts";
import { SECTIONS } from "./sections.ts";

/** `NODUPE_SYNC_WORKER`: one that looks like a setting of a section. Others (NODUPE_BASE_URL) are not for the program. */
const SECTION_VARIABLE = new RegExp(`^NODUPE_(?:${Object.keys(SECTIONS).join("|")})_`, "i");

/** One line for each variable that looks like a setting and is none: a mistyped one would be ignored unseen. */
export function unknownVariables(names: Iterable<string>): string[] {
  const known = Object.entries(SECTIONS).flatMap(([section, options]) =>
    Object.entries(options).flatMap(([name, of]) => environmentNames(section, name, of)),
  );
  return [...names]
    .filter((name) => SECTION_VARIABLE.test(name) && !known.includes(name))
    .toSorted()
    .map((name) => {
      const meant = nearest(name, known);
      return `the environment variable ${name} sets nothing${meant === null ? "; nodupe config show lists the settings" : `; did you mean ${meant}?`}`;
    });
}
