import { openStore } from "../db/open.ts";
import { Failure, messageOf } from "../lib/errors.ts";
import type { CompareTask, CompareMessage } from "../nodes/compare/compare-task.ts";
import { answerFleet } from "../nodes/fleet/answer-fleet.ts";

declare const self: Worker;

/** Never aborted: a caller that no longer wants the answer terminates the worker. */
const { signal } = new AbortController();

function send(message: CompareMessage): void {
  postMessage(message);
}

async function answer({ storePath, nodes, question, nowMs, access }: CompareTask): Promise<CompareMessage> {
  try {
    const open = ({ readonly }: { readonly: boolean }) =>
      Promise.resolve(openStore({ path: storePath, readonly }));
    const onNode = (progress: Extract<CompareMessage, { type: "node" }>["progress"]): void =>
      send({ type: "node", progress });
    return {
      type: "answered",
      answer: await answerFleet(nodes, question, { open, access, signal, nowMs, onNode }),
    };
  } catch (error) {
    const isUsage = error instanceof Failure && error.kind === "usage";
    return { type: "failed", isUsage, reason: messageOf(error) };
  }
}

self.onmessage = async ({ data }: MessageEvent<CompareTask>) => {
  send(await answer(data));
};
