import { ptr } from "bun:ffi";
import type { Clock, Reading } from "../clock/clock.ts";
import { rawOfStamp } from "../clock/clock.ts";
import { readControlMessages } from "./control-message.ts";
import { ERRNO, errnoMessage } from "../../lib/ffi/errno.ts";
import { errno, type Libc, libcOrNull } from "../../lib/ffi/libc.ts";
import { PACKET_BYTES } from "../ntp/packet.ts";
import {
  AF_INET,
  AF_INET6,
  decodeSocketAddress,
  encodeSocketAddress,
  SOCKADDR_BYTES,
} from "./socket-address.ts";
import type { Endpoint } from "./server-name.ts";
import type { SendResult, TransportEvent } from "./transport.ts";

const CALLS = {
  socket: { args: ["i32", "i32", "i32"], returns: "i32" },
  setsockopt: { args: ["i32", "i32", "i32", "ptr", "u32"], returns: "i32" },
  ppoll: { args: ["ptr", "u64", "ptr", "ptr"], returns: "i32" },
  sendto: { args: ["i32", "ptr", "u64", "i32", "ptr", "u32"], returns: "i64" },
  recvmsg: { args: ["i32", "ptr", "i32"], returns: "i64" },
  close: { args: ["i32"], returns: "i32" },
} as const;

/** The C functions needed for UDP with kernel timestamps; null if there is no C library. */
export const socketCalls = libcOrNull(CALLS);
export type SocketCalls = Libc<typeof CALLS>;

const SOCK_DGRAM_CLOEXEC_NONBLOCK = 2 | 0o2000000 | 0o4000;
const SOL_SOCKET = 1;
const SO_TIMESTAMPING = 37;
const SOL_IP = 0;
const IP_RECVERR = 11;
const SOL_IPV6 = 41;
const IPV6_V6ONLY = 26;
const IPV6_RECVERR = 25;
/**
 * TX_SOFTWARE, RX_SOFTWARE, SOFTWARE (report them), OPT_CMSG. The kernel returns the whole sent packet, which
 * identifies itself.
 */
const TIMESTAMPING_FLAGS = (1 << 1) | (1 << 3) | (1 << 4) | (1 << 10);
const MSG_ERRQUEUE = 0x2000;
const MSG_DONTWAIT = 0x40;

/** A looped-back packet has link, network and transport headers before its payload of at least 48 bytes. */
const DATA_BYTES = 2_048;
const CONTROL_BYTES = 512;
const MSGHDR_BYTES = 56;
/** Offset of the transmit timestamp in a request; it holds the cookie. */
const COOKIE_AT = 40;
/** A queued error for another server makes a call fail; this many are read before giving up. */
const SEND_ATTEMPTS = 8;

function setOption(c: SocketCalls, fd: number, level: number, name: number, value: number): boolean {
  const data = new Int32Array(new ArrayBuffer(4));
  data[0] = value;
  return c.setsockopt(fd, level, name, ptr(data), 4) === 0;
}

/** The buffers for recvmsg, allocated once and reused: `struct msghdr` of LP64. */
class MessageBuffer {
  readonly data = new Uint8Array(new ArrayBuffer(DATA_BYTES));
  readonly name = new Uint8Array(new ArrayBuffer(SOCKADDR_BYTES));
  readonly control = new DataView(new ArrayBuffer(CONTROL_BYTES));
  readonly #iovec = new BigUint64Array(new ArrayBuffer(16));
  readonly #header = new DataView(new ArrayBuffer(MSGHDR_BYTES));
  readonly address = ptr(this.#header);

  constructor() {
    this.#iovec[0] = BigInt(ptr(this.data));
    this.#iovec[1] = BigInt(DATA_BYTES);
    this.#header.setBigUint64(0, BigInt(ptr(this.name)), true);
    this.#header.setBigUint64(16, BigInt(ptr(this.#iovec)), true);
    this.#header.setBigUint64(24, 1n, true);
    this.#header.setBigUint64(32, BigInt(ptr(this.control)), true);
  }

  /** Resets the fields that the kernel overwrites with the sizes it used. */
  prepare(): void {
    this.#header.setUint32(8, SOCKADDR_BYTES, true);
    this.#header.setBigUint64(40, BigInt(CONTROL_BYTES), true);
  }

  get controlLength(): number {
    return Number(this.#header.getBigUint64(40, true));
  }
}

/** A UDP socket for one address family, with kernel timestamps for sent and received datagrams. */
export class KernelSocket implements Disposable {
  readonly fd: number;
  readonly #buffer = new MessageBuffer();
  readonly #destinations = new Map<Endpoint, Uint8Array>();
  /** Lengths of the requests sent: 48, or more with NTS. */
  readonly #requestBytes = new Set<number>();
  readonly #c: SocketCalls;
  readonly #clock: Clock;
  /** When both queues were last seen empty: anything in them now arrived later. */
  #emptyAt: Reading;

  private constructor(c: SocketCalls, clock: Clock, fd: number) {
    this.#c = c;
    this.#clock = clock;
    this.fd = fd;
    this.#emptyAt = clock.read();
  }

  /** Opens a socket, or says why that is impossible (a host without IPv6, a sandbox). */
  static open(c: SocketCalls, clock: Clock, family: 4 | 6): KernelSocket | string {
    const fd = c.socket(family === 4 ? AF_INET : AF_INET6, SOCK_DGRAM_CLOEXEC_NONBLOCK, 0);
    if (fd < 0) return errnoMessage(errno(c));
    setOption(c, fd, SOL_SOCKET, SO_TIMESTAMPING, TIMESTAMPING_FLAGS);
    if (family === 4) setOption(c, fd, SOL_IP, IP_RECVERR, 1);
    else {
      setOption(c, fd, SOL_IPV6, IPV6_V6ONLY, 1);
      setOption(c, fd, SOL_IPV6, IPV6_RECVERR, 1);
    }
    return new KernelSocket(c, clock, fd);
  }

  send(to: Endpoint, bytes: Uint8Array, events: TransportEvent[]): SendResult {
    let destination = this.#destinations.get(to);
    if (destination === undefined) {
      destination = encodeSocketAddress(to);
      this.#destinations.set(to, destination);
    }
    this.#requestBytes.add(bytes.byteLength);
    for (let attempt = 0; attempt < SEND_ATTEMPTS; attempt += 1) {
      const atRawNs = this.#clock.rawNs();
      const sent = this.#c.sendto(
        this.fd,
        ptr(bytes),
        BigInt(bytes.byteLength),
        0,
        ptr(destination),
        destination.byteLength,
      );
      if (Number(sent) === bytes.byteLength) return { ok: true, atRawNs };
      const code = errno(this.#c);
      // The error may belong to another server: the kernel reports a queued error on the next call, whichever that is.
      if (this.#drainErrors(events) === 0 || attempt === SEND_ATTEMPTS - 1) {
        return { ok: false, reason: errnoMessage(code) };
      }
    }
    return { ok: false, reason: errnoMessage(ERRNO.ECONNREFUSED) };
  }

  /**
   * Reads all that has arrived. A packet's send timestamp is queued before its answer can be; events keep that order.
   */
  drain(events: TransportEvent[]): void {
    const startedAt = this.#clock.read();
    const datagrams: TransportEvent[] = [];
    for (;;) {
      const length = this.#receive(MSG_DONTWAIT);
      if (length < 0) {
        // EAGAIN: empty. Any other error is described in full by the error queue.
        if (errno(this.#c) === ERRNO.EAGAIN || this.#drainErrors(events) === 0) break;
        continue;
      }
      const from = decodeSocketAddress(this.#buffer.name);
      if (from === null) continue;
      const { stampNs } = readControlMessages(this.#buffer.control, this.#buffer.controlLength);
      const now = this.#clock.read();
      const atRawNs = (stampNs === null ? null : rawOfStamp(stampNs, this.#emptyAt, now)) ?? now.rawNs;
      datagrams.push({ type: "datagram", from, bytes: this.#buffer.data.slice(0, length), atRawNs });
    }
    this.#drainErrors(events);
    events.push(...datagrams);
    this.#emptyAt = startedAt;
  }

  #receive(flags: number): number {
    this.#buffer.prepare();
    return Number(this.#c.recvmsg(this.fd, this.#buffer.address, flags));
  }

  /** Reads the error queue: timestamps of sent packets, and network errors. Returns how many there were. */
  #drainErrors(events: TransportEvent[]): number {
    for (let count = 0; ; count += 1) {
      const length = this.#receive(MSG_ERRQUEUE | MSG_DONTWAIT);
      if (length < 0) return count;
      const message = readControlMessages(this.#buffer.control, this.#buffer.controlLength);
      if (message.error !== null) {
        const { errno: code, isPortUnreachable, from } = message.error;
        const asked = decodeSocketAddress(this.#buffer.name)?.address;
        // An error that does not quote the whole request may come from somebody who never saw it.
        if (length < PACKET_BYTES || (isPortUnreachable && from !== asked)) continue;
        const cookie = new DataView(this.#buffer.data.buffer, COOKIE_AT, 8).getBigUint64(0);
        events.push({ type: "refused", cookie, reason: errnoMessage(code) });
      } else if (message.stampNs !== null && length >= PACKET_BYTES) {
        const atRawNs = rawOfStamp(message.stampNs, this.#emptyAt, this.#clock.read());
        if (atRawNs === null) continue;
        // The length of the headers is unknown, but the lengths of requests are known: a wrong guess yields a
        // cookie that nobody knows.
        for (const bytes of this.#requestBytes) {
          if (bytes > length) continue;
          const at = length - bytes + COOKIE_AT;
          const cookie = new DataView(this.#buffer.data.buffer, at, 8).getBigUint64(0);
          events.push({ type: "sent", cookie, atRawNs });
        }
      }
    }
  }

  [Symbol.dispose](): void {
    this.#c.close(this.fd);
  }
}
