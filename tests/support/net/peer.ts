import type { Socket } from "bun";

/** A TCP server controlled by a test, for what no well-behaved server does. */
export interface Peer extends Disposable {
  readonly port: number;
  readonly url: string;
  readonly connections: number;
  /** How many of them have ended. */
  readonly closed: number;
  /** All bytes received, as Latin-1. */
  readonly received: string;
}

type Talk = (socket: Socket<undefined>, bytes: Buffer, peer: Peer) => void;

/** `onData` is called with the bytes received; it can answer, stay silent or close the connection. */
export function startPeer(onData: Talk, onOpen: (socket: Socket<undefined>) => void = () => {}): Peer {
  const open = new Set<Socket<undefined>>();
  let connections = 0;
  let closed = 0;
  let received = "";
  const listener = Bun.listen<undefined>({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      open: (socket) => {
        connections += 1;
        open.add(socket);
        onOpen(socket);
      },
      data: (socket, bytes) => {
        received += bytes.toString("latin1");
        onData(socket, bytes, peer);
      },
      close: (socket) => {
        closed += 1;
        open.delete(socket);
      },
      error: () => {},
    },
  });
  const peer: Peer = {
    port: listener.port,
    url: `http://127.0.0.1:${listener.port}`,
    get connections() {
      return connections;
    },
    get closed() {
      return closed;
    },
    get received() {
      return received;
    },
    [Symbol.dispose]: () => {
      listener.stop(true);
      for (const socket of open) socket.terminate();
    },
  };
  return peer;
}
