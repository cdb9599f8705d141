/** Size of an NTP packet without extension fields (RFC 5905, section 7.3). */
export const PACKET_BYTES = 48;

const VERSION = 4;
const MODE_CLIENT = 3;

/** The fields of a packet as received, not validated. */
export interface Packet {
  readonly leap: number;
  readonly version: number;
  readonly mode: number;
  readonly stratum: number;
  readonly precision: number;
  /** 16.16 seconds. */
  readonly rootDelay: number;
  readonly rootDispersion: number;
  readonly referenceId: number;
  /** 32.32 seconds, without the era. */
  readonly origin: bigint;
  readonly receive: bigint;
  readonly transmit: bigint;
}

/**
 * A client's request. It reveals nothing but its version: every other field is zero, and the transmit timestamp is
 * a random number that the answer must echo (RFC 9109 and the data minimisation draft for NTP clients).
 */
export function encodeRequest(cookie: bigint): Uint8Array {
  const bytes = new Uint8Array(new ArrayBuffer(PACKET_BYTES));
  bytes[0] = (VERSION << 3) | MODE_CLIENT;
  new DataView(bytes.buffer).setBigUint64(40, cookie);
  return bytes;
}

/** Decodes a packet; null if it is too short. Extension fields and MACs after it are ignored. */
export function decodePacket(bytes: Uint8Array): Packet | null {
  if (bytes.byteLength < PACKET_BYTES) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const first = view.getUint8(0);
  return {
    leap: first >> 6,
    version: (first >> 3) & 7,
    mode: first & 7,
    stratum: view.getUint8(1),
    precision: view.getInt8(3),
    rootDelay: view.getUint32(4),
    rootDispersion: view.getUint32(8),
    referenceId: view.getUint32(12),
    origin: view.getBigUint64(24),
    receive: view.getBigUint64(32),
    transmit: view.getBigUint64(40),
  };
}
