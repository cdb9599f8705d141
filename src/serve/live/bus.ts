/** Topics with a state: a new connection gets the current one. */
const STATES = ["board", "fleet", "jobs", "sync", "time", "ingest"] as const;
/** Topics that are only sent to those connected at the time. */
const EVENTS = ["comparison", "alert"] as const;
export const TOPICS = [...STATES, ...EVENTS] as const;

export type Topic = (typeof TOPICS)[number];

/** An event on the board, as the page and `curl -N` receive it. The newest state of a topic is kept; events are not. */
export interface LiveEvent {
  readonly topic: Topic;
  readonly data: unknown;
}

const HAS_STATE: ReadonlySet<Topic> = new Set(STATES);

type Listener = (message: string, topic: Topic) => void;

/** The bus for all live data. A message is serialized once, however many listen. */
export class Bus {
  readonly #listeners = new Set<Listener>();
  readonly #states = new Map<Topic, string>();

  get listeners(): number {
    return this.#listeners.size;
  }

  publish(event: LiveEvent): void {
    const message = JSON.stringify(event);
    if (HAS_STATE.has(event.topic)) this.#states.set(event.topic, message);
    for (const listener of this.#listeners) listener(message, event.topic);
  }

  /** The current state of each topic that has one, limited to `topics`. */
  snapshot(topics: readonly Topic[] = STATES): readonly string[] {
    return topics.map((topic) => this.#states.get(topic)).filter((message) => message !== undefined);
  }

  /** Calls the listener with every message from now on, until the returned function is called. */
  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }
}
