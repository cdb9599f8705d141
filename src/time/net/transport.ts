import type { Endpoint } from "./server-name.ts";

/** `auto`: kernel timestamps where there are any. */
export const TRANSPORTS = ["auto", "kernel", "portable"] as const;
export type TransportChoice = (typeof TRANSPORTS)[number];

/** What came of the datagrams sent. All times are on the raw monotonic clock. */
export type TransportEvent =
  | {
      readonly type: "datagram";
      readonly from: Endpoint;
      readonly bytes: Uint8Array;
      readonly atRawNs: bigint;
    }
  /** The kernel says when the packet with this transmit timestamp left. */
  | { readonly type: "sent"; readonly cookie: bigint; readonly atRawNs: bigint }
  /** The network says that nothing will come in answer to the request with this cookie, which it quotes. */
  | { readonly type: "refused"; readonly cookie: bigint; readonly reason: string };

export type SendResult =
  | { readonly ok: true; readonly atRawNs: bigint }
  | { readonly ok: false; readonly reason: string };

/** UDP with the best timestamps to be had: one socket a family, for all servers. */
export interface Transport extends Disposable {
  readonly kind: "kernel" | "portable";
  /** How well a timestamp is known. */
  readonly precisionNs: bigint;
  /** Sends now; the time is that of the call, until a `sent` event betters it. */
  send(to: Endpoint, bytes: Uint8Array): SendResult;
  /** Waits up to `waitMs` for something to happen; what has happened already is returned at once. */
  receive(waitMs: number): Promise<readonly TransportEvent[]>;
}
