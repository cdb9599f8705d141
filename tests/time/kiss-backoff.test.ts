import { expect, test } from "bun:test";
import { KissBackoff } from "../../src/time/kiss-backoff.ts";
import { Peer, type Target } from "../../src/time/ntp/peer.ts";

const TARGET: Target = {
  server: "a",
  host: "a",
  endpoint: { address: "192.0.2.1", family: 4, port: 123 },
  expectedDelayNs: null,
};
const OPTIONS = { samples: 1, buildTimeS: 0, precisionNs: 1n, maxRootDistanceNs: 1n };

/** An address that was queried and answered with this code, or not queried at all. */
function kissed(code: string, isAsked = true): Peer {
  const peer = new Peer(TARGET, OPTIONS);
  if (isAsked) peer.request(1n, 0n);
  peer.close({ type: "kiss", code });
  return peer;
}

/** Consecutive rounds: whether the address is queried, if each query is answered with `code`. */
function play(code: string, rounds: number): string {
  const backoff = new KissBackoff();
  return Array.from({ length: rounds }, () => {
    const isAsked = !backoff.refused().has("192.0.2.1:123");
    backoff.heed([kissed(code, isAsked)]);
    return isAsked ? "asked" : "-";
  }).join(" ");
}

test("after each RATE an address is skipped for twice as many rounds", () => {
  expect(play("RATE", 12)).toBe("asked - - asked - - - - asked - - -");
});

test("DENY and RSTR are obeyed for good", () => {
  expect(play("DENY", 5)).toBe("asked - - - -");
  expect(play("RSTR", 5)).toBe("asked - - - -");
});
