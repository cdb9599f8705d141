import type { Endpoint } from "./server-name.ts";

/** `auto`: kernel timestamps if available. */
export const TRANSPORTS = ["auto", "kernel", "portable"] as const;
export type TransportChoice = (typeof TRANSPORTS)[number];

/** What happened to the datagrams sent. All times are on the raw monotonic clock. */
export type TransportEvent =
  | {
      readonly type: "datagram";
      readonly from: Endpoint;
      readonly bytes: Uint8Array;
      readonly atRawNs: bigint;
    }
  /** The kernel reports when the packet with this transmit timestamp left. */
  | { readonly type: "sent"; readonly cookie: bigint; readonly atRawNs: bigint }
  /** The network reports that the request with this cookie, which it quotes, will not be answered. */
  | { readonly type: "refused"; readonly cookie: bigint; readonly reason: string };

export type SendResult =
  | { readonly ok: true; readonly atRawNs: bigint }
  | { readonly ok: false; readonly reason: string };

/** UDP with the best timestamps available: one socket per address family, shared by all servers. */
export interface Transport extends Disposable {
  readonly kind: "kernel" | "portable";
  /** The precision of timestamps. */
  readonly precisionNs: bigint;
  /** Sends now; the time is that of the call, until a `sent` event refines it. */
  send(to: Endpoint, bytes: Uint8Array): SendResult;
  /** Waits up to `waitMs` for events; returns at once if there already are some. */
  receive(waitMs: number): Promise<readonly TransportEvent[]>;
}
