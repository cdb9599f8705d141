// The sets of bench/time-attack.ts as real servers on loopback: real datagrams, kernel timestamps, real time.
import { measureServers, UNRECORDED } from "../src/time/measure.ts";
import { NameCache, type Resolved } from "../src/time/net/resolve.ts";
import { decodePacket } from "../src/time/ntp/packet.ts";
import { systemClock } from "../src/time/clock/system-clock.ts";
import { encodePacket } from "../tests/support/time/ntp-packet.ts";
import { settingsFor } from "../tests/support/time/time-session.ts";
import { type AttackServer, type AttackSet, attackSet } from "./time-attack-set.ts";
import { judge, type Played } from "./time-attack-play.ts";

/** Timers and the event loop add delays to answers, so the honest servers get a shorter limit. */
const HONEST_MS = 600;
const clock = systemClock();

/** Timers can fire a millisecond early, so the rest is spent polling. An answer is never sent too soon. */
function at(dueRawNs: bigint, act: () => void): void {
  const look = (): void => {
    const leftMs = Number(dueRawNs - clock.rawNs()) / 1e6;
    if (leftMs <= 0) act();
    else if (leftMs < 2) setImmediate(look);
    else setTimeout(look, leftMs - 1.5).unref();
  };
  look();
}

interface Running extends Disposable {
  readonly name: { readonly host: string; readonly port: number };
  readonly addresses: readonly string[];
}

/** Listens on a server's addresses, all at one port, and answers requests as the set says. */
async function start(server: AttackServer, index: number): Promise<Running> {
  const addresses = Array.from({ length: server.addresses }, (_, number) => `127.1.${number}.${index + 1}`);
  const sockets: Bun.udp.Socket<"uint8array">[] = [];
  let port = 0;
  for (const hostname of addresses) {
    let asked = 0;
    const socket: Bun.udp.Socket<"uint8array"> = await Bun.udpSocket({
      hostname,
      port,
      binaryType: "uint8array",
      socket: {
        data: (self, bytes, from, address) => {
          const request = decodePacket(bytes);
          if (request === null) return;
          asked += 1;
          const arrivedRawNs = clock.rawNs();
          const answer = server.answer({ cookie: request.transmit, sentRawNs: arrivedRawNs, number: asked });
          if (answer === null) return;
          at(arrivedRawNs + answer.afterNs, () => {
            if (!self.closed) self.send(encodePacket(answer.packet), from, address);
          });
        },
      },
    });
    sockets.push(socket);
    ({ port } = socket);
  }
  return {
    name: { host: `s${index}.test`, port },
    addresses,
    [Symbol.dispose]: () => {
      for (const socket of sockets) socket.close();
    },
  };
}

async function playOne(set: AttackSet, buildTimeS: number): Promise<Played> {
  using stack = new DisposableStack();
  const running: Running[] = [];
  for (const [index, server] of set.servers.entries()) running.push(stack.use(await start(server, index)));
  const lookup = (host: string): Promise<readonly Resolved[]> => {
    const found = running.find(({ name }) => name.host === host);
    return Promise.resolve((found?.addresses ?? []).map((address) => ({ address, ttl: 60 })));
  };
  const startRawNs = clock.rawNs();
  const { assessment, ending, peers } = await measureServers({
    ...UNRECORDED,
    settings: { ...settingsFor([], { samples: set.samples }), server: running.map(({ name }) => name) },
    clock,
    cache: new NameCache({ size: 16, leastTtlMs: 1, mostTtlMs: 1 }),
    lookup,
    signal: new AbortController().signal,
    buildTimeS,
    askAll: true,
  });
  const endedRawNs = clock.rawNs();
  const outcome = { answer: assessment.answer, peers, endedRawNs };
  const judged = judge(set, outcome, ({ target }) => {
    return set.servers[running.findIndex(({ name }) => name.host === target.host)];
  });
  return { ...judged, ending, endedMs: Number(endedRawNs - startRawNs) / 1e6 };
}

/** Plays this many sets one after another. */
export async function playUdp(
  runs: number,
  random: () => number,
  buildTimeS: number,
): Promise<readonly Played[]> {
  const played: Played[] = [];
  while (played.length < runs)
    played.push(await playOne(attackSet(random, buildTimeS, HONEST_MS), buildTimeS));
  return played;
}
