import { startNtpPeersWorker } from "../../workers.ts";
import type { Lab } from "../experiment.ts";
import type { PeersOpened, PeersWanted } from "./ntp-peer.ts";

/**
 * NTP servers on the loopback in a thread of their own, since the measured client blocks its thread while it waits
 * for packets. They end with the experiment. Returns a port for each delay.
 */
export async function startNtpPeers(
  delaysMs: readonly (number | null)[],
  lab: Pick<Lab, "defer">,
): Promise<readonly number[]> {
  const worker = startNtpPeersWorker();
  lab.defer(() => worker.terminate());
  const { promise, resolve, reject } = Promise.withResolvers<PeersOpened>();
  worker.onmessage = (event: MessageEvent<PeersOpened>) => resolve(event.data);
  worker.onerror = (event) => reject(new Error(`NTP peers: ${event.message}`));
  worker.postMessage({ delaysMs } satisfies PeersWanted);
  const opened = await promise;
  if (opened.type === "failed") throw new Error(`NTP peers: ${opened.reason}`);
  return opened.ports;
}
