import { dlopen, ptr } from "bun:ffi";

const AF_INET = 2;
const SOCK_RAW = 3;
const IPPROTO_ICMP = 1;
const IPPROTO_UDP = 17;
const DESTINATION_UNREACHABLE = 3;
const PORT_UNREACHABLE = 3;

type Ipv4 = readonly [number, number, number, number];

interface Place {
  readonly address: Ipv4;
  readonly port: number;
}

/** RFC 1071. */
function checksum(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let sum = 0;
  for (let at = 0; at + 1 < bytes.byteLength; at += 2) sum += view.getUint16(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

/** "Port unreachable" in answer to a datagram between two places, quoting these bytes of it. */
function portUnreachable(from: Place, to: Place, quoted: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(new ArrayBuffer(8 + 20 + 8 + quoted.byteLength));
  const view = new DataView(bytes.buffer);
  bytes.set([DESTINATION_UNREACHABLE, PORT_UNREACHABLE]);
  view.setUint8(8, 0x45);
  view.setUint16(10, 20 + 8 + 48);
  view.setUint8(16, 64);
  view.setUint8(17, IPPROTO_UDP);
  bytes.set(from.address, 20);
  bytes.set(to.address, 24);
  view.setUint16(28, from.port);
  view.setUint16(30, to.port);
  view.setUint16(32, 8 + 48);
  bytes.set(quoted, 36);
  view.setUint16(2, checksum(bytes));
  return bytes;
}

/** Sends an ICMP error from 127.0.0.1 to the sender of the datagram. Needs root. */
export function sendPortUnreachable(from: Place, to: Place, quoted: Uint8Array): void {
  const { symbols } = dlopen("libc.so.6", {
    socket: { args: ["i32", "i32", "i32"], returns: "i32" },
    sendto: { args: ["i32", "ptr", "u64", "i32", "ptr", "u32"], returns: "i64" },
    close: { args: ["i32"], returns: "i32" },
  });
  const descriptor = symbols.socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
  if (descriptor < 0) throw new Error("Cannot open a raw socket: not root");
  const destination = new Uint8Array(new ArrayBuffer(16));
  new DataView(destination.buffer).setUint16(0, AF_INET, true);
  destination.set(from.address, 4);
  const message = portUnreachable(from, to, quoted);
  const sent = symbols.sendto(
    descriptor,
    ptr(message),
    BigInt(message.byteLength),
    0,
    ptr(destination),
    destination.byteLength,
  );
  symbols.close(descriptor);
  if (Number(sent) !== message.byteLength) throw new Error("Cannot send an ICMP message");
}
