import { expect } from "bun:test";
import { systemClock } from "../../../src/time/clock/system-clock.ts";
import { openTransport } from "../../../src/time/net/kernel-transport.ts";
import type { TransportEvent } from "../../../src/time/net/transport.ts";
import { encodeRequest } from "../../../src/time/ntp/packet.ts";
import { sendPortUnreachable } from "../../support/time/icmp.ts";
import { needsRoot } from "../../support/programs.ts";
import { until } from "../../support/until.ts";

/** The result of a request to this address after somebody at 127.0.0.1 has claimed that its port is closed. */
async function afterIcmp(
  last: number,
  quote: (request: Uint8Array) => Uint8Array,
): Promise<readonly TransportEvent[]> {
  const hostname = `127.0.0.${last}`;
  let seen: { readonly request: Uint8Array; readonly port: number } | null = null;
  const server = await Bun.udpSocket({
    hostname,
    port: 0,
    binaryType: "uint8array",
    socket: {
      data: (_, bytes, port) => {
        seen = { request: bytes.slice(), port };
      },
    },
  });
  using transport = await openTransport("kernel", systemClock());
  const events: TransportEvent[] = [];
  transport.send({ address: hostname, family: 4, port: server.port }, encodeRequest(77n));
  await until(() => seen !== null, "the request has come");
  const { request, port } = seen as unknown as { request: Uint8Array; port: number };
  const client = { address: [127, 0, 0, 1], port } as const;
  sendPortUnreachable(client, { address: [127, 0, 0, last], port: server.port }, quote(request));
  // The send timestamp arrives in any case; an error that counts comes with it or right after.
  while (!events.some(({ type }) => type === "sent")) events.push(...(await transport.receive(1_000)));
  events.push(...(await transport.receive(50)));
  server.close();
  return events.filter(({ type }) => type === "refused");
}

needsRoot()("a closed port is accepted from the host itself if the error quotes the request", async () => {
  expect(await afterIcmp(1, (request) => request)).toEqual([
    { type: "refused", cookie: 77n, reason: "connection refused" },
  ]);
});

needsRoot()(
  "an error from the wrong place, without the request, or with only part of it is ignored",
  async () => {
    expect(await afterIcmp(2, (request) => request)).toEqual([]);
    expect(await afterIcmp(1, () => new Uint8Array())).toEqual([]);
    expect(await afterIcmp(1, (request) => request.slice(0, 40))).toEqual([]);
    // Nobody has another cookie: the round closes no address because of it.
    const other = await afterIcmp(1, () => encodeRequest(78n));
    expect(other).toEqual([{ type: "refused", cookie: 78n, reason: "connection refused" }]);
  },
);
