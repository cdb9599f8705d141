import { connect, createServer, type Socket } from "node:net";
import { once } from "node:events";

export interface TestProxy extends AsyncDisposable {
  readonly port: number;
  /** The first lines of the requests received. */
  readonly requests: string[];
  /** The values of Proxy-Authorization received. */
  readonly authorizations: string[];
}

/**
 * A forward proxy for CONNECT and for plain http with whole URLs; every name leads to `targetPort` on loopback.
 * With `refuse` it answers every request with that status.
 */
export async function startProxy(targetPort: number, refuse: number | null = null): Promise<TestProxy> {
  const requests: string[] = [];
  const authorizations: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    sockets.add(client);
    client.on("close", () => sockets.delete(client));
    client.on("error", () => client.destroy());
    client.once("data", (first) => {
      const head = first.toString("latin1");
      requests.push(head.split("\r\n")[0] ?? "");
      authorizations.push(/^proxy-authorization: (.*)$/im.exec(head)?.[1]?.trim() ?? "");
      if (refuse !== null) {
        client.end(`HTTP/1.1 ${refuse} No\r\nContent-Length: 0\r\n\r\n`);
        return;
      }
      const upstream = connect(targetPort, "127.0.0.1", () => {
        if (head.startsWith("CONNECT ")) client.write("HTTP/1.1 200 Connection established\r\n\r\n");
        // Given a whole URL, a proxy requests only its path.
        else upstream.write(Buffer.from(head.replace(/^(\S+) http:\/\/[^/]+/, "$1 "), "latin1"));
        client.pipe(upstream).pipe(client);
      });
      upstream.on("error", () => client.destroy());
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the proxy has no port");
  return {
    port: address.port,
    requests,
    authorizations,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await Promise.resolve();
    },
  };
}
