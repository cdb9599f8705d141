import { connect, createServer, type Socket } from "node:net";
import { once } from "node:events";

export interface Relay extends Disposable {
  readonly port: number;
  /** Cuts all connections; new ones lead to another port of loopback. */
  lead(port: number): void;
}

/** A port of loopback that forwards to another one, which can be changed. */
export async function startRelay(target: number): Promise<Relay> {
  let to = target;
  const sockets = new Set<Socket>();
  const keep = (socket: Socket, other: Socket): void => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      sockets.delete(socket);
      other.destroy();
    });
  };
  const server = createServer((client) => {
    const upstream = connect(to, "127.0.0.1");
    keep(client, upstream);
    keep(upstream, client);
    client.pipe(upstream).pipe(client);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the relay has no port");
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: address.port,
    lead: (port) => {
      to = port;
      cut();
    },
    [Symbol.dispose]: () => {
      cut();
      server.close();
    },
  };
}
