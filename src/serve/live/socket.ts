import type { Server, ServerWebSocket, WebSocketHandler } from "bun";
import { messageOf } from "../../lib/errors.ts";
import { reasonOf } from "../body.ts";
import { type Comparisons } from "../comparisons/comparisons.ts";
import type { MemoryKeeper } from "../memory.ts";
import { comparisonRequest, socketMessage } from "../schemas.ts";
import { type Bus, type Topic, TOPICS } from "./bus.ts";

const MOST_SOCKETS = 500;
const MESSAGE_BYTES = 16 * 1024;
/** A reader that falls this far behind is disconnected: it reconnects and gets the current state. */
const MOST_BUFFERED = 256 * 1024;

/** Messages within this time are sent together: one write for each reader instead of one for each message. */
const TOGETHER_MS = 20;

/** The data of each socket: the topics it asked for, and whether one of its requests is being answered. */
interface Connection {
  readonly topics: readonly Topic[];
  isAsking: boolean;
}

/** Sends a message, serialized once, to all sockets subscribed to a topic. */
type Publish = Server<Connection>["publish"];

/** The page's live connections: they carry the bus, and comparisons in the protocol of the earlier monitor. */
export class Sockets {
  readonly #bus: Bus;
  readonly #comparisons: Comparisons;
  readonly #memory: MemoryKeeper;
  readonly #open = new Set<ServerWebSocket<Connection>>();
  /** Messages of the bus that are yet to be sent; empty while no socket is open. */
  #waiting: { readonly topic: Topic; readonly message: string }[] = [];
  #publish: Publish = () => 0;
  #leave: (() => void) | null = null;

  constructor(bus: Bus, of: { readonly comparisons: Comparisons; readonly memory: MemoryKeeper }) {
    this.#bus = bus;
    this.#comparisons = of.comparisons;
    this.#memory = of.memory;
  }

  get isFull(): boolean {
    return this.#open.size >= MOST_SOCKETS;
  }

  /** The data of a new socket. */
  static connection(topics: string | null): Connection {
    const asked = topics?.split(",");
    return { topics: TOPICS.filter((topic) => asked?.includes(topic) ?? true), isAsking: false };
  }

  /** Sets the server that the sockets belong to. */
  attach(server: Server<Connection>): void {
    this.#publish = (topic, message) => server.publish(topic, message);
  }

  get handler(): WebSocketHandler<Connection> {
    return {
      idleTimeout: 60,
      sendPings: true,
      maxPayloadLength: MESSAGE_BYTES,
      backpressureLimit: MOST_BUFFERED,
      closeOnBackpressureLimit: true,
      open: (socket) => {
        // Sends what is waiting to the others first: the new reader gets the current state and nothing older.
        this.#tellAll();
        this.#open.add(socket);
        this.#leave ??= this.#bus.subscribe((message, topic) => this.#tellSoon({ topic, message }));
        for (const message of this.#bus.snapshot(socket.data.topics)) socket.send(message);
        for (const topic of socket.data.topics) socket.subscribe(topic);
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

  /** Closes all sockets with "going away" (RFC 6455, 7.4.1). */
  close(): void {
    for (const socket of this.#open) socket.close(1001, "the server is shutting down");
  }

  #tellSoon(told: { readonly topic: Topic; readonly message: string }): void {
    this.#waiting.push(told);
    if (this.#waiting.length === 1) setTimeout(() => this.#tellAll(), TOGETHER_MS);
  }

  #tellAll(): void {
    const messages = this.#waiting;
    if (messages.length === 0) return;
    this.#waiting = [];
    for (const { topic, message } of messages) this.#publish(topic, message);
  }

  async #onMessage(socket: ServerWebSocket<Connection>, message: string | Buffer): Promise<void> {
    this.#memory.count();
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
    const parsed = socketMessage.safeParse(asked);
    if (!parsed.success) {
      reply({ type: "error", error: reasonOf(parsed.error) });
      return;
    }
    if (parsed.data.type === "ping") {
      reply({ type: "pong" });
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
