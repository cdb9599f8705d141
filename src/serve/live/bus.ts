/** What happens on the board, as the page and `curl -N` hear it. A topic's newest state is kept; events pass by. */
export type LiveEvent =
  | { readonly topic: "board"; readonly data: unknown }
  | { readonly topic: "sync"; readonly data: unknown }
  | { readonly topic: "time"; readonly data: unknown }
  | { readonly topic: "ingest"; readonly data: unknown }
  | { readonly topic: "comparison"; readonly data: unknown }
  | { readonly topic: "alert"; readonly data: unknown };

export type Topic = LiveEvent["topic"];

/** Topics that tell a state: who comes later gets the present one. The others tell what happens, to who is there. */
const STATES: ReadonlySet<Topic> = new Set(["board", "sync", "time", "ingest"]);

type Listener = (message: string) => void;

/** One bus for all that is live. A message is made text once, however many listen. */
export class Bus {
  readonly #listeners = new Set<Listener>();
  readonly #states = new Map<Topic, string>();

  get listeners(): number {
    return this.#listeners.size;
  }

  publish(event: LiveEvent): void {
    const message = JSON.stringify(event);
    if (STATES.has(event.topic)) this.#states.set(event.topic, message);
    for (const listener of this.#listeners) listener(message);
  }

  /** The present state of each topic that has one. */
  snapshot(): readonly string[] {
    return [...this.#states.values()];
  }

  /** Hears everything from now on, until the answer is called. */
  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }
}
