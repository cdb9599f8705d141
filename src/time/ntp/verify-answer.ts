import { decodePacket, type Packet } from "./packet.ts";
import { nsOfShort, unixNsOfNtp } from "./timestamp.ts";

/** The verdict on an answer. `isFinal`: nothing better can come from this server in this run. */
export type Verdict =
  | { readonly type: "answer"; readonly packet: Packet; readonly cookie: bigint }
  | { readonly type: "kiss"; readonly code: string; readonly cookie: bigint }
  | { readonly type: "unsynchronised"; readonly reason: string; readonly cookie: bigint }
  | { readonly type: "invalid"; readonly reason: string; readonly isFinal: boolean };

export interface VerifyOptions {
  /** Whether a request with this cookie was sent to this server and has not been answered. */
  isOutstanding(cookie: bigint): boolean;
  /** Answers with a greater root distance are refused. */
  readonly maxRootDistanceNs: bigint;
  /** When the program was built, in Unix seconds: earlier answers cannot be right. */
  readonly buildTimeS: number;
}

const MODE_SERVER = 4;
const LEAP_UNSYNCHRONISED = 3;
/** Strata from here on mean "unsynchronised" (16) or are reserved (RFC 5905, figure 11). */
const STRATUM_UNSYNCHRONISED = 16;
/**
 * Codes that ask the client to change its behaviour; all others describe the server's state (RFC 5905, section 7.4).
 */
const KISSES_TO_OBEY: ReadonlySet<string> = new Set(["DENY", "RSTR", "RATE"]);
/** How far the clock of the machine that built the program may have been ahead. */
const DAY_NS = 86_400_000_000_000n;

function kissCode(referenceId: number): string | null {
  const characters = [24, 16, 8, 0].map((shift) => (referenceId >>> shift) & 0xff);
  const code = String.fromCharCode(...characters).replace(/\0+$/, "");
  return /^[A-Z0-9]{3,4}$/.test(code) ? code : null;
}

function invalid(reason: string, isFinal: boolean): Verdict {
  return { type: "invalid", reason, isFinal };
}

function verdictOnStratumZero({ referenceId, origin: cookie }: Packet): Verdict {
  const code = kissCode(referenceId);
  if (code === null) return invalid("stratum 0 without a kiss code", true);
  if (KISSES_TO_OBEY.has(code)) return { type: "kiss", code, cookie };
  return { type: "unsynchronised", reason: `kiss code ${code}`, cookie };
}

/** Why a server's time cannot be right: it is before the program was built. Null if it is not. */
export function faultOfTime(ns: bigint, buildTimeS: number): string | null {
  if (ns >= BigInt(buildTimeS) * 1_000_000_000n - DAY_NS) return null;
  const day = new Date(Number(ns / 1_000_000n)).toISOString().slice(0, 10);
  return `its time, ${day}, is before this program was built`;
}

/** Faults of an answer that echoes our request, so that it really comes from the server. */
function faultOf(packet: Packet, { maxRootDistanceNs, buildTimeS }: VerifyOptions): string | null {
  if (packet.receive === 0n || packet.transmit === 0n) return "it has a zero timestamp";
  // Modulo 2^64, in case an era ends between the two.
  if (BigInt.asIntN(64, packet.transmit - packet.receive) < 0n)
    return "it claims to have answered before it received the request";
  const early = faultOfTime(unixNsOfNtp(packet.transmit, buildTimeS), buildTimeS);
  if (early !== null) return early;
  const distanceNs = nsOfShort(packet.rootDelay) / 2n + nsOfShort(packet.rootDispersion);
  if (distanceNs > maxRootDistanceNs) {
    return `its root distance is ${Number(distanceNs) / 1e9} s, more than ${Number(maxRootDistanceNs) / 1e9} s`;
  }
  return null;
}

/**
 * Verifies a datagram from a server's address. Never throws. What anyone could have forged (without our random
 * number) is refused without giving up on the server; only a genuine echo can end the exchange.
 */
export function verify(bytes: Uint8Array, options: VerifyOptions): Verdict {
  const packet = decodePacket(bytes);
  if (packet === null) return invalid(`a packet of ${bytes.byteLength} bytes is too short`, false);
  if (packet.mode !== MODE_SERVER) return invalid(`mode ${packet.mode}, not a server's answer`, false);
  const cookie = packet.origin;
  if (!options.isOutstanding(cookie))
    return invalid("its origin timestamp does not echo what was sent", false);
  if (packet.version < 3 || packet.version > 4) return invalid(`NTP version ${packet.version}`, true);
  if (packet.stratum === 0) return verdictOnStratumZero(packet);
  if (packet.leap === LEAP_UNSYNCHRONISED)
    return { type: "unsynchronised", reason: "its leap indicator says unsynchronised (3)", cookie };
  if (packet.stratum >= STRATUM_UNSYNCHRONISED)
    return { type: "unsynchronised", reason: `stratum ${packet.stratum}`, cookie };
  const fault = faultOf(packet, options);
  return fault === null ? { type: "answer", packet, cookie } : invalid(fault, true);
}
