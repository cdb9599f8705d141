import { expect, test } from "bun:test";
import type { Packet } from "../../../src/time/ntp/packet.ts";
import { encodeRequest } from "../../../src/time/ntp/packet.ts";
import { ntpOfUnixNs } from "../../../src/time/ntp/timestamp.ts";
import { verify } from "../../../src/time/ntp/verify-answer.ts";
import { encodePacket, honestAnswer, referenceId } from "../../support/time/ntp-packet.ts";

const COOKIE = 0x1234_5678_9abc_def0n;
const honest = honestAnswer(COOKIE, 0xeeab_0000_0000_0000n, 0xeeab_0000_0000_1000n);
const BUILD_TIME_S = Date.UTC(2026, 10, 20) / 1_000;
const options = {
  isOutstanding: (cookie: bigint) => cookie === COOKIE,
  maxRootDistanceNs: 1_500_000_000n,
  buildTimeS: BUILD_TIME_S,
};

function judge(change: Partial<Packet>): unknown {
  return verify(encodePacket({ ...honest, ...change }), options);
}

test("an honest answer is accepted unchanged", () => {
  expect(judge({})).toEqual({ type: "answer", packet: honest, cookie: COOKIE });
  expect(judge({ version: 3, stratum: 15, leap: 2 })).toMatchObject({ type: "answer" });
});

test("each kind of bad packet is refused with its reason", () => {
  const refusals: readonly (readonly [Partial<Packet>, object])[] = [
    [{ mode: 3 }, { type: "invalid", reason: "mode 3, not a server's answer", isFinal: false }],
    [{ mode: 6 }, { type: "invalid", reason: "mode 6, not a server's answer", isFinal: false }],
    [
      { origin: 1n },
      { type: "invalid", reason: "its origin timestamp does not echo what was sent", isFinal: false },
    ],
    [{ version: 1 }, { type: "invalid", reason: "NTP version 1", isFinal: true }],
    [
      { leap: 3 },
      { type: "unsynchronised", reason: "its leap indicator says unsynchronised (3)", cookie: COOKIE },
    ],
    [{ stratum: 16 }, { type: "unsynchronised", reason: "stratum 16", cookie: COOKIE }],
    [{ stratum: 255 }, { type: "unsynchronised", reason: "stratum 255", cookie: COOKIE }],
    [
      { stratum: 0, referenceId: 0 },
      { type: "invalid", reason: "stratum 0 without a kiss code", isFinal: true },
    ],
    [
      { stratum: 0, referenceId: referenceId("RATE") },
      { type: "kiss", code: "RATE", cookie: COOKIE },
    ],
    [
      { stratum: 0, referenceId: referenceId("INIT") },
      { type: "unsynchronised", reason: "kiss code INIT", cookie: COOKIE },
    ],
    [
      { stratum: 0, leap: 3, referenceId: referenceId("STEP") },
      { type: "unsynchronised", reason: "kiss code STEP", cookie: COOKIE },
    ],
    [
      { stratum: 0, leap: 3, referenceId: referenceId("DENY") },
      { type: "kiss", code: "DENY", cookie: COOKIE },
    ],
    [{ transmit: 0n }, { type: "invalid", reason: "it has a zero timestamp", isFinal: true }],
    [{ receive: 0n }, { type: "invalid", reason: "it has a zero timestamp", isFinal: true }],
    [
      { transmit: honest.receive - 1n },
      { type: "invalid", reason: "it claims to have answered before it received the request", isFinal: true },
    ],
    [
      { rootDispersion: 0x2_0000, rootDelay: 0 },
      { type: "invalid", reason: "its root distance is 2 s, more than 1.5 s", isFinal: true },
    ],
    [
      { rootDelay: 0xffff_ffff, rootDispersion: 0 },
      { type: "invalid", reason: expect.stringContaining("root distance"), isFinal: true },
    ],
  ];
  for (const [change, refusal] of refusals) expect(judge(change)).toEqual(refusal);
});

test("a kiss of death that does not echo our request is ignored", () => {
  expect(judge({ origin: 7n, stratum: 0, referenceId: referenceId("DENY") })).toMatchObject({
    type: "invalid",
    isFinal: false,
  });
});

test("an answer from before the build is invalid, with the reason; the builder's clock may be off by a day", () => {
  const told = (iso: string): unknown => {
    const at = ntpOfUnixNs(BigInt(Date.parse(iso)) * 1_000_000n);
    return judge({ receive: at, transmit: at });
  };
  const before = (day: string): object => {
    return { type: "invalid", reason: `its time, ${day}, is before this program was built`, isFinal: true };
  };
  expect(told("2020-06-01T00:00:00Z")).toEqual(before("2020-06-01"));
  expect(told("1999-12-31T00:00:00Z")).toEqual(before("1999-12-31"));
  expect(told("2026-11-18T23:59:59Z")).toEqual(before("2026-11-18"));
  for (const iso of ["2026-11-19T00:00:00Z", "2060-01-01T00:00:00Z"])
    expect(told(iso)).toMatchObject({ type: "answer" });
});

test("an era ending between receive and transmit does not invalidate an answer", () => {
  expect(judge({ receive: 0xffff_ffff_ffff_ff00n, transmit: 0x100n })).toMatchObject({ type: "answer" });
});

test("short packets, and our own request sent back, are refused", () => {
  for (let length = 0; length < 48; length += 1) {
    expect(verify(encodePacket(honest).slice(0, length), options)).toMatchObject({ type: "invalid" });
  }
  expect(verify(encodeRequest(COOKIE), options)).toMatchObject({ type: "invalid", isFinal: false });
});

test("a million random packets: no exception, none accepted", () => {
  const pool = new Uint8Array(65_536);
  let seed = 0x2545_f491;
  let accepted = 0;
  for (let index = 0; index < 1_000_000; index += 1) {
    if (index % 1_000 === 0) crypto.getRandomValues(pool);
    // xorshift picks a window; its length is random, most often that of a packet.
    seed ^= seed << 13;
    seed ^= seed >>> 17;
    seed ^= seed << 5;
    const start = (seed >>> 0) % (pool.length - 100);
    const length = index % 4 === 0 ? (seed >>> 3) % 100 : 48;
    const { type } = verify(pool.subarray(start, start + length), options);
    if (type !== "invalid") accepted += 1;
  }
  expect(accepted).toBe(0);
});
