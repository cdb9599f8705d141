import { randomBytes } from "node:crypto";
import { createServer, type TLSSocket } from "node:tls";
import { sendAnyway } from "../../../src/bench/peers/send-anyway.ts";
import { AesSiv } from "../../../src/time/net/nts/aes-siv.ts";
import { decodePacket } from "../../../src/time/ntp/packet.ts";
import { systemClock } from "../../../src/time/clock/system-clock.ts";
import { ntpOfUnixNs } from "../../../src/time/ntp/timestamp.ts";
import { encodePacket, honestAnswer } from "./ntp-packet.ts";
import { answerBytes, type AnswerParts } from "./nts-records.ts";

/** A packet's extension fields, with their types, bodies and offsets. */
export function fieldsOf(bytes: Uint8Array): { type: number; start: number; body: Uint8Array }[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const fields: { type: number; start: number; body: Uint8Array }[] = [];
  for (let start = 48; start + 4 <= bytes.length;) {
    const length = view.getUint16(start + 2);
    if (length < 4) break;
    fields.push({ type: view.getUint16(start), start, body: bytes.slice(start + 4, start + length) });
    start += length;
  }
  return fields;
}

export function field(type: number, body: Uint8Array): Uint8Array {
  const bytes = Buffer.alloc(4 + ((body.length + 3) & ~3));
  bytes.writeUInt16BE(type, 0);
  bytes.writeUInt16BE(bytes.length, 2);
  bytes.set(body, 4);
  return bytes;
}

/** Appends fields to a packet, and the authenticator of RFC 8915, section 5.6, containing `secret`. */
export function sealFields(
  packet: Uint8Array,
  fields: readonly Uint8Array[],
  secret: readonly Uint8Array[],
  key: Uint8Array,
): Uint8Array {
  const before = Buffer.concat([packet, ...fields]);
  const nonce = randomBytes(16);
  const sealed = new AesSiv(key).seal(Buffer.concat(secret), [before, nonce]);
  const lengths = Buffer.from([0, nonce.length, sealed.length >> 8, sealed.length & 0xff]);
  return Buffer.concat([before, field(0x0404, Buffer.concat([lengths, nonce, sealed]))]);
}

interface Keys {
  readonly c2s: Uint8Array;
  readonly s2c: Uint8Array;
}

/** The parts of an honest exchange that an attack can use. */
interface Exchange {
  readonly request: Uint8Array;
  readonly uniqueId: Uint8Array;
  readonly keys: Keys | null;
  /** The honest answer; null if the cookie is unknown. */
  readonly honest: Uint8Array | null;
  /** The first 48 bytes of the honest answer, for use with other fields. */
  readonly packet: Uint8Array;
}

export interface NtsServerOptions {
  /** PEM. */
  readonly tls: { readonly key: string; readonly cert: string };
  readonly offsetS?: number;
  readonly hostname?: string;
  /** Another server that knows this one's cookies and is named as the time server. */
  readonly timeServer?: NtsServer;
  /** Replaces the answer to a key exchange; null if it handles the socket itself. */
  readonly exchange?: (honest: AnswerParts, socket: TLSSocket) => Uint8Array | null;
  /** Replaces the answer to a time request by any number of datagrams. */
  readonly answer?: (exchange: Exchange) => readonly Uint8Array[];
}

export interface NtsServer extends AsyncDisposable {
  /** Its --server argument. */
  readonly name: string;
  readonly port: number;
  readonly ntpPort: number;
  readonly exchanges: number;
  /** The cookies received, in hexadecimal, in order. */
  readonly cookies: readonly string[];
  /** The requests received. */
  readonly requests: readonly Uint8Array[];
  /** Forgets all keys, like a server that restarts. */
  forget(): void;
  /** Makes it accept a cookie with these keys as its own. */
  learn(cookie: Uint8Array, keys: Keys): void;
}

const clock = systemClock();
const COOKIE_BYTES = 100;

/** An NTS server on loopback, for key exchange and time; honest by default. */
export async function ntsServer(options: NtsServerOptions): Promise<NtsServer> {
  const { tls, offsetS = 0, hostname = "127.0.0.1" } = options;
  const known = new Map<string, Keys>();
  const cookies: string[] = [];
  const requests: Uint8Array[] = [];
  let exchanges = 0;
  const bake = (keys: Keys): Uint8Array => {
    const cookie = randomBytes(COOKIE_BYTES);
    (options.timeServer ?? self).learn(cookie, keys);
    return cookie;
  };
  const now = (): bigint => ntpOfUnixNs(clock.read().realNs + BigInt(Math.round(offsetS * 1e9)));

  const onRequest = (request: Uint8Array): readonly Uint8Array[] => {
    const decoded = decodePacket(request);
    if (decoded === null) return [];
    requests.push(request);
    const fields = fieldsOf(request);
    const uniqueId = fields.find(({ type }) => type === 0x0104)?.body ?? new Uint8Array();
    const cookie = fields.find(({ type }) => type === 0x0204)?.body ?? new Uint8Array();
    cookies.push(Buffer.from(cookie).toString("hex"));
    const keys = known.get(cookies.at(-1) ?? "") ?? null;
    const packet = encodePacket(honestAnswer(decoded.transmit, now(), now()));
    const wanted = 1 + fields.filter(({ type }) => type === 0x0304).length;
    const fresh = keys === null ? [] : Array.from({ length: wanted }, () => field(0x0204, bake(keys)));
    const honest = keys === null ? null : sealFields(packet, [field(0x0104, uniqueId)], fresh, keys.s2c);
    if (options.answer !== undefined) return options.answer({ request, uniqueId, keys, honest, packet });
    if (honest !== null) return [honest];
    return [nak(packet, uniqueId)];
  };

  const udp = await Bun.udpSocket({
    hostname,
    port: 0,
    binaryType: "uint8array",
    socket: {
      data: (self, data, port, address) => {
        for (const answer of onRequest(data.slice())) sendAnyway(self, answer, { port, address });
      },
      // The client may be gone when the answer is sent.
      error: () => undefined,
    },
  });
  const sockets = new Set<TLSSocket>();
  const server = createServer({ ...tls, ALPNProtocols: ["ntske/1"], minVersion: "TLSv1.3" }, (socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => sockets.delete(socket));
    socket.once("data", () => {
      exchanges += 1;
      const key = (direction: number): Uint8Array =>
        socket.exportKeyingMaterial(
          32,
          "EXPORTER-network-time-security",
          Buffer.from([0, 0, 0, 15, direction]),
        );
      const keys = { c2s: Uint8Array.from(key(0)), s2c: Uint8Array.from(key(1)) };
      const honest = {
        cookies: Array.from({ length: 8 }, () => bake(keys)),
        port: options.timeServer?.ntpPort ?? udp.port,
      };
      const bytes = options.exchange === undefined ? answerBytes(honest) : options.exchange(honest, socket);
      if (bytes !== null) socket.end(bytes);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, hostname, resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  const self: NtsServer = {
    name: `${hostname}:${address.port}`,
    port: address.port,
    ntpPort: udp.port,
    get exchanges() {
      return exchanges;
    },
    cookies,
    requests,
    forget: () => known.clear(),
    learn: (cookie, keys) => void known.set(Buffer.from(cookie).toString("hex"), keys),
    [Symbol.asyncDispose]: async () => {
      udp.close();
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
    },
  };
  return self;
}

/** The answer to an unknown cookie (RFC 8915, section 5.7): an unauthenticated kiss. */
export function nak(packet: Uint8Array, uniqueId: Uint8Array, code = "NTSN"): Uint8Array {
  const kiss = Uint8Array.from(packet);
  kiss[1] = 0;
  kiss.set(new TextEncoder().encode(code), 12);
  return Buffer.concat([kiss, field(0x0104, uniqueId)]);
}
