import { readCa } from "./certificates.ts";
import { proxySettings } from "./proxy-settings.ts";
import type { SyncSettings } from "../../upload/options.ts";
import type { TanovaClient } from "../../upload/tanova/types.ts";

/** How long a health or duplicate check may take. */
const CHECK_TIMEOUT_MS = 10_000;

/** What is talked to. */
export interface Server {
  readonly url: string;
  readonly apiKey: string;
}

/** A sandbox in this process, which is stopped with it; it keeps what it was sent beside the store. */
export async function startOwnSandbox(storePath: string, batch: boolean): Promise<Server & Disposable> {
  const { startSandbox } = await import("../../upload/sandbox/server.ts");
  const kept = storePath === ":memory:" ? {} : { store: `${storePath}.sandbox` };
  return await startSandbox({ batch, ...kept });
}

/** A client for a server, with the proxies that the environment names. */
export async function clientOf(
  settings: Pick<SyncSettings, "sandbox" | "caFile" | "connectTimeout" | "silenceTimeout" | "bwlimit">,
  environment: Readonly<Record<string, string | undefined>>,
  server: Server,
): Promise<TanovaClient> {
  const [{ createTanovaClient }, { limitBandwidth }] = await Promise.all([
    import("../../upload/tanova/client.ts"),
    import("../../upload/control/bandwidth.ts"),
  ]);
  const ca = settings.sandbox ? null : readCa(settings.caFile);
  return createTanovaClient({
    url: server.url,
    apiKey: server.apiKey,
    ...(ca === null ? {} : { ca }),
    ...(settings.sandbox ? {} : { proxy: proxySettings(environment) }),
    connectTimeoutMs: settings.connectTimeout,
    silenceTimeoutMs: settings.silenceTimeout,
    checkTimeoutMs: CHECK_TIMEOUT_MS,
    ...(settings.bwlimit === null ? {} : { bandwidth: limitBandwidth(settings.bwlimit) }),
  });
}
