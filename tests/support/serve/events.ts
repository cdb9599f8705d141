import type { Served } from "./serve.ts";

type Data = Readonly<Record<string, unknown>>;

export interface Heard {
  /** Messages received for a topic so far, oldest first. */
  all(topic: string): readonly Data[];
  last(topic: string): Data;
  /** Resolves when the server has closed the stream. */
  readonly reading: Promise<void>;
}

/** Subscribes to a server's events from now on. */
export async function listen(served: Served): Promise<Heard> {
  const response = await fetch(`${served.url}/api/events`);
  const heard = new Map<string, Data[]>();
  const read = async (): Promise<void> => {
    let rest = "";
    for await (const chunk of response.body ?? []) {
      const parts = (rest + Buffer.from(chunk).toString()).split("\n\n");
      rest = parts.pop() ?? "";
      for (const part of parts) {
        const text = part
          .split("\n")
          .filter((line) => line.startsWith("data: "))
          .map((line) => line.slice(6));
        for (const message of text) {
          const { topic, data } = JSON.parse(message) as { topic: string; data: Data };
          heard.set(topic, [...(heard.get(topic) ?? []), data]);
        }
      }
    }
  };
  return {
    all: (topic) => heard.get(topic) ?? [],
    last: (topic) => heard.get(topic)?.at(-1) ?? {},
    reading: read(),
  };
}
