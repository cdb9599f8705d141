import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { TaskGroup } from "../../lib/task-group.ts";
import { wait } from "../../lib/wait.ts";

export interface IncomingRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly remoteAddress: string;
  /** The body in pieces, as they arrive. Throws CutOff if the client disconnects before it is whole. */
  readonly body: AsyncIterable<Uint8Array>;
}

export interface Reply {
  readonly status: number;
  readonly contentType: string;
  readonly text: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** How the text is sent, if not normally: gzip although not asked for, or one byte a second. */
  readonly manner?: "gzip" | "trickle";
}

/** The connection ends without an answer: the client disconnected, or a handler wants it so. */
export class CutOff extends Error {
  override readonly name = "CutOff";
}

export interface HttpServer {
  readonly port: number;
  readonly connections: number;
  stop(): void;
}

const TRICKLE_MS = 1_000;

async function* bodyOf(request: IncomingMessage): AsyncGenerator<Uint8Array> {
  try {
    for await (const piece of request) yield piece as Uint8Array;
  } catch (error) {
    throw new CutOff("the client went", { cause: error });
  }
}

function isGone(response: ServerResponse): boolean {
  return response.destroyed || response.socket?.destroyed !== false;
}

async function send(response: ServerResponse, reply: Reply): Promise<void> {
  const body =
    reply.manner === "gzip"
      ? process.getBuiltinModule("node:zlib").gzipSync(reply.text)
      : Buffer.from(reply.text);
  response.statusCode = reply.status;
  response.setHeader("Content-Type", reply.contentType);
  response.setHeader("Content-Length", body.length);
  if (reply.manner === "gzip") response.setHeader("Content-Encoding", "gzip");
  for (const [name, value] of Object.entries(reply.headers ?? {})) response.setHeader(name, value);
  if (reply.manner === "trickle") {
    for (const byte of body.subarray(0, -1)) {
      response.write(Buffer.of(byte));
      await wait(TRICKLE_MS);
      if (isGone(response)) return;
    }
    response.end(body.subarray(-1));
  } else response.end(body);
}

async function serve(
  message: IncomingMessage,
  response: ServerResponse,
  answer: (request: IncomingRequest) => Promise<Reply>,
): Promise<void> {
  const { method = "", url = "", headers, socket } = message;
  const path = (URL.parse(url, "http://sandbox")?.pathname ?? url).replace(/(?<=.)\/+$/, "");
  const body = bodyOf(message);
  const request = { method, path, headers, remoteAddress: socket.remoteAddress ?? "", body };
  try {
    const reply = await answer(request);
    // An answer before the body is whole would cut it off.
    for await (const _piece of body);
    if (!isGone(response)) await send(response, reply);
  } catch (error) {
    if (!(error instanceof CutOff)) throw error;
    socket.destroy();
  }
}

export interface ListenOptions {
  readonly hostname: string;
  readonly port: number;
  readonly tls?: { readonly cert: string; readonly key: string };
  readonly answer: (request: IncomingRequest) => Promise<Reply>;
}

/** An HTTP/1.1 server that can cut a connection at any byte. It uses node:http, since `Bun.serve` cannot do that. */
export async function listenHttp(options: ListenOptions): Promise<HttpServer> {
  const { hostname, port, tls } = options;
  const answers = new TaskGroup();
  const onRequest = (message: IncomingMessage, response: ServerResponse): void => {
    answers.add(serve(message, response, options.answer), (error) => server.emit("error", error));
  };
  const server: Server =
    tls === undefined
      ? createServer(onRequest)
      : process.getBuiltinModule("node:https").createServer({ ...tls }, onRequest);
  let connections = 0;
  server.on(tls === undefined ? "connection" : "secureConnection", () => {
    connections += 1;
  });
  server.listen(port, hostname);
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("Cannot tell the port that was bound");
  return {
    port: address.port,
    get connections() {
      return connections;
    },
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
