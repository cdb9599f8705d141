import { openNtpPeer, type PeersOpened, type PeersWanted } from "../bench/peers/ntp-peer.ts";

declare const self: Worker;

/** Keeps the sockets open for as long as the worker runs. */
const sockets: Bun.udp.Socket<"uint8array">[] = [];

self.onmessage = (event: MessageEvent<PeersWanted>): void => {
  const reply = (message: PeersOpened): void => self.postMessage(message);
  Promise.all(event.data.delaysMs.map(openNtpPeer)).then(
    (opened) => {
      sockets.push(...opened);
      reply({ type: "opened", ports: opened.map(({ port }) => port) });
    },
    (error: unknown) => reply({ type: "failed", reason: String(error) }),
  );
};
