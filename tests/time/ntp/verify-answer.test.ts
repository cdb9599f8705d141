import { expect, test } from "bun:test";
import type { Packet } from "../../../src/time/ntp/packet.ts";
import { encodeRequest } from "../../../src/time/ntp/packet.ts";
import { verify } from "../../../src/time/ntp/verify-answer.ts";
import { encodePacket, honestAnswer, referenceId } from "../../support/ntp-packet.ts";

const COOKIE = 0x1234_5678_9abc_def0n;
const honest = honestAnswer(COOKIE, 0xeeab_0000_0000_0000n, 0xeeab_0000_0000_1000n);
const options = { isOutstanding: (cookie: bigint) => cookie === COOKIE, maxRootDistanceNs: 1_500_000_000n };

function judge(change: Partial<Packet>): unknown {
  return verify(encodePacket({ ...honest, ...change }), options);
}

test("an honest answer is taken as it is", () => {
  expect(judge({})).toEqual({ kind: "answer", packet: honest, cookie: COOKIE });
  expect(judge({ version: 3, stratum: 15, leap: 2 })).toMatchObject({ kind: "answer" });
});

test("each kind of bad packet is refused with its reason", () => {
  const refusals: readonly (readonly [Partial<Packet>, object])[] = [
    [{ mode: 3 }, { kind: "invalid", reason: "mode 3, not a server's answer", final: false }],
    [{ mode: 6 }, { kind: "invalid", reason: "mode 6, not a server's answer", final: false }],
    [
      { origin: 1n },
      { kind: "invalid", reason: "its origin timestamp does not echo what was sent", final: false },
    ],
    [{ version: 1 }, { kind: "invalid", reason: "NTP version 1", final: true }],
    [
      { leap: 3 },
      { kind: "unsynchronised", reason: "its leap indicator says unsynchronised (3)", cookie: COOKIE },
    ],
    [{ stratum: 16 }, { kind: "unsynchronised", reason: "stratum 16", cookie: COOKIE }],
    [{ stratum: 255 }, { kind: "unsynchronised", reason: "stratum 255", cookie: COOKIE }],
    [
      { stratum: 0, referenceId: 0 },
      { kind: "invalid", reason: "stratum 0 without a kiss code", final: true },
    ],
    [
      { stratum: 0, referenceId: referenceId("RATE") },
      { kind: "kiss", code: "RATE", cookie: COOKIE },
    ],
    [
      { stratum: 0, leap: 3, referenceId: referenceId("DENY") },
      { kind: "kiss", code: "DENY", cookie: COOKIE },
    ],
    [{ transmit: 0n }, { kind: "invalid", reason: "it has a zero timestamp", final: true }],
    [{ receive: 0n }, { kind: "invalid", reason: "it has a zero timestamp", final: true }],
    [
      { transmit: honest.receive - 1n },
      { kind: "invalid", reason: "it was sent before it received", final: true },
    ],
    [
      { rootDispersion: 0x2_0000, rootDelay: 0 },
      { kind: "invalid", reason: "its root distance is 2 s, more than 1.5 s", final: true },
    ],
    [
      { rootDelay: 0xffff_ffff, rootDispersion: 0 },
      { kind: "invalid", reason: expect.stringContaining("root distance"), final: true },
    ],
  ];
  for (const [change, refusal] of refusals) expect(judge(change)).toEqual(refusal);
});

test("a kiss of death that does not echo our request is no kiss", () => {
  expect(judge({ origin: 7n, stratum: 0, referenceId: referenceId("DENY") })).toMatchObject({
    kind: "invalid",
    final: false,
  });
});

test("an era's end between receive and transmit is no disorder", () => {
  expect(judge({ receive: 0xffff_ffff_ffff_ff00n, transmit: 0x100n })).toMatchObject({ kind: "answer" });
});

test("short packets, and our own request sent back, are refused", () => {
  for (let length = 0; length < 48; length += 1) {
    expect(verify(encodePacket(honest).slice(0, length), options)).toMatchObject({ kind: "invalid" });
  }
  expect(verify(encodeRequest(COOKIE), options)).toMatchObject({ kind: "invalid", final: false });
});

test("a million random packets: no exception, none accepted", () => {
  const pool = new Uint8Array(65_536);
  let seed = 0x2545_f491;
  let accepted = 0;
  for (let index = 0; index < 1_000_000; index += 1) {
    if (index % 1_000 === 0) crypto.getRandomValues(pool);
    // xorshift picks a window; its length is any, most often that of a packet.
    seed ^= seed << 13;
    seed ^= seed >>> 17;
    seed ^= seed << 5;
    const start = (seed >>> 0) % (pool.length - 100);
    const length = index % 4 === 0 ? (seed >>> 3) % 100 : 48;
    const { kind } = verify(pool.subarray(start, start + length), options);
    if (kind !== "invalid") accepted += 1;
  }
  expect(accepted).toBe(0);
});
