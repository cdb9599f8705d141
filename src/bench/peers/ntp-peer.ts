import { ntpOfUnixNs } from "../../time/ntp/timestamp.ts";
import { sendAnyway } from "./send-anyway.ts";

/** The peers' round trips in milliseconds; a null peer receives requests and never answers. */
export interface PeersWanted {
  readonly delaysMs: readonly (number | null)[];
}

export type PeersOpened =
  | { readonly type: "opened"; readonly ports: readonly number[] }
  | { readonly type: "failed"; readonly reason: string };

const PACKET_BYTES = 48;
const MODE_SERVER = 4;
const VERSION = 4;
const STRATUM = 2;
/** 2^-20 s, about a microsecond. */
const PRECISION = -20;

function nowNtp(): bigint {
  return ntpOfUnixNs(BigInt(Math.round((performance.timeOrigin + performance.now()) * 1e6)));
}

/** The answer of a synchronised server, stamped now (RFC 5905, section 7.3). */
function answerTo(request: Uint8Array): Uint8Array {
  const answer = new Uint8Array(PACKET_BYTES);
  const view = new DataView(answer.buffer);
  const asked = new DataView(request.buffer, request.byteOffset, request.byteLength);
  view.setUint8(0, (VERSION << 3) | MODE_SERVER);
  view.setUint8(1, STRATUM);
  view.setInt8(3, PRECISION);
  const now = nowNtp();
  view.setBigUint64(16, now);
  view.setBigUint64(24, asked.getBigUint64(40));
  view.setBigUint64(32, now);
  view.setBigUint64(40, now);
  return answer;
}

/**
 * Opens a peer on the loopback. The delay simulates the network: half of it passes before the server reads its
 * clock, half after. The caller must keep a reference to the socket, or it is closed by garbage collection.
 */
export async function openNtpPeer(delayMs: number | null): Promise<Bun.udp.Socket<"uint8array">> {
  return Bun.udpSocket({
    binaryType: "uint8array",
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      // The client left before its answer came. Without a handler the error would end the whole thread.
      error: () => undefined,
      data: (from, request, port, address) => {
        if (delayMs === null || request.byteLength < PACKET_BYTES) return;
        const arrived = (): void => {
          const answer = answerTo(request);
          setTimeout(() => sendAnyway(from, answer, { port, address }), delayMs / 2);
        };
        setTimeout(arrived, delayMs / 2);
      },
    },
  });
}
