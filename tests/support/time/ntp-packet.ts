import type { Packet } from "../../../src/time/ntp/packet.ts";

/** Encodes a packet, for the answers of test servers. */
export function encodePacket(packet: Packet): Uint8Array {
  const bytes = new Uint8Array(new ArrayBuffer(48));
  const view = new DataView(bytes.buffer);
  view.setUint8(0, (packet.leap << 6) | (packet.version << 3) | packet.mode);
  view.setUint8(1, packet.stratum);
  view.setInt8(3, packet.precision);
  view.setUint32(4, packet.rootDelay);
  view.setUint32(8, packet.rootDispersion);
  view.setUint32(12, packet.referenceId);
  view.setBigUint64(24, packet.origin);
  view.setBigUint64(32, packet.receive);
  view.setBigUint64(40, packet.transmit);
  return bytes;
}

/** The answer of an honest stratum 2 server to a request with this transmit timestamp. */
export function honestAnswer(origin: bigint, receive: bigint, transmit: bigint): Packet {
  return {
    leap: 0,
    version: 4,
    mode: 4,
    stratum: 2,
    precision: -23,
    rootDelay: 65,
    rootDispersion: 65,
    referenceId: 0x7f00_0001,
    origin,
    receive,
    transmit,
  };
}

/** A kiss code such as `RATE` as a reference id. */
export function referenceId(code: string): number {
  return new DataView(new TextEncoder().encode(code.padEnd(4, "\0")).buffer).getUint32(0);
}
