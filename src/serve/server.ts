import type { Server } from "bun";
import { hostname } from "node:os";
import { Failure, messageOf } from "../lib/errors.ts";
import { formatListenAddress } from "../lib/listen-address.ts";
import { wait } from "../lib/wait.ts";
import { isJson, judge } from "./gate.ts";
import { Sockets } from "./live/socket.ts";
import type { MemoryKeeper } from "./memory.ts";
import { refusal } from "./replies.ts";
import { match, type Routes } from "./router.ts";
import type { Sessions } from "./sessions.ts";

export interface ServerOptions {
  readonly hostname: string;
  readonly port: number;
  readonly tls: { readonly cert: string; readonly key: string } | null;
  readonly allowedHosts: readonly string[];
  readonly routes: Routes;
  readonly sessions: Sessions;
  readonly sockets: Sockets;
  readonly memory: MemoryKeeper;
  /** Called after each answer: its path (as counted by `ownPath`), status and duration. */
  readonly onAnswered: (path: string, status: number, seconds: number) => void;
  /** Called when an internal error occurred while a request was answered. */
  readonly onError: (message: string) => void;
}

export interface RunningServer {
  readonly url: string;
  /** Finishes the requests in flight, closes streams, and ends within `graceMs`. */
  stop(graceMs: number): Promise<void>;
}

const MOST_BODY_BYTES = 64 * 1024;
/** The most requests read or answered at a time. Connections that have not sent one cannot be seen from here. */
const MOST_AT_ONCE = 256;
/** A connection is closed after this many seconds without a byte. */
const IDLE_S = 30;

type SocketData = ReturnType<typeof Sockets.connection>;

/** Whether an address can be reached from this machine only. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}

/** The names that this board is called by. */
function ownNames(options: ServerOptions): ReadonlySet<string> {
  const own = hostname().toLowerCase();
  return new Set(
    ["localhost", own, `${own}.local`, options.hostname, ...options.allowedHosts].map((name) =>
      name.toLowerCase(),
    ),
  );
}

/** The path to count a request under. All unknown paths count as one, and so do all of the page's files. */
function ownPath(routes: Routes, path: string): string {
  if (!routes.has(path)) return "unknown";
  return path.startsWith("/api/") || path === "/health" || path === "/metrics" ? path : "page";
}

/**
 * Serves until it is stopped.
 *
 * @throws Failure if the address is in use or may not be listened on.
 */
export function startServer(options: ServerOptions): RunningServer {
  const { routes, sessions, sockets, tls } = options;
  const allowed = ownNames(options);
  const scheme = tls === null ? "http" : "https";

  const answer = async (
    request: Request,
    url: URL | null,
    server: Server<SocketData>,
  ): Promise<Response | undefined> => {
    const { headers, method } = request;
    const verdict = judge(
      {
        host: headers.get("host"),
        origin: headers.get("origin"),
        scheme,
      },
      allowed,
    );
    if (verdict.type === "refuse") return refusal(request, verdict.status, verdict.reason);
    // The Host may look like an address without being one, such as 127.0.0.439. The request then has no valid URL.
    if (url === null) return refusal(request, 400, "the Host header is not a valid name or address");
    const { pathname } = url;
    const address = (): string => server.requestIP(request)?.address ?? "";
    const isSocket = pathname === "/ws";
    const found = isSocket ? null : match(routes, pathname, method);
    const isPublic = found?.type === "found" && found.isPublic;
    if (!isPublic) {
      const access = sessions.access(headers, address);
      if (access.type === "wait")
        return refusal(request, 429, "too many wrong tokens", { "retry-after": `${access.seconds}` });
      if (access.type === "wrong")
        return refusal(request, 401, "a token is required", { "www-authenticate": 'Bearer realm="nodupe"' });
    }
    if (isSocket) {
      // A page of another site can open a WebSocket, but its Origin gives it away.
      if (method !== "GET")
        return refusal(request, 405, "a WebSocket request must use GET", { allow: "GET" });
      if (sockets.isFull) return refusal(request, 503, "too many connections", { "retry-after": "10" });
      if (server.upgrade(request, { data: Sockets.connection(url.searchParams.get("topics")) }))
        return undefined;
      return refusal(request, 426, "this path expects a WebSocket", { upgrade: "websocket" });
    }
    switch (found?.type) {
      case "found": {
        if (method === "POST" && !isJson(headers.get("content-type")))
          return refusal(request, 415, "send JSON: content-type application/json");
        if (pathname === "/api/events") server.timeout(request, 0);
        // To HEAD the runtime sends the headers alone, with the length, and cancels a stream.
        return found.handler(request, address);
      }
      case "wrong-method":
        return refusal(request, 405, `this path accepts ${found.allow}`, { allow: found.allow });
      case "unknown":
      case undefined:
        return refusal(request, 404, "there is no such path");
    }
  };

  let atOnce = 0;
  const server = listen(options, {
    fetch: async (request, running) => {
      if (atOnce >= MOST_AT_ONCE)
        return refusal(request, 503, "too many requests at once", { "retry-after": "1" });
      atOnce += 1;
      const startedMs = performance.now();
      const url = URL.parse(request.url);
      try {
        options.memory.count();
        const response = await answer(request, url, running);
        const seconds = (performance.now() - startedMs) / 1_000;
        if (response !== undefined)
          options.onAnswered(ownPath(routes, url?.pathname ?? ""), response.status, seconds);
        return response;
      } catch (error) {
        options.onError(`${request.method} ${url?.pathname}: ${messageOf(error)}`);
        return refusal(request, 500, "internal error; see the server's log");
      } finally {
        atOnce -= 1;
      }
    },
  });
  sockets.attach(server);
  const { port = options.port } = server;
  return {
    url: `${scheme}://${formatListenAddress({ hostname: options.hostname, port })}`,
    stop: async (graceMs) => {
      sockets.close();
      const drained = new AbortController();
      const drain = server.stop(false).then(() => drained.abort());
      // A reader that never finishes would otherwise block this for ever.
      await Promise.race([drain, wait(graceMs, drained.signal)]);
      await server.stop(true);
    },
  };
}

function listen(
  options: ServerOptions,
  { fetch }: { fetch: (request: Request, server: Server<SocketData>) => Promise<Response | undefined> },
): Server<SocketData> {
  const at = formatListenAddress(options);
  try {
    return Bun.serve<SocketData>({
      hostname: options.hostname,
      port: options.port,
      // Compiled, the runtime would share the port with another process that listens there, and the kernel would
      // give each of them some of the connections.
      reusePort: false,
      ...(options.tls === null ? {} : { tls: options.tls }),
      idleTimeout: IDLE_S,
      maxRequestBodySize: MOST_BODY_BYTES,
      development: false,
      fetch,
      websocket: options.sockets.handler,
    });
  } catch (error) {
    const reason = messageOf(error);
    if (/EACCES|permission/i.test(reason))
      throw new Failure("not-permitted", `cannot listen on ${at}: permission denied; use a port above 1023`);
    if (/EADDRINUSE|in use/i.test(reason))
      throw new Failure(
        "failed",
        `cannot listen on ${at}: the address is in use; choose another port with --listen`,
      );
    throw new Failure("usage", `cannot listen on ${at}: ${reason}`);
  }
}
