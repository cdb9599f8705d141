import { type FleetAccess, NO_TOKENS, parseTokens } from "../../nodes/fleet/access.ts";
import type { FleetSettings } from "../../nodes/fleet/options.ts";
import { readCa } from "./certificates.ts";
import { proxySettings } from "./proxy-settings.ts";
import { readClosedSecret } from "./secret-file.ts";

/**
 * The credentials for other boards, from the settings and the files they name.
 *
 * @throws Failure (usage) if a file cannot be used.
 */
export function fleetAccess(
  { tokenFile, caFile, insecureHttp }: Pick<FleetSettings, "tokenFile" | "caFile" | "insecureHttp">,
  environment: Readonly<Record<string, string | undefined>>,
): FleetAccess {
  const tokens =
    tokenFile === null
      ? NO_TOKENS
      : parseTokens(readClosedSecret(tokenFile, "token_file of [fleet]"), tokenFile);
  return { tokens, ca: readCa(caFile), insecureHttp, proxy: proxySettings(environment) };
}
