const SOL_SOCKET = 1;
const SOL_IP = 0;
const SOL_IPV6 = 41;
const IP_RECVERR = 11;
const IPV6_RECVERR = 25;
const SCM_TIMESTAMPING = 37;
/** sock_extended_err.ee_origin: 2 and 3 are ICMP and ICMPv6, 1 is this host. */
const ORIGIN_TIMESTAMPING = 4;
const HEADER_BYTES = 16;
const NS_PER_S = 1_000_000_000n;

/** What the kernel tells beside a datagram. */
export interface ControlMessages {
  /** The software timestamp, in Unix nanoseconds. */
  readonly stampNs: bigint | null;
  /** errno of an error that came back from the network; null where this is none. */
  readonly errno: number | null;
}

/** Walks the control messages of an LP64 msghdr: each begins with a 64-bit length, level and type, 8-byte aligned. */
export function readControlMessages(view: DataView, length: number): ControlMessages {
  let stampNs: bigint | null = null;
  let errno: number | null = null;
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
    if (isError && size >= HEADER_BYTES + 16 && view.getUint8(data + 4) !== ORIGIN_TIMESTAMPING) {
      errno = view.getUint32(data, true);
    }
    at += (size + 7) & ~7;
  }
  return { stampNs, errno };
}
