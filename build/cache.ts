import { homedir } from "node:os";
import { join } from "node:path";

/**
 * The folder outside the tree where builds and checks keep downloads: runtimes, a Debian for trial installations.
 * BUILD_CACHE overrides it.
 */
export function buildCache(): string {
  const named = process.env["BUILD_CACHE"];
  if (named !== undefined && named !== "") return named;
  const base = process.env["XDG_CACHE_HOME"];
  return join(base?.startsWith("/") === true ? base : join(homedir(), ".cache"), "nodupe");
}
