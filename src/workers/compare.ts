import { openStore } from "../db/open.ts";
import { Failure, messageOf } from "../lib/errors.ts";
import { answerStored } from "../nodes/compare/answer.ts";
import type { CompareTask, CompareTold } from "../nodes/compare/compare-task.ts";

declare const self: Worker;

async function answer({ id, storePath, names, question, nowMs }: CompareTask): Promise<CompareTold> {
  try {
    const open = ({ readonly }: { readonly: boolean }) =>
      Promise.resolve(openStore({ path: storePath, readonly }));
    return { type: "answered", id, answer: await answerStored(open, names, question, nowMs) };
  } catch (error) {
    const isUsage = error instanceof Failure && error.kind === "usage";
    return { type: "failed", id, isUsage, reason: messageOf(error) };
  }
}

self.onmessage = async ({ data }: MessageEvent<CompareTask>) => {
  postMessage(await answer(data));
};
