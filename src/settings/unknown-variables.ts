import { nearest } from "../lib/nearest.ts";
import { environmentNames, type Sections } from "./option.ts";

/** One line for each variable that looks like a setting but is not: a typo would otherwise go unnoticed. */
export function unknownVariables(names: Iterable<string>, sections: Sections): string[] {
  // Such as `NODUPE_SYNC_WORKER`. Variables of other forms (NODUPE_BASE_URL) are not settings.
  const looksLikeSetting = new RegExp(`^NODUPE_(?:${Object.keys(sections).join("|")})_`, "i");
  const known = Object.entries(sections).flatMap(([section, options]) =>
    Object.entries(options).flatMap(([name, of]) => environmentNames(section, name, of)),
  );
  return [...names]
    .filter((name) => looksLikeSetting.test(name) && !known.includes(name))
    .toSorted()
    .map((name) => {
      const meant = nearest(name, known);
      return `the environment variable ${name} is not a setting${meant === null ? "; for a list run: nodupe config show" : `; did you mean ${meant}?`}`;
    });
}
