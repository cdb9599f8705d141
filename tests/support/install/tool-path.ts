import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { programPath } from "../programs.ts";

/** Tools that install.sh uses and every system has. */
const ORDINARY =
  "sh awk cat chmod cp df dirname find getconf grep head ls mkdir mktemp mv rm rmdir sed sha256sum sort sync tail tar tr uname";

/** A PATH with only the ordinary tools and the given ones: like that of a machine without curl. */
export function toolPath(folder: string, ...programs: string[]): string {
  mkdirSync(folder, { recursive: true });
  for (const program of [...ORDINARY.split(" "), ...programs]) {
    symlinkSync(programPath(program), join(folder, program));
  }
  return folder;
}
