import type { ServerWebSocket, WebSocketHandler } from "bun";
import { messageOf } from "../../lib/errors.ts";
import { type Comparisons } from "../comparisons/comparisons.ts";
import { comparisonRequest, pingMessage, socketMessage } from "../schemas.ts";
import type { Bus } from "./bus.ts";

const MOST_SOCKETS = 500;
const MESSAGE_BYTES = 16 * 1024;
/** A reader that falls this far behind is disconnected: it reconnects and gets the current state. */
const MOST_BUFFERED = 256 * 1024;

/** What happens within so many ms goes out together: one write a reader, not one a message. */
const TOGETHER_MS = 10;

/** The data of each socket: the topics that it asked for, and whether a request of its own is being answered. */
interface Connection {
  /** null: all of them. */
  readonly topics: ReadonlySet<string> | null;
  isAsking: boolean;
}

/** The page's live connection: the bus, and comparisons as the earlier monitor asked for them. */
export class Sockets {
  readonly #bus: Bus;
  readonly #comparisons: Comparisons;
  readonly #open = new Set<ServerWebSocket<Connection>>();
  /** What the bus has told and nobody was sent yet; empty while no socket is open. */
  #waiting: { readonly topic: string; readonly message: string }[] = [];
  #leave: (() => void) | null = null;

  constructor(bus: Bus, comparisons: Comparisons) {
    this.#bus = bus;
    this.#comparisons = comparisons;
  }

  get isFull(): boolean {
    return this.#open.size >= MOST_SOCKETS;
  }

  /** The data of a new socket. */
  static connection(topics: string | null): Connection {
    return { topics: topics === null ? null : new Set(topics.split(",")), isAsking: false };
  }

  get handler(): WebSocketHandler<Connection> {
    return {
      idleTimeout: 60,
      sendPings: true,
      maxPayloadLength: MESSAGE_BYTES,
      backpressureLimit: MOST_BUFFERED,
      closeOnBackpressureLimit: true,
      open: (socket) => {
        // Who comes now gets the present state, and nothing from before it.
        this.#tellAll();
        this.#open.add(socket);
        this.#leave ??= this.#bus.subscribe((message, topic) => this.#tellSoon({ topic, message }));
        for (const message of this.#bus.snapshot(socket.data.topics)) socket.send(message);
      },
      message: (socket, message) => this.#onMessage(socket, message),
      close: (socket) => {
        this.#open.delete(socket);
        if (this.#open.size > 0) return;
        this.#leave?.();
        this.#leave = null;
        this.#waiting = [];
      },
    };
  }

  /** Closes all sockets: going away (RFC 6455, 7.4.1). */
  close(): void {
    for (const socket of this.#open) socket.close(1001, "the server is shutting down");
  }

  #tellSoon(told: { readonly topic: string; readonly message: string }): void {
    this.#waiting.push(told);
    if (this.#waiting.length === 1) setTimeout(() => this.#tellAll(), TOGETHER_MS);
  }

  #tellAll(): void {
    const messages = this.#waiting;
    if (messages.length === 0) return;
    this.#waiting = [];
    for (const socket of this.#open)
      socket.cork(() => {
        for (const { topic, message } of messages)
          if (socket.data.topics?.has(topic) ?? true) socket.send(message);
      });
  }

  async #onMessage(socket: ServerWebSocket<Connection>, message: string | Buffer): Promise<void> {
    const reply = (value: object): void => {
      socket.send(JSON.stringify(value));
    };
    let asked: unknown;
    try {
      asked = JSON.parse(String(message));
    } catch {
      reply({ type: "error", error: "the message is not JSON" });
      return;
    }
    if (pingMessage.safeParse(asked).success) {
      reply({ type: "pong" });
      return;
    }
    const parsed = socketMessage.safeParse(asked);
    if (!parsed.success) {
      reply({ type: "error", error: parsed.error.issues[0]?.message ?? "the message is not valid" });
      return;
    }
    if (socket.data.isAsking) {
      reply({ type: "error", error: "the previous request is still being answered" });
      return;
    }
    socket.data.isAsking = true;
    try {
      const { type: _, ...body } = parsed.data;
      const answer = await this.#comparisons.answer(comparisonRequest(body));
      if (answer.type === "answered") socket.send(`{"type":"comparison_data","data":${answer.text.text}}`);
      else
        reply({ type: "error", error: answer.type === "failed" ? "the comparison failed" : answer.reason });
    } catch (error) {
      reply({ type: "error", error: messageOf(error) });
    } finally {
      socket.data.isAsking = false;
    }
  }
}
