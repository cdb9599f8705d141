import { nearest } from "../lib/nearest.ts";
import { environmentNames, type Sections } from "./option.ts";

/** One line for each variable that looks like a setting and is none: a mistyped one would be ignored unseen. */
export function unknownVariables(names: Iterable<string>, sections: Sections): string[] {
  // `NODUPE_SYNC_WORKER`. Others (NODUPE_BASE_URL) are not for the program.
  const looksLikeSetting = new RegExp(`^NODUPE_(?:${Object.keys(sections).join("|")})_`, "i");
  const known = Object.entries(sections).flatMap(([section, options]) =>
    Object.entries(options).flatMap(([name, of]) => environmentNames(section, name, of)),
  );
  return [...names]
    .filter((name) => looksLikeSetting.test(name) && !known.includes(name))
    .toSorted()
    .map((name) => {
      const meant = nearest(name, known);
      return `the environment variable ${name} is no setting${meant === null ? "; for a list run: nodupe config show" : `; did you mean ${meant}?`}`;
    });
}
