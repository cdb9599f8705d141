/** What happens on the board, as the page and `curl -N` receive it. The newest state of a topic is kept; events are not. */
export type LiveEvent =
  | { readonly topic: "board"; readonly data: unknown }
  | { readonly topic: "fleet"; readonly data: unknown }
  | { readonly topic: "jobs"; readonly data: unknown }
  | { readonly topic: "sync"; readonly data: unknown }
  | { readonly topic: "time"; readonly data: unknown }
  | { readonly topic: "ingest"; readonly data: unknown }
  | { readonly topic: "comparison"; readonly data: unknown }
  | { readonly topic: "alert"; readonly data: unknown };

export type Topic = LiveEvent["topic"];

/** Topics with a state: whoever connects later gets the current one. The others are only sent to those connected. */
const STATES: ReadonlySet<Topic> = new Set(["board", "fleet", "jobs", "sync", "time", "ingest"]);

type Listener = (message: string, topic: Topic) => void;

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
    for (const listener of this.#listeners) listener(message, event.topic);
  }

  /** The present state of each topic that has one; `topics`: of those alone. */
  snapshot(topics: ReadonlySet<string> | null = null): readonly string[] {
    return [...this.#states].filter(([topic]) => topics?.has(topic) ?? true).map(([, message]) => message);
  }

  /** Receives everything from now on, until the returned function is called. */
  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }
}
