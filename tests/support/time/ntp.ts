import { sendAnyway } from "../../../src/bench/peers/send-anyway.ts";
import { decodePacket, type Packet } from "../../../src/time/ntp/packet.ts";
import { systemClock } from "../../../src/time/clock/system-clock.ts";
import { ntpOfUnixNs } from "../../../src/time/ntp/timestamp.ts";
import { encodePacket, honestAnswer } from "./ntp-packet.ts";

/** A test server; `name` is its --server argument. */
export interface NtpServer extends Disposable {
  readonly address: string;
  readonly port: number;
  readonly name: string;
  /** Requests received so far. */
  readonly requests: number;
}

export interface Place {
  readonly hostname?: string;
  readonly port?: number;
}

export interface NtpServerOptions extends Place {
  /** How far its clock is ahead of this machine's. */
  readonly offsetS?: number;
  /** The time from request to answer; half of it passes before the request is considered received. */
  readonly delayMs?: number;
  /** Changes an honest answer into a lie; null: do not answer. */
  readonly lie?: (answer: Packet, request: Packet) => Packet | null;
  /** Replaces the answer's bytes. */
  readonly bytes?: (answer: Uint8Array) => Uint8Array;
  /** Answers from a port other than the one asked. */
  readonly otherPort?: boolean;
}

const clock = systemClock();

function nowNtp(offsetS: number): bigint {
  return ntpOfUnixNs(clock.read().realNs + BigInt(Math.round(offsetS * 1e9)));
}

/** Timers can be late by a millisecond or more, so the rest of the wait is polled. */
const TIMER_SLACK_MS = 1.5;

function after(ms: number, run: () => void): void {
  if (ms <= 0) {
    run();
    return;
  }
  const due = performance.now() + ms;
  const look = (): void => {
    if (performance.now() >= due) run();
    else setImmediate(look);
  };
  setTimeout(look, Math.max(0, ms - TIMER_SLACK_MS)).unref();
}

/** An NTP server on loopback, honest or lying. */
export async function ntpServer(options: NtpServerOptions = {}): Promise<NtpServer> {
  const { offsetS = 0, delayMs = 0, lie, bytes: forge, hostname = "127.0.0.1" } = options;
  let requests = 0;
  let isClosed = false;
  const stranger = options.otherPort === true ? await Bun.udpSocket({ hostname, port: 0 }) : null;
  const socket = await Bun.udpSocket({
    hostname,
    port: options.port ?? 0,
    binaryType: "uint8array",
    socket: {
      data: (self, data, port, address) => {
        const request = decodePacket(data);
        if (request === null) return;
        requests += 1;
        after(delayMs / 2, () => {
          const at = nowNtp(offsetS);
          const honest = honestAnswer(request.transmit, at, nowNtp(offsetS));
          const answer = lie === undefined ? honest : lie(honest, request);
          if (answer === null) return;
          const encoded = encodePacket(answer);
          after(delayMs / 2, () => {
            if (isClosed) return;
            sendAnyway(stranger ?? self, forge === undefined ? encoded : forge(encoded), { port, address });
          });
        });
      },
      // The client may be gone when the answer is sent.
      error: () => undefined,
    },
  });
  return {
    address: hostname,
    port: socket.port,
    name: hostname.includes(":") ? `[${hostname}]:${socket.port}` : `${hostname}:${socket.port}`,
    get requests() {
      return requests;
    },
    [Symbol.dispose]: () => {
      isClosed = true;
      socket.close();
      stranger?.close();
    },
  };
}

/** A server that receives requests and never answers. */
export function silentServer(place: Place = {}): Promise<NtpServer> {
  return ntpServer({ ...place, lie: () => null });
}

/** Relays datagrams to a server on loopback and back, delaying each direction by half the delay. */
export async function delayRelay(
  targetPort: number,
  delayMs: number,
  { hostname = "127.0.0.1", port: ownPort = 0 }: Place = {},
): Promise<NtpServer> {
  let requests = 0;
  let isClosed = false;
  const ways = new Map<string, Bun.udp.Socket<"uint8array">>();
  const wayOf = async (port: number, address: string): Promise<Bun.udp.Socket<"uint8array">> => {
    const key = `${address} ${port}`;
    const known = ways.get(key);
    if (known !== undefined) return known;
    const way = await Bun.udpSocket({
      hostname: "127.0.0.1",
      port: 0,
      binaryType: "uint8array",
      socket: {
        data: (_, data) => {
          const copy = data.slice();
          after(delayMs / 2, () => {
            if (!isClosed) sendAnyway(front, copy, { port, address });
          });
        },
      },
    });
    ways.set(key, way);
    return way;
  };
  const front = await Bun.udpSocket({
    hostname,
    port: ownPort,
    binaryType: "uint8array",
    socket: {
      data: (_, data, port, address) => {
        requests += 1;
        const copy = data.slice();
        const way = wayOf(port, address);
        after(
          delayMs / 2,
          () => void way.then((open) => sendAnyway(open, copy, { port: targetPort, address: "127.0.0.1" })),
        );
      },
      // The client is gone and needs no answer.
      error: () => undefined,
    },
  });
  return {
    address: hostname,
    port: front.port,
    name: `${hostname}:${front.port}`,
    get requests() {
      return requests;
    },
    [Symbol.dispose]: () => {
      isClosed = true;
      front.close();
      for (const way of ways.values()) way.close();
    },
  };
}

/** The --server arguments for these servers. */
export function serverArguments(servers: readonly NtpServer[]): string[] {
  return servers.flatMap(({ name }) => ["--server", name]);
}
