import { ptr } from "bun:ffi";
import { nextTurn } from "../../lib/wait.ts";
import type { Clock } from "../clock/clock.ts";
import { KernelSocket, type SocketCalls, socketCalls } from "./kernel-socket.ts";
import type { Endpoint } from "./server-name.ts";
import type { SendResult, Transport, TransportChoice, TransportEvent } from "./transport.ts";

const POLLIN = 1;
/** The longest that ppoll() may block the event loop: the longest delay for signals, DNS and HTTPS. */
const SLICE_MS = 2;

/**
 * UDP through libc, with kernel timestamps. ppoll() blocks the thread in short slices: it wakes sooner than Bun's event
 * loop and, unlike poll(), not up to a millisecond late. Waking late does not affect the kernel's timestamps.
 */
class KernelTransport implements Transport {
  readonly kind = "kernel";
  readonly precisionNs = 1_000n;
  readonly #sockets = new Map<4 | 6, KernelSocket | string>();
  /** struct pollfd: fd, then events and revents of 16 bits each. */
  readonly #pollfds = new DataView(new ArrayBuffer(16));
  /** struct timespec: seconds, nanoseconds. */
  readonly #timespec = new BigInt64Array(new ArrayBuffer(16));
  #early: TransportEvent[] = [];
  readonly #c: SocketCalls;
  readonly #clock: Clock;

  constructor(c: SocketCalls, clock: Clock) {
    this.#c = c;
    this.#clock = clock;
  }

  send(to: Endpoint, bytes: Uint8Array): SendResult {
    const socket = this.#socketOf(to.family);
    return typeof socket === "string" ? { ok: false, reason: socket } : socket.send(to, bytes, this.#early);
  }

  async receive(waitMs: number): Promise<readonly TransportEvent[]> {
    const events = this.#early;
    this.#early = [];
    await nextTurn();
    const deadline = performance.now() + waitMs;
    for (;;) {
      const leftMs = events.length > 0 ? 0 : Math.max(0, Math.min(SLICE_MS, deadline - performance.now()));
      this.#timespec[1] = BigInt(Math.ceil(leftMs * 1e6));
      const open = this.#openSockets();
      open.forEach(({ fd }, index) => {
        this.#pollfds.setInt32(index * 8, fd, true);
        this.#pollfds.setUint32(index * 8 + 4, POLLIN, true);
      });
      // Without a socket ppoll() is a plain wait. POLLERR, which is always reported, signals the error queue.
      if (this.#c.ppoll(ptr(this.#pollfds), BigInt(open.length), ptr(this.#timespec), null) > 0) {
        for (const socket of open) socket.drain(events);
      }
      if (events.length > 0 || performance.now() >= deadline) return events;
      await nextTurn();
    }
  }

  #openSockets(): readonly KernelSocket[] {
    return [...this.#sockets.values()].filter((socket) => typeof socket !== "string");
  }

  #socketOf(family: 4 | 6): KernelSocket | string {
    const known = this.#sockets.get(family);
    if (known !== undefined) return known;
    const opened = KernelSocket.open(this.#c, this.#clock, family);
    this.#sockets.set(family, opened);
    return opened;
  }

  [Symbol.dispose](): void {
    for (const socket of this.#openSockets()) socket[Symbol.dispose]();
    this.#sockets.clear();
  }
}

/** Uses kernel timestamps if available, otherwise the runtime's sockets. */
export async function openTransport(choice: TransportChoice, clock: Clock): Promise<Transport> {
  const c = socketCalls();
  if (choice !== "portable" && c !== null) return new KernelTransport(c, clock);
  const { PortableTransport } = await import("./portable-transport.ts");
  return PortableTransport.open(clock);
}
