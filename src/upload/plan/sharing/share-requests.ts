/** A claim of this run on a content. The number distinguishes it from earlier claims on the same content. */
export interface Lease {
  readonly checksum: string;
  readonly number: number;
}

/** The stage of a leased content: what another machine needs to know if this one is never heard of again. */
export type LeaseStage = "waiting" | "sending" | "in-doubt";

export type HeldLease = Lease & { readonly stage: LeaseStage };

/** How a lease ends: the server has the content, certainly has nothing of it, or may have it. */
export type Closing = "done" | "unsent" | "in-doubt";

/** A plan's requests to the history shared with other machines. */
export type ShareRequest =
  /** Join the current epoch, keeping what is held. → joined */
  | { readonly type: "join"; readonly leases: readonly HeldLease[] }
  /** Report to the others what is done here. → published */
  | { readonly type: "publish" }
  /** The start of this epoch has been waited for, and everything done here is reported. → remembered */
  | { readonly type: "remember" }
  /** → claimed, held, done */
  | { readonly type: "claim"; readonly lease: Lease }
  /** Record that they are about to be sent: nothing may go out before that. → marked, lost */
  | { readonly type: "mark"; readonly unit: number; readonly leases: readonly Lease[] }
  /** → renewed */
  | { readonly type: "renew"; readonly leases: readonly HeldLease[] }
  /** → closed */
  | { readonly type: "close"; readonly lease: Lease; readonly as: Closing };

/** The result of a request. Times in milliseconds. */
export type ShareOutcome =
  /** No answer: it is not known whether it was done. */
  | { readonly type: "silent"; readonly reason: string }
  /** The shared store may have lost data; nothing was done. */
  | { readonly type: "epoch-changed" }
  /**
   * `settleMs`: how long uploads by machines that the shared store has forgotten may still arrive.
   * `isKnown`: everything done here was reported in this epoch.
   */
  | {
      readonly type: "joined";
      readonly settleMs: number;
      readonly isKnown: boolean;
      readonly lost: readonly Lease[];
    }
  | { readonly type: "published" | "remembered" | "marked" | "closed" }
  /** The claim is ours. `inDoubtForMs`: how long ago a machine began to send it without ever reporting the result. */
  | { readonly type: "claimed"; readonly inDoubtForMs: number | null }
  /** Another machine holds the claim, which expires after `forMs` unless it is renewed. */
  | { readonly type: "held"; readonly forMs: number }
  /** Some machine has sent it. */
  | { readonly type: "done" }
  | { readonly type: "lost"; readonly leases: readonly Lease[] }
  | { readonly type: "renewed"; readonly lost: readonly Lease[] };
