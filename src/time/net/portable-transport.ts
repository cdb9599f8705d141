import type { Clock } from "../clock/clock.ts";
import { messageOf } from "../../lib/errors.ts";
import { wait } from "../../lib/wait.ts";
import { canonicalAddress } from "./ip-address.ts";
import type { Endpoint } from "./server-name.ts";
import type { SendResult, Transport, TransportEvent } from "./transport.ts";

type Socket = Bun.udp.Socket<"uint8array">;

/** UDP through the runtime, for systems without libc: datagrams are stamped when the event loop delivers them. */
export class PortableTransport implements Transport {
  readonly kind = "portable";
  readonly precisionNs = 50_000n;
  readonly #sockets = new Map<4 | 6, Socket | string>();
  readonly #clock: Clock;
  #events: TransportEvent[] = [];
  #wake: AbortController = new AbortController();

  private constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Opens a socket for each available address family. */
  static async open(clock: Clock): Promise<PortableTransport> {
    const transport = new PortableTransport(clock);
    await Promise.all([transport.#openFamily(4, "0.0.0.0"), transport.#openFamily(6, "::")]);
    return transport;
  }

  async #openFamily(family: 4 | 6, hostname: string): Promise<void> {
    try {
      const socket = await Bun.udpSocket({
        hostname,
        port: 0,
        binaryType: "uint8array",
        socket: {
          data: (_, bytes, port, address) => {
            const from: Endpoint = { address: canonicalAddress(address), family, port };
            this.#push({ type: "datagram", from, bytes: bytes.slice(), atRawNs: this.#clock.rawNs() });
          },
          // The error's destination is unknown here; an address that does not answer runs into its timeout.
          error: () => undefined,
        },
      });
      this.#sockets.set(family, socket);
    } catch (error) {
      this.#sockets.set(family, messageOf(error));
    }
  }

  #push(event: TransportEvent): void {
    this.#events.push(event);
    this.#wake.abort();
  }

  send(to: Endpoint, bytes: Uint8Array): SendResult {
    const socket = this.#sockets.get(to.family) ?? "not open";
    if (typeof socket === "string") return { ok: false, reason: socket };
    const atRawNs = this.#clock.rawNs();
    try {
      return socket.send(bytes, to.port, to.address)
        ? { ok: true, atRawNs }
        : { ok: false, reason: "the socket's buffer is full" };
    } catch (error) {
      return { ok: false, reason: messageOf(error) };
    }
  }

  async receive(waitMs: number): Promise<readonly TransportEvent[]> {
    if (this.#events.length === 0) await wait(waitMs, this.#wake.signal);
    const events = this.#events;
    this.#events = [];
    this.#wake = new AbortController();
    return events;
  }

  [Symbol.dispose](): void {
    for (const socket of this.#sockets.values()) if (typeof socket !== "string") socket.close();
    this.#sockets.clear();
  }
}
