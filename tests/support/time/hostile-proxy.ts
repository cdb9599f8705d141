import { sendAnyway } from "../../../src/bench/peers/send-anyway.ts";

/** What a proxy sends instead of an answer. */
export type Attack = (answer: Uint8Array, request: Uint8Array) => readonly Uint8Array[];

export interface HostileProxy extends Disposable {
  readonly address: string;
  /** The server's answers that came through, unchanged. */
  readonly answers: readonly Uint8Array[];
  attack: Attack;
}

/** Passes everything on unchanged. */
export const pass: Attack = (answer) => [answer];

/** A proxy between a client and the server at 127.0.0.1 on the same port, which sends what `attack` returns. */
export async function hostileProxy(address: string, port: number): Promise<HostileProxy> {
  const answers: Uint8Array[] = [];
  const ways: Bun.udp.Socket<"uint8array">[] = [];
  const front = await Bun.udpSocket({
    hostname: address,
    port,
    binaryType: "uint8array",
    socket: {
      data: (self, data, clientPort, client) => {
        const request = data.slice();
        void Bun.udpSocket({
          hostname: "127.0.0.1",
          port: 0,
          binaryType: "uint8array",
          socket: {
            data: (_, bytes) => {
              const answer = bytes.slice();
              answers.push(answer);
              for (const sent of proxy.attack(answer, request))
                sendAnyway(self, sent, { port: clientPort, address: client });
            },
            error: () => undefined,
          },
        }).then((way) => {
          ways.push(way);
          sendAnyway(way, request, { port, address: "127.0.0.1" });
        });
      },
      error: () => undefined,
    },
  });
  const proxy: HostileProxy = {
    address,
    answers,
    attack: pass,
    [Symbol.dispose]: () => {
      front.close();
      for (const way of ways) way.close();
    },
  };
  return proxy;
}
