import { expect, test } from "bun:test";
import { askInSequence } from "../../src/bench/earlier/sequential-ntp.ts";
import { startDnsPeer } from "../../src/bench/peers/dns-peer.ts";
import { startNtpPeers } from "../../src/bench/peers/ntp-peers.ts";

/** Half of the timeout: on a busy machine answers may be late in one direction only. */
const MOST_OFFSET_MS = 1_000;

test("NTP peers give this machine's time after their delay, dead ones nothing", async () => {
  await using ends = new AsyncDisposableStack();
  const lab = { defer: (end: () => void | Promise<void>) => ends.defer(end) };
  const [near = 0, far = 0, dead = 0] = await startNtpPeers([4, 60, null], lab);
  const begun = performance.now();
  expect(Math.abs(await askInSequence([near, far], 2_000))).toBeLessThan(MOST_OFFSET_MS);
  expect(performance.now() - begun).toBeGreaterThan(60);
  const thrown: unknown = await askInSequence([dead], 50).catch((error: unknown) => error);
  expect(thrown).toEqual(new Error("Cannot tell the time: no server has answered"));
});

test("a client that leaves before its answer does not stop the peers", async () => {
  await using ends = new AsyncDisposableStack();
  const lab = { defer: (end: () => void | Promise<void>) => ends.defer(end) };
  const [port = 0] = await startNtpPeers([20], lab);
  for (let impatient = 0; impatient < 10; impatient += 1) {
    await askInSequence([port], 1).catch(() => undefined);
  }
  expect(Math.abs(await askInSequence([port], 2_000))).toBeLessThan(MOST_OFFSET_MS);
});

test("the name server answers each lookup anew", async () => {
  await using ends = new AsyncDisposableStack();
  const lookup = await startDnsPeer(5, { defer: (end) => ends.defer(end) });
  for (const host of ["ntp.example", "ntp.example", "other.example"]) {
    const begun = performance.now();
    expect(await lookup(host)).toEqual([{ address: "127.0.0.1", ttl: 300 }]);
    expect(performance.now() - begun).toBeGreaterThan(4);
  }
});
