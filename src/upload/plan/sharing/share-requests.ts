/** A claim of this run on a content. The number tells it from earlier claims on the same one. */
export interface Lease {
  readonly checksum: string;
  readonly number: number;
}

/** How far the content of a lease is: what another machine should know if this one is never heard of again. */
export type LeaseStage = "waiting" | "sending" | "in-doubt";

export type HeldLease = Lease & { readonly stage: LeaseStage };

/** How a lease ends: the server has the content, certainly has nothing of it, or may have it. */
export type Closing = "done" | "unsent" | "in-doubt";

/** What a plan asks of the history that it shares with other machines. */
export type ShareRequest =
  /** Take part in the present epoch; what is held is held in it too. → joined */
  | { readonly type: "join"; readonly leases: readonly HeldLease[] }
  /** Tell the others what is done here. → published */
  | { readonly type: "publish" }
  /** This epoch's beginning has been waited for, and all that is done here is told. → remembered */
  | { readonly type: "remember" }
  /** → claimed, held, done */
  | { readonly type: "claim"; readonly lease: Lease }
  /** Write down that they are about to be sent: before that nothing of them may go out. → marked, lost */
  | { readonly type: "mark"; readonly unit: number; readonly leases: readonly Lease[] }
  /** → renewed */
  | { readonly type: "renew"; readonly leases: readonly HeldLease[] }
  /** → closed */
  | { readonly type: "close"; readonly lease: Lease; readonly as: Closing };

/** What came of a request. Times in milliseconds. */
export type ShareOutcome =
  /** No answer: nobody knows whether it was done. */
  | { readonly type: "silent"; readonly reason: string }
  /** The shared store may have forgotten what it was told; nothing was done. */
  | { readonly type: "epoch-changed" }
  /**
   * `settleMs`: for so long uploads of machines that the shared store has forgotten may still arrive.
   * `isKnown`: all that is done here was told in this epoch.
   */
  | {
      readonly type: "joined";
      readonly settleMs: number;
      readonly isKnown: boolean;
      readonly lost: readonly Lease[];
    }
  | { readonly type: "published" | "remembered" | "marked" | "closed" }
  /** It is ours. `inDoubtForMs`: some machine began to send it so long ago and never said what came of it. */
  | { readonly type: "claimed"; readonly inDoubtForMs: number | null }
  /** Another machine is at it; its claim ends then unless it is renewed. */
  | { readonly type: "held"; readonly forMs: number }
  /** Some machine has sent it. */
  | { readonly type: "done" }
  | { readonly type: "lost"; readonly leases: readonly Lease[] }
  | { readonly type: "renewed"; readonly lost: readonly Lease[] };
