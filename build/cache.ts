import { homedir } from "node:os";
import { join } from "node:path";

/**
 * What builds and checks bring once and keep, outside the tree: runtimes, a Debian to try things in. BUILD_CACHE names
 * another folder.
 */
export function buildCache(): string {
  const named = process.env["BUILD_CACHE"];
  if (named !== undefined && named !== "") return named;
  const base = process.env["XDG_CACHE_HOME"];
  return join(base?.startsWith("/") === true ? base : join(homedir(), ".cache"), "nodupe");
}
