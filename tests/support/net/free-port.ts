import { randomInt } from "node:crypto";

/**
 * Below what Linux gives to whoever asks for any port: there another test could get it between now and its use, or
 * while a server that comes back on it is away.
 */
const [LOWEST, HIGHEST] = [16_000, 32_000];
const TRIES = 100;

async function firstFree(isFree: (port: number) => boolean | Promise<boolean>): Promise<number> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const port = randomInt(LOWEST, HIGHEST);
    if (await isFree(port)) return port;
  }
  throw new Error("Cannot find a free port");
}

/** A TCP port of loopback, for a program that has to be told its port. */
export function freeTcpPort(): Promise<number> {
  return firstFree((port) => {
    try {
      Bun.listen({ hostname: "127.0.0.1", port, socket: { data: () => undefined } }).stop(true);
      return true;
    } catch {
      return false;
    }
  });
}

/** The same for UDP. */
export function freeUdpPort(): Promise<number> {
  return firstFree(async (port) => {
    try {
      (await Bun.udpSocket({ hostname: "127.0.0.1", port })).close();
      return true;
    } catch {
      return false;
    }
  });
}
