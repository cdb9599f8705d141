import { connect, type Socket } from "node:net";

/** What a server sent on a connection until it closed it. */
export interface RawAnswer {
  /** 0: closed without an answer. */
  readonly status: number;
  readonly text: string;
}

/** A connection to loopback for hand-written bytes. */
export interface RawConnection {
  readonly socket: Socket;
  readonly answer: Promise<RawAnswer>;
}

/** Sends bytes as they are and leaves the connection open. */
export function rawConnection(port: number, bytes: string | Uint8Array): RawConnection {
  const socket = connect(port, "127.0.0.1", () => socket.write(bytes));
  const answer = new Promise<RawAnswer>((resolve) => {
    let text = "";
    const over = (): void => resolve({ status: Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0), text });
    socket.on("data", (data) => (text += data.toString("latin1")));
    socket.on("close", over);
    // A reset is an answer too: the server may close while bytes are still being sent.
    socket.on("error", over);
  });
  return { socket, answer };
}

/** Sends bytes and half-closes; returns everything received until the server closes. */
export function raw(port: number, bytes: string | Uint8Array): Promise<RawAnswer> {
  const { socket, answer } = rawConnection(port, bytes);
  socket.once("connect", () => socket.end());
  return answer;
}
