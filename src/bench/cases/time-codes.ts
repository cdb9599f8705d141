import { decodeFastDate64, encodeFastDate64 } from "../../time/stamp/fastdate64.ts";
import { decodePacket } from "../../time/ntp/packet.ts";
import { encodeByDivision } from "../earlier/fastdate64.ts";
import { NTP_FORMAT, unpack } from "../earlier/unpack.ts";
import type { Experiment } from "../experiment.ts";
import { agree } from "../agree.ts";
import { seededRandom } from "../../lib/seeded-random.ts";

const BATCH = 10_000;

/** Instants of this century, in Unix nanoseconds. */
function instants(): bigint[] {
  const random = seededRandom(64);
  const upTo = (limit: number): bigint => BigInt(Math.floor(random() * limit));
  return Array.from({ length: BATCH }, () => upTo(4e9) * 1_000_000_000n + upTo(1e9));
}

/** Converts all values into one preallocated array, so that only the conversion is timed. */
function converting(values: readonly bigint[], by: (value: bigint) => bigint): () => void {
  const output = new BigUint64Array(values.length);
  return () => {
    for (let index = 0; index < values.length; index += 1) output[index] = by(values[index] ?? 0n);
  };
}

export const fastDate64: Experiment = {
  job: "time",
  name: "FastDate64",
  prepare: async () => {
    const times = instants();
    const codes = times.map(encodeFastDate64);
    agree("FastDate64", codes, times.map(encodeByDivision));
    agree("FastDate64 there and back", codes.map(decodeFastDate64), times);
    return {
      type: "timing",
      unit: "op/s",
      asynchronous: false,
      iterations: 3,
      roundMs: 20,
      warmUp: true,
      ways: [
        {
          name: "encode by BigInt division",
          earlier: true,
          operations: BATCH,
          run: converting(times, encodeByDivision),
        },
        { name: "encode", operations: BATCH, run: converting(times, encodeFastDate64) },
        { name: "decode", operations: BATCH, run: converting(codes, decodeFastDate64) },
      ],
      claims: [{ name: "FastDate64 a second", before: "encode by BigInt division", after: "encode" }],
    };
  },
};

function answerPacket(random: () => number): Uint8Array {
  const bytes = Uint8Array.from({ length: 48 }, () => Math.floor(random() * 256));
  bytes[0] = 0x24;
  return bytes;
}

export const packetParsing: Experiment = {
  job: "time",
  name: "NTP packet",
  prepare: async () => {
    const random = seededRandom(48);
    const packets = Array.from({ length: 1_000 }, () => answerPacket(random));
    let sum = 0;
    for (const bytes of packets) {
      const packet = decodePacket(bytes);
      agree(
        "NTP packet",
        [packet?.rootDelay, packet?.receive, packet?.transmit],
        unpack(NTP_FORMAT, bytes).filter((_, index) => [4, 9, 10].includes(index)),
      );
    }
    return {
      type: "timing",
      unit: "ns",
      asynchronous: false,
      iterations: 3,
      roundMs: 20,
      warmUp: true,
      ways: [
        {
          name: "format read in each call",
          earlier: true,
          operations: packets.length,
          run: () => {
            for (const bytes of packets) sum += Number(unpack(NTP_FORMAT, bytes)[4]);
            return sum;
          },
        },
        {
          name: "layout compiled in",
          operations: packets.length,
          run: () => {
            for (const bytes of packets) sum += decodePacket(bytes)?.rootDelay ?? 0;
            return sum;
          },
        },
      ],
      claims: [
        {
          name: "packet parsing with a layout compiled in",
          before: "format read in each call",
          after: "layout compiled in",
        },
      ],
    };
  },
};
