import { syncOptions, type SyncSettings } from "../../upload/options.ts";
import { destinationUrl, SANDBOX_DESTINATION } from "../../upload/ledger/destination.ts";

const { url, insecureHttp, sandbox } = syncOptions;

/** Options that select the history: that of the API at --url, or the sandbox's. */
export const destinationOptions = { url, insecureHttp, sandbox } as const;

/** The key under which the history is stored. */
export function destinationOf(values: Pick<SyncSettings, "url" | "insecureHttp" | "sandbox">): string {
  return values.sandbox ? SANDBOX_DESTINATION : destinationUrl(values.url, values);
}
