import { expect, test } from "bun:test";
import { openTransport } from "../../../src/time/net/kernel-transport.ts";
import { encodeRequest } from "../../../src/time/ntp/packet.ts";
import type { Endpoint } from "../../../src/time/net/server-name.ts";
import { systemClock } from "../../../src/time/clock/system-clock.ts";
import type { TransportEvent } from "../../../src/time/net/transport.ts";
import { patient } from "../../support/emulation.ts";
import { ntpServer } from "../../support/time/ntp.ts";

const clock = systemClock();

for (const choice of ["kernel", "portable"] as const) {
  test(`${choice}: sent datagrams come back timestamped, in both families`, async () => {
    for (const hostname of ["127.0.0.1", "::1"]) {
      using server = await ntpServer({ hostname });
      using transport = await openTransport(choice, clock);
      expect(transport.kind).toBe(choice);
      const family = hostname.includes(":") ? 6 : 4;
      const to: Endpoint = { address: hostname, family, port: server.port };
      const before = clock.rawNs();
      const sent = transport.send(to, encodeRequest(77n));
      expect(sent.ok).toBe(true);
      const events: TransportEvent[] = [];
      while (!events.some(({ type }) => type === "datagram"))
        events.push(...(await transport.receive(1_000)));
      const after = clock.rawNs();
      const datagram = events.find((event) => event.type === "datagram");
      expect(datagram).toMatchObject({ type: "datagram", from: to });
      expect(datagram?.bytes.byteLength).toBe(48);
      const stamps = events.flatMap((event) => ("atRawNs" in event ? [event.atRawNs] : []));
      for (const at of stamps) expect(at >= before && at <= after).toBe(true);
      if (choice === "kernel") {
        expect(events.map(({ type }) => type)).toEqual(["sent", "datagram"]);
        expect(events[0]).toMatchObject({ type: "sent", cookie: 77n });
      }
    }
  });

  test(`${choice}: waiting with nothing to receive takes the given time`, async () => {
    using transport = await openTransport(choice, clock);
    const before = clock.rawNs();
    expect(await transport.receive(30)).toEqual([]);
    expect(Number(clock.rawNs() - before) / 1e6).toBeWithin(29, patient(200));
  });
}

test("kernel: a closed port is reported, with the cookie of the request sent there", async () => {
  using gone = await ntpServer();
  gone[Symbol.dispose]();
  using transport = await openTransport("kernel", clock);
  const to: Endpoint = { address: "127.0.0.1", family: 4, port: gone.port };
  transport.send(to, encodeRequest(5n));
  const events: TransportEvent[] = [];
  while (!events.some(({ type }) => type === "refused")) events.push(...(await transport.receive(1_000)));
  expect(events.at(-1)).toEqual({ type: "refused", cookie: 5n, reason: "connection refused" });
});

test("kernel: a queued error of one server does not prevent querying the next", async () => {
  using gone = await ntpServer();
  gone[Symbol.dispose]();
  using server = await ntpServer();
  using transport = await openTransport("kernel", clock);
  for (let attempt = 0; attempt < 5; attempt += 1) {
    transport.send({ address: "127.0.0.1", family: 4, port: gone.port }, encodeRequest(5n));
    const sent = transport.send({ address: "127.0.0.1", family: 4, port: server.port }, encodeRequest(6n));
    expect(sent.ok).toBe(true);
  }
  const events: TransportEvent[] = [];
  const answered = (): number => events.filter(({ type }) => type === "datagram").length;
  while (answered() < 5) events.push(...(await transport.receive(1_000)));
  expect(server.requests).toBe(5);
});

test("sending to an unreachable address is refused", async () => {
  using transport = await openTransport("kernel", clock);
  const to: Endpoint = { address: "255.255.255.255", family: 4, port: 123 };
  expect(transport.send(to, encodeRequest(1n))).toMatchObject({ ok: false });
});

test("kernel: requests of several lengths on one socket are each matched by their own cookie", async () => {
  using server = await ntpServer();
  using transport = await openTransport("kernel", clock);
  const to: Endpoint = { address: "127.0.0.1", family: 4, port: server.port };
  // What follows the first 48 bytes with NTS.
  for (const [cookie, more] of [
    [11n, 0],
    [12n, 180],
    [13n, 492],
  ] as const) {
    const bytes = new Uint8Array(new ArrayBuffer(48 + more));
    bytes.set(encodeRequest(cookie));
    expect(transport.send(to, bytes).ok).toBe(true);
  }
  const events: TransportEvent[] = [];
  while (events.filter(({ type }) => type === "datagram").length < 3)
    events.push(...(await transport.receive(1_000)));
  const told = events.flatMap((event) => (event.type === "sent" ? [event.cookie] : []));
  for (const cookie of [11n, 12n, 13n]) expect(told.filter((each) => each === cookie)).toHaveLength(1);
});
