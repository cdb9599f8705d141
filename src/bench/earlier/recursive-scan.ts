import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";

/** The newest of all files below a folder, at any depth. */
export function newestBelow(folder: string): { readonly path: string; readonly ms: number } | null {
  let newest: { path: string; ms: number } | null = null;
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    const path = join(folder, name);
    const entry = statSync(path);
    if (entry.isFile() && entry.mtimeMs > (newest?.ms ?? -Infinity)) newest = { path, ms: entry.mtimeMs };
  }
  return newest;
}
