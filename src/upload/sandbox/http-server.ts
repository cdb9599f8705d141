import type { Socket, SocketHandler } from "bun";
import { framingOf, MessageReader, type MessageHead } from "../tanova/message.ts";

export interface IncomingRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly remoteAddress: string;
}

export interface Reply {
  readonly status: number;
  readonly contentType: string;
  readonly text: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Takes in one request: its body in pieces, then its end. `cut` closes the connection without a word. */
export interface Receiver {
  body(bytes: Uint8Array): "cut" | "go-on";
  end(): Promise<Reply | "cut">;
  /** The request ended before it was whole. */
  abandon(): void;
}

export interface HttpServer {
  readonly port: number;
  readonly connections: number;
  stop(): void;
}

const REASONS: Readonly<Record<number, string>> = {
  200: "OK",
  201: "Created",
  207: "Multi-Status",
  400: "Bad Request",
};

function serialize(reply: Reply): Buffer {
  const body = Buffer.from(reply.text);
  const lines = [
    `HTTP/1.1 ${reply.status} ${REASONS[reply.status] ?? "Error"}`,
    `Content-Type: ${reply.contentType}`,
    `Content-Length: ${body.length}`,
    ...Object.entries(reply.headers ?? {}).map(([name, value]) => `${name}: ${value}`),
  ];
  return Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`), body]);
}

/** One client's connection: requests one after the other; what comes ahead of its turn waits. */
class Conversation {
  readonly #socket: Socket<Conversation>;
  readonly #receive: (request: IncomingRequest) => Receiver;
  readonly #reader: MessageReader;
  #receiver: Receiver | null = null;
  #answering = false;
  #ahead: Buffer[] = [];
  #unwritten: Buffer = Buffer.alloc(0);
  #closed = false;

  constructor(socket: Socket<Conversation>, receive: (request: IncomingRequest) => Receiver) {
    this.#socket = socket;
    this.#receive = receive;
    this.#reader = new MessageReader({
      head: (head) => this.#begin(head),
      body: (bytes) => {
        if (this.#receiver?.body(bytes) === "cut") this.#cut();
      },
      end: () => {
        this.#answering = true;
      },
    });
  }

  onData(bytes: Uint8Array): void {
    if (this.#answering) {
      this.#ahead.push(Buffer.from(bytes));
      return;
    }
    try {
      const rest = this.#closed ? bytes : this.#reader.push(bytes);
      if (this.#closed) return;
      if (rest.length > 0) this.#ahead.push(Buffer.from(rest));
    } catch {
      this.#cut();
      return;
    }
    if (this.#answering) void this.#answer();
  }

  onDrain(): void {
    if (this.#unwritten.length === 0) return;
    const written = this.#socket.write(this.#unwritten);
    if (written > 0) this.#unwritten = this.#unwritten.subarray(written);
  }

  onClose(): void {
    this.#closed = true;
    if (!this.#answering) this.#receiver?.abandon();
    this.#receiver = null;
  }

  #begin(head: MessageHead): ReturnType<ConstructorParameters<typeof MessageReader>[0]["head"]> {
    const [method = "", target = ""] = head.startLine.split(" ");
    const path = (URL.parse(target, "http://sandbox")?.pathname ?? target).replace(/(?<=.)\/+$/, "");
    const { remoteAddress } = this.#socket;
    this.#receiver = this.#receive({ method, path, headers: head.headers, remoteAddress });
    if (head.headers.get("expect")?.toLowerCase() === "100-continue") {
      this.#write(Buffer.from("HTTP/1.1 100 Continue\r\n\r\n"));
    }
    return framingOf(head.headers) ?? "none";
  }

  async #answer(): Promise<void> {
    const reply = (await this.#receiver?.end()) ?? "cut";
    this.#receiver = null;
    if (this.#closed) return;
    if (reply === "cut") {
      this.#cut();
      return;
    }
    this.#write(serialize(reply));
    this.#answering = false;
    this.#reader.next();
    const ahead = Buffer.concat(this.#ahead.splice(0));
    if (ahead.length > 0) this.onData(ahead);
  }

  #write(bytes: Buffer): void {
    this.#unwritten = Buffer.concat([this.#unwritten, bytes]);
    this.onDrain();
  }

  #cut(): void {
    this.#closed = true;
    this.#socket.terminate();
  }
}

export interface ListenOptions {
  readonly hostname: string;
  readonly port: number;
  readonly tls?: { readonly cert: string; readonly key: string };
  readonly receive: (request: IncomingRequest) => Receiver;
}

/**
 * A small HTTP/1.1 server on Bun's sockets rather than `Bun.serve`: it can cut a connection at any byte, which is what
 * the sandbox is for, and passes bodies on without keeping them. Bodies are taken in as they come, in the socket's
 * own callback: that is all the back pressure it needs.
 */
export function listenHttp(options: ListenOptions): HttpServer {
  const open = new Set<Socket<Conversation>>();
  let connections = 0;
  const socket: SocketHandler<Conversation> = {
    open: (opened) => {
      connections += 1;
      open.add(opened);
      opened.data = new Conversation(opened, options.receive);
    },
    data: (from, bytes) => from.data.onData(bytes),
    drain: (to) => to.data.onDrain(),
    close: (closed) => {
      open.delete(closed);
      closed.data.onClose();
    },
    // A client that vanishes is its own affair; `close` follows.
    error: () => {},
  };
  const { hostname, port, tls } = options;
  const listener = Bun.listen<Conversation>({
    hostname,
    port,
    socket,
    ...(tls === undefined ? {} : { tls: { ...tls } }),
  });
  return {
    port: listener.port,
    get connections() {
      return connections;
    },
    stop: () => {
      listener.stop(true);
      for (const one of open) one.terminate();
    },
  };
}
