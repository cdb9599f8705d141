import { decodePacket, encodeRequest } from "../../time/ntp/packet.ts";
import { unixNsOfNtp } from "../../time/ntp/timestamp.ts";

const PIVOT_S = Date.UTC(2020, 0, 1) / 1e3;

/** The offset of one server in milliseconds; null if it does not answer within the timeout. */
async function askOne(port: number, timeoutMs: number): Promise<number | null> {
  const { promise, resolve } = Promise.withResolvers<number | null>();
  const sentAt = Date.now();
  const socket = await Bun.udpSocket({
    connect: { hostname: "127.0.0.1", port },
    socket: {
      error: () => resolve(null),
      data: (_socket, bytes) => {
        const packet = decodePacket(bytes);
        if (packet === null) return;
        const serverMs = Number(unixNsOfNtp(packet.transmit, PIVOT_S)) / 1e6;
        resolve(serverMs - (sentAt + Date.now()) / 2);
      },
    },
  });
  socket.send(encodeRequest(1n));
  const timer = setTimeout(() => resolve(null), timeoutMs);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    socket.close();
  }
}

/** The mean offset, in milliseconds, of servers queried one after another: each dead one costs the whole timeout. */
export async function askInSequence(ports: readonly number[], timeoutMs: number): Promise<number> {
  const offsets: number[] = [];
  for (const port of ports) {
    const offset = await askOne(port, timeoutMs);
    if (offset !== null) offsets.push(offset);
  }
  if (offsets.length === 0) throw new Error("Cannot tell the time: no server has answered");
  return offsets.reduce((sum, offset) => sum + offset, 0) / offsets.length;
}
