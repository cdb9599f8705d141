import { nsOfShort, unixNsOfNtp } from "../../../../src/time/ntp/timestamp.ts";
import { decodePacket, encodeRequest } from "../../../../src/time/ntp/packet.ts";
import { sampleOf } from "../../../../src/time/ntp/sample.ts";
import { verify } from "../../../../src/time/ntp/verify-answer.ts";
import { encodePacket, honestAnswer, referenceId } from "../../time/ntp-packet.ts";
import { type FuzzTarget, mustEqual, mustHold, shapeOf } from "../fuzz-target.ts";

const COOKIE = 0x0123_4567_89ab_cdefn;
const BUILD_S = 1_767_225_600;
const OPTIONS = {
  isOutstanding: (cookie: bigint) => cookie === COOKIE,
  maxRootDistanceNs: 1_500_000_000n,
  buildTimeS: BUILD_S,
};
const NTP_NOW = BigInt(BUILD_S + 2_208_988_800 + 86_400) << 32n;
const FLIGHT = { sentRawNs: 5_000_000_000n, receivedRawNs: 5_020_000_000n, precisionNs: 100n };

/** Checks each condition for trusting a packet separately. */
function isBelievable(bytes: Uint8Array): boolean {
  const packet = decodePacket(bytes);
  if (packet === null) return false;
  const distance = nsOfShort(packet.rootDelay) / 2n + nsOfShort(packet.rootDispersion);
  return [
    packet.mode === 4,
    packet.origin === COOKIE,
    packet.version === 3 || packet.version === 4,
    packet.leap !== 3,
    packet.stratum >= 1 && packet.stratum <= 15,
    packet.receive !== 0n && packet.transmit !== 0n,
    ((packet.transmit - packet.receive) & 0xffff_ffff_ffff_ffffn) < 0x8000_0000_0000_0000n,
    unixNsOfNtp(packet.transmit, BUILD_S) >= BigInt(BUILD_S - 86_400) * 1_000_000_000n,
    distance <= OPTIONS.maxRootDistanceNs,
  ].every(Boolean);
}

/** A packet is trusted exactly if all conditions hold; decoding reverses encoding. */
export function ntpPackets(): FuzzTarget {
  const honest = honestAnswer(COOKIE, NTP_NOW, NTP_NOW + 1_000n);
  const kiss = (code: string) => ({ ...honest, stratum: 0, leap: 3, referenceId: referenceId(code) });
  return {
    seeds: [
      ...[honest, { ...honest, version: 3 }, { ...honest, stratum: 16 }, { ...honest, leap: 3 }].map(
        encodePacket,
      ),
      ...["DENY", "RSTR", "RATE", "NTSN", "INIT"].map((code) => encodePacket(kiss(code))),
      encodeRequest(COOKIE),
      Buffer.concat([encodePacket(honest), new Uint8Array(20)]),
    ].map((bytes) => new Uint8Array(bytes)),
    dictionary: [
      "\x24",
      "\x1c",
      "\xe4",
      "RATE",
      "DENY",
      "\0\0\0\0\0\0\0\0",
      "\xff\xff\xff\xff",
      "\x01\x23\x45\x67\x89\xab\xcd\xef",
    ],
    mostBytes: 1_500,
    run: (input) => {
      const packet = decodePacket(input);
      mustEqual(packet !== null, input.length >= 48, "48 bytes are a packet");
      if (packet !== null) {
        const again = encodePacket(packet);
        const expected = input.slice(0, 48);
        // Fields that are not decoded: the poll interval and the reference timestamp.
        for (const at of [2, 16, 17, 18, 19, 20, 21, 22, 23]) expected[at] = 0;
        mustEqual(
          Buffer.from(again).toString("hex"),
          Buffer.from(expected).toString("hex"),
          "encoding what was decoded",
        );
      }
      const verdict = verify(input, OPTIONS);
      mustEqual(
        verdict.type === "answer",
        isBelievable(input),
        "an answer is believed where all conditions hold",
      );
      if (verdict.type === "kiss")
        mustHold(packet?.origin === COOKIE && packet.stratum === 0, "a kiss is of the server asked");
      if (verdict.type !== "answer")
        return `${verdict.type} ${shapeOf("reason" in verdict ? verdict.reason : verdict.code)}`;
      const sample = sampleOf(verdict.packet, FLIGHT, BUILD_S);
      if (sample === null) return "answer of an impossible delay";
      mustHold(sample.delayNs > 0n && sample.dispersionNs >= 0n, "a sample has a delay and a dispersion");
      mustHold(sample.rootDelayNs >= 0n && sample.rootDispersionNs >= 0n, "so has the way to the root");
      return `answer of stratum ${sample.stratum} leap ${sample.leap}`;
    },
  };
}
