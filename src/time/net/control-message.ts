import { decodeSocketAddress, SOCKADDR_BYTES } from "./socket-address.ts";

const SOL_SOCKET = 1;
const SOL_IP = 0;
const SOL_IPV6 = 41;
const IP_RECVERR = 11;
const IPV6_RECVERR = 25;
const SCM_TIMESTAMPING = 37;
const HEADER_BYTES = 16;
/** struct sock_extended_err; followed by the address of the error's sender. */
const EXTENDED_ERROR_BYTES = 16;
const NS_PER_S = 1_000_000_000n;

/** sock_extended_err.ee_origin. */
const ORIGIN = { icmp: 2, icmp6: 3, timestamping: 4 } as const;
/** ICMP type 3 code 3 and ICMPv6 type 1 code 4: only the destination itself can know that a port is closed. */
const PORT_UNREACHABLE: Readonly<Record<number, readonly [type: number, code: number]>> = {
  [ORIGIN.icmp]: [3, 3],
  [ORIGIN.icmp6]: [1, 4],
};

/** An error from the network or from this host. */
interface NetworkError {
  readonly errno: number;
  readonly isPortUnreachable: boolean;
  /** The address of the error's sender; null if unknown. */
  readonly from: string | null;
}

/** What the kernel passes along with a datagram. */
export interface ControlMessages {
  /** The software timestamp, in Unix nanoseconds. */
  readonly stampNs: bigint | null;
  readonly error: NetworkError | null;
}

function errorAt(view: DataView, data: number, bytes: number): NetworkError | null {
  const [origin, type, code] = [view.getUint8(data + 4), view.getUint8(data + 5), view.getUint8(data + 6)];
  const errno = view.getUint32(data, true);
  if (origin === ORIGIN.timestamping || errno === 0) return null;
  const closed = PORT_UNREACHABLE[origin];
  const address = new Uint8Array(new ArrayBuffer(SOCKADDR_BYTES));
  const addressBytes = Math.min(SOCKADDR_BYTES, bytes - EXTENDED_ERROR_BYTES);
  for (let index = 0; index < addressBytes; index += 1)
    address[index] = view.getUint8(data + EXTENDED_ERROR_BYTES + index);
  return {
    errno,
    isPortUnreachable: closed !== undefined && closed[0] === type && closed[1] === code,
    from: decodeSocketAddress(address)?.address ?? null,
  };
}

/** Walks the control messages of an LP64 msghdr: each begins with a 64-bit length, level and type, 8-byte aligned. */
export function readControlMessages(view: DataView, length: number): ControlMessages {
  let stampNs: bigint | null = null;
  let error: NetworkError | null = null;
  let at = 0;
  while (at + HEADER_BYTES <= length) {
    const size = Number(view.getBigUint64(at, true));
    if (size < HEADER_BYTES || at + size > length) break;
    const level = view.getInt32(at + 8, true);
    const type = view.getInt32(at + 12, true);
    const data = at + HEADER_BYTES;
    if (level === SOL_SOCKET && type === SCM_TIMESTAMPING && size >= HEADER_BYTES + 16) {
      const ns = view.getBigInt64(data, true) * NS_PER_S + view.getBigInt64(data + 8, true);
      if (ns !== 0n) stampNs = ns;
    }
    const isError =
      (level === SOL_IP && type === IP_RECVERR) || (level === SOL_IPV6 && type === IPV6_RECVERR);
    if (isError && size >= HEADER_BYTES + EXTENDED_ERROR_BYTES)
      error = errorAt(view, data, size - HEADER_BYTES) ?? error;
    at += (size + 7) & ~7;
  }
  return { stampNs, error };
}
