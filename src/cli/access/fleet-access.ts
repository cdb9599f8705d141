import { Failure, reasonOf } from "../../lib/errors.ts";
import { readText } from "../../lib/read-file.ts";
import { type FleetAccess, NO_TOKENS, parseTokens } from "../../nodes/fleet/access.ts";
import type { FleetSettings } from "../../nodes/fleet/options.ts";
import { proxySettings } from "./proxy-settings.ts";
import { readSecret } from "./read-secret.ts";

/**
 * What opens other boards, out of the settings and the files that they name.
 *
 * @throws Failure usage for a file that cannot be used.
 */
export function fleetAccess(
  { tokenFile, caFile, insecureHttp }: Pick<FleetSettings, "tokenFile" | "caFile" | "insecureHttp">,
  environment: Readonly<Record<string, string | undefined>>,
): FleetAccess {
  let ca: string | null = null;
  try {
    if (caFile !== null) ca = readText(caFile);
  } catch (error) {
    throw new Failure("usage", `the CA file ${caFile} cannot be read: ${reasonOf(error)}`);
  }
  const tokens =
    tokenFile === null ? NO_TOKENS : parseTokens(readSecret(tokenFile, "token_file of [fleet]"), tokenFile);
  return { tokens, ca, insecureHttp, proxy: proxySettings(environment) };
}
