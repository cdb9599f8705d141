import { expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { Association } from "../../../src/time/net/nts/association.ts";
import { assess } from "../../../src/time/ntp/assess.ts";
import { decodePacket, type Packet } from "../../../src/time/ntp/packet.ts";
import { Round } from "../../../src/time/ntp/round.ts";
import { ntpOfUnixNs } from "../../../src/time/ntp/timestamp.ts";
import { encodePacket, honestAnswer } from "../../support/time/ntp-packet.ts";
import { field, fieldsOf, sealFields } from "../../support/time/nts-server.ts";

const MS = 1_000_000n;
const NOW_MS = Date.UTC(2027, 0);
const ROUND_TRIP_NS = 2n * MS;

/** A server by its keys: until when its certificates are valid, and how it changes an honest answer. */
interface Server {
  readonly validUntilMs: number;
  readonly offsetMs?: number;
  readonly lie?: (answer: Packet) => Packet;
}

/** A round in which every server gives an authenticated answer two milliseconds after being queried. */
function played(servers: readonly Server[]): Round {
  let next = 0n;
  const options = {
    samples: 1,
    buildTimeS: Date.UTC(2026, 10) / 1_000,
    precisionNs: 1_000n,
    maxRootDistanceNs: 1_500n * MS,
    minServers: 1,
    isThorough: false,
    cookie: () => (next += 1n),
  };
  const round = new Round(options, 0n);
  const keys = { c2s: randomBytes(32), s2c: randomBytes(32) };
  for (const [index, { validUntilMs }] of servers.entries()) {
    const ntp = { host: `ntp${index}.example`, port: 123 };
    const association = new Association(
      { ...keys, aead: 15, ntp, notBeforeMs: 0, notAfterMs: validUntilMs },
      { isValidNow: true, kept: null, cookies: [], random: randomBytes },
    );
    const endpoint = { address: `192.0.2.${index}`, family: 4, port: 123 } as const;
    round.expect(`s${index}`, `s${index}`);
    round.resolved(`s${index}`, [
      { server: `s${index}`, host: `s${index}`, endpoint, expectedDelayNs: null, association },
    ]);
  }
  for (const { peer, cookie, bytes } of round.due(0n)) {
    const { association, endpoint } = peer.target;
    const server = servers[Number(endpoint.address.split(".")[3])];
    const request = association?.seal(bytes, cookie, randomBytes(100)) ?? bytes;
    peer.sentAt(cookie, 0n);
    const at = ntpOfUnixNs(BigInt(NOW_MS + (server?.offsetMs ?? 0)) * MS + ROUND_TRIP_NS / 2n);
    const honest = honestAnswer(decodePacket(request)?.transmit ?? 0n, at, at);
    const answer = sealFields(
      encodePacket(server?.lie?.(honest) ?? honest),
      [field(0x0104, fieldsOf(request)[0]?.body ?? new Uint8Array())],
      [],
      keys.s2c,
    );
    round.on({ type: "datagram", from: endpoint, bytes: answer, atRawNs: ROUND_TRIP_NS });
  }
  return round;
}

const now = { rawNs: ROUND_TRIP_NS, realNs: BigInt(NOW_MS) * MS };

test("a server whose certificate is not valid at the time found has no vote, and the others vote again", () => {
  // So vague that it agrees, and half a second behind: by its own time its certificate is valid.
  const vague = (answer: Packet): Packet => ({ ...answer, rootDispersion: 65_536 });
  const ending = { validUntilMs: NOW_MS - 200, offsetMs: -500, lie: vague };
  const good = { validUntilMs: NOW_MS + 1e9 };
  const assessment = assess(played([ending, good, good]), "outnumbered", now, { minServers: 1 });
  expect(assessment.reports.map(({ status, reason }) => [status, reason])).toEqual([
    ["invalid", "its certificate is not valid at the time that was found"],
    ["selected", null],
    ["survivor", null],
  ]);
  expect([assessment.answer?.agreeing, assessment.answer?.offsetRawNs]).toEqual([2, BigInt(NOW_MS) * MS]);
  // If it was needed for a majority, there is none without it.
  const two = assess(played([ending, good]), "outnumbered", now, { minServers: 2 });
  expect([two.answer, two.reason]).toEqual([
    null,
    "only 1 of the servers agrees; 2 are asked for (--min-servers)",
  ]);
});

test("a server whose time is after its own certificate's end has no say", () => {
  const over = { validUntilMs: NOW_MS - 1_000 };
  const assessment = assess(played([over]), "exhausted", now, { minServers: 1 });
  expect(assessment.reports[0]).toMatchObject({
    status: "invalid",
    reason: "its certificate is not valid at the time that it reports",
  });
});
