import type { Sandbox } from "../../../src/upload/sandbox/server.ts";

/** A server in front of an API that can answer in its place. */
export interface Front extends Disposable {
  readonly url: string;
  readonly apiKey: string;
}

/**
 * A server in front of a sandbox, like the proxies and limits of web servers: `answer` sees each whole request; if
 * it returns null, the request is passed on to the sandbox.
 */
export function startFront(
  sandbox: Pick<Sandbox, "url" | "apiKey">,
  answer: (path: string, body: string) => Response | null | Promise<Response | null>,
): Front {
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: async (request) => {
      const { pathname } = new URL(request.url);
      const body = await request.arrayBuffer();
      const own = await answer(pathname, Buffer.from(body).toString("latin1"));
      if (own !== null) return own;
      const { method, headers } = request;
      return fetch(`${sandbox.url}${pathname}`, { method, headers, ...(method === "POST" ? { body } : {}) });
    },
  });
  return {
    url: server.url.origin,
    apiKey: sandbox.apiKey,
    [Symbol.dispose]: () => void server.stop(true),
  };
}

/** The number of files in a form. */
export function filesIn(body: string): number {
  return body.match(/name="file\d*"; filename=/g)?.length ?? 0;
}
