import type { TanovaClient, UploadOutcome } from "./tanova/types.ts";
import { HELD_UP_TO_BYTES, uploadItem, type Work } from "./work.ts";

/** What became of one request. A work is in `outcomes` or in `putBack`. */
export interface Sending {
  /** By checksum. */
  readonly outcomes: ReadonlyMap<string, UploadOutcome>;
  /** Certainly not stored, through no fault of theirs: to be sent again in another way. */
  readonly putBack: readonly Work[];
  /** What was learnt of batches: not offered any more, or so many items at most. */
  readonly batches:
    | { readonly type: "refused" }
    | { readonly type: "at-most"; readonly items: number }
    | null;
}

export interface SendOptions {
  readonly client: TanovaClient;
  readonly cut: AbortSignal;
  /** The network has all of a content that was held in memory: it need not be held any longer. */
  readonly onHandedOver: (work: Work) => void;
}

/** A large file is asked for while it is being sent, and the sending cut where the server has it already. */
async function uploadLarge(work: Work, { client, cut, onHandedOver }: SendOptions): Promise<UploadOutcome> {
  const known = new AbortController();
  const ended = new AbortController();
  let isThere = false;
  void client.check(work.checksum, AbortSignal.any([cut, ended.signal])).then((found) => {
    isThere = found === "there" && !ended.signal.aborted;
    if (isThere) known.abort();
  });
  const outcome = await client.upload(uploadItem(work, onHandedOver), AbortSignal.any([cut, known.signal]));
  ended.abort();
  return isThere && outcome.type !== "stored" ? { type: "duplicate" } : outcome;
}

async function uploadBatch(works: readonly Work[], options: SendOptions): Promise<Sending> {
  const items = works.map((work) => uploadItem(work, options.onHandedOver));
  const outcome = await options.client.uploadBatch(items, options.cut);
  const all = (each: UploadOutcome): [string, UploadOutcome][] => works.map((work) => [work.checksum, each]);
  const none = new Map<string, UploadOutcome>();
  switch (outcome.type) {
    case "answered": {
      const silent = { status: null, reason: "the server said nothing about it", retryAfterMs: null };
      const outcomes = new Map([...all({ type: "transient", ...silent }), ...outcome.results]);
      return { outcomes, putBack: [], batches: null };
    }
    case "not-offered":
      return { outcomes: none, putBack: works, batches: { type: "refused" } };
    case "too-large": {
      const half = Math.max(1, Math.floor(works.length / 2));
      return { outcomes: none, putBack: works, batches: { type: "at-most", items: half } };
    }
    case "permanent":
      // One item of it may be what was refused: each by itself will tell.
      for (const work of works) work.isSingle = true;
      return { outcomes: none, putBack: works, batches: null };
    case "changed": {
      const { checksum, reason } = outcome;
      const putBack = works.filter((work) => work.checksum !== checksum);
      return { outcomes: new Map([[checksum, { type: "changed", reason }]]), putBack, batches: null };
    }
    case "transient":
    case "ambiguous":
    case "unauthorized":
      return { outcomes: new Map(all(outcome)), putBack: [], batches: null };
  }
}

/** Sends one content, or several in one batch. Never throws for what a network, a server or a file does. */
export async function send(works: readonly Work[], options: SendOptions): Promise<Sending> {
  const [only] = works;
  if (works.length > 1 || only === undefined) return uploadBatch(works, options);
  const isWorthAsking = only.file.sizeBytes > HELD_UP_TO_BYTES && only.asked !== "absent";
  const outcome = isWorthAsking
    ? await uploadLarge(only, options)
    : await options.client.upload(uploadItem(only, options.onHandedOver), options.cut);
  return { outcomes: new Map([[only.checksum, outcome]]), putBack: [], batches: null };
}
