import { nextTurn } from "../../lib/wait.ts";
import { type ArrivalAction, type ArrivalEvent, Arrivals } from "./arrivals.ts";
import { lookAt } from "./look.ts";
import type { ReadyFiles } from "./ready-files.ts";

/** If more files than this are being written, a rescan finds the others. */
const MOST_HELD = 20_000;
/** How many files are checked before other work gets its turn. */
const SLICE = 256;

export interface CompleteFilesOptions {
  readonly root: string;
  readonly settleMs: number;
  readonly ready: ReadyFiles;
  /** Milliseconds since any moment; never goes back. */
  readonly now: () => number;
}

/** The driver of `Arrivals`: looks at files, and passes complete ones to `ReadyFiles`. */
export class CompleteFiles {
  readonly #options: CompleteFilesOptions;
  readonly #arrivals: Arrivals;

  constructor(options: CompleteFilesOptions) {
    this.#options = options;
    this.#arrivals = new Arrivals({ settleMs: options.settleMs, mostHeld: MOST_HELD });
  }

  tell(event: ArrivalEvent): void {
    this.#perform(this.#arrivals.on(event, this.#options.now()));
  }

  /** Looks at files that have been quiet for long enough; must be called regularly. */
  async tick(): Promise<void> {
    const { ready, now } = this.#options;
    for (const path of ready.takeTouched()) this.tell({ type: "touched", path });
    if (this.#arrivals.isIdle) return;
    const actions = this.#arrivals.on({ type: "tick" }, now());
    for (let at = 0; at < actions.length; at += SLICE) {
      this.#perform(actions.slice(at, at + SLICE));
      await nextTurn();
    }
  }

  #perform(actions: readonly ArrivalAction[]): void {
    const { root, ready } = this.#options;
    for (const action of actions) {
      switch (action.type) {
        case "look":
          this.tell({ type: "looked", path: action.path, look: lookAt(below(root, action.path)) });
          break;
        case "arrive":
          ready.add(action.path);
          break;
        case "rescan":
          ready.askRescan("more files were being written than are held in memory");
          break;
      }
    }
  }
}

/** The absolute path for a path below a root; "" is the root itself. */
export function below(root: string, relativePath: string): string {
  return relativePath === "" ? root : `${root === "/" ? "" : root}/${relativePath}`;
}
