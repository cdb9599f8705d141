import { readFileSync } from "node:fs";
import { formatIpv6, ipv4Bytes, ipv6Groups } from "./ip-address.ts";
import type { Endpoint } from "./server-name.ts";

export const AF_INET = 2;
export const AF_INET6 = 10;
/** Size of sockaddr_in6, the longer of the two. */
export const SOCKADDR_BYTES = 28;

/** The scope id of a zone: a number or an interface name. */
function scopeId(zone: string): number {
  if (/^\d+$/.test(zone)) return Number(zone);
  if (!/^[\w.-]+$/.test(zone)) return 0;
  try {
    return Number(readFileSync(`/sys/class/net/${zone}/ifindex`, "latin1"));
  } catch {
    return 0;
  }
}

/** Encodes an endpoint as Linux's sockaddr_in or sockaddr_in6. */
export function encodeSocketAddress(endpoint: Endpoint): Uint8Array {
  const bytes = new Uint8Array(new ArrayBuffer(endpoint.family === 4 ? 16 : SOCKADDR_BYTES));
  const view = new DataView(bytes.buffer);
  view.setUint16(2, endpoint.port);
  if (endpoint.family === 4) {
    view.setUint16(0, AF_INET, true);
    bytes.set(ipv4Bytes(endpoint.address), 4);
    return bytes;
  }
  const [address = "", zone] = endpoint.address.split("%");
  view.setUint16(0, AF_INET6, true);
  ipv6Groups(address).forEach((group, index) => view.setUint16(8 + 2 * index, group));
  if (zone !== undefined) view.setUint32(24, scopeId(zone), true);
  return bytes;
}

/** Decodes a sockaddr filled in by the kernel; null for other families. Zones are not included. */
export function decodeSocketAddress(bytes: Uint8Array): Endpoint | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const family = view.getUint16(0, true);
  const port = view.getUint16(2);
  if (family === AF_INET) return { address: bytes.slice(4, 8).join("."), family: 4, port };
  if (family !== AF_INET6) return null;
  const groups = Array.from({ length: 8 }, (_, index) => view.getUint16(8 + 2 * index));
  return { address: formatIpv6(groups), family: 6, port };
}
