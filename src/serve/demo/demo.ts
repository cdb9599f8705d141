import { join } from "node:path";
import { openStore, type Store } from "../../db/open.ts";
import { messageOf } from "../../lib/errors.ts";
import { TaskGroup } from "../../lib/task-group.ts";
import { wait } from "../../lib/wait.ts";
import { ClockStory } from "./clock-story.ts";
import { demoFolder } from "./demo-folder.ts";
import { NodeStory } from "./node-story.ts";
import { UploadStory } from "./upload-story.ts";

const STEP_MS = 1_000;
/** The nodes' current hour is rewritten once in this many steps. */
const STEPS_OF_NODES = 60;

export interface DemoOptions {
  readonly seed: number;
  readonly signal: AbortSignal;
  readonly onError: (line: string) => void;
}

/**
 * A simulated board with its own store, in a temporary folder that is deleted at the end. Things keep happening on it.
 */
export interface Demo extends AsyncDisposable {
  readonly openStore: (how?: { readonly readonly?: boolean }) => Promise<Store>;
}

/**
 * Creates the board and keeps it going until it is disposed of or the signal aborts. Never touches the user's store.
 */
export function startDemo({ seed, signal, onError }: DemoOptions): Demo {
  using stack = new DisposableStack();
  const path = join(stack.use(demoFolder()).path, "store.db");
  // The ledger configures its connection itself.
  const store = stack.use(openStore({ path }));
  const uploadStore = stack.use(openStore({ path }));
  const told = { nowMs: Date.now(), seed };
  const nodes = new NodeStory(store.db, told);
  const clock = new ClockStory(store, told);
  const uploads = new UploadStory(uploadStore.db, told);

  const over = new AbortController();
  const ended = AbortSignal.any([signal, over.signal]);
  const goOn = async (): Promise<void> => {
    for (let step = 1; await wait(STEP_MS, ended); step += 1) {
      await uploads.step();
      clock.advance(Date.now());
      if (step % STEPS_OF_NODES === 0) nodes.advance(Date.now());
    }
  };
  const tasks = new TaskGroup();
  const onFault = (error: unknown): void => onError(`the demo has stopped: ${messageOf(error)}`);
  tasks.add(goOn(), onFault);
  tasks.add(nodes.fillYear(ended), onFault);
  const owned = stack.move();
  return {
    openStore: async ({ readonly = false } = {}) => openStore({ path, readonly }),
    [Symbol.asyncDispose]: async () => {
      over.abort();
      await tasks.idle();
      owned.dispose();
    },
  };
}
