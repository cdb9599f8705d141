import { programPath } from "./programs.ts";
import { tempFolder } from "./temp.ts";
import { until } from "./until.ts";

export interface RedisServer extends AsyncDisposable {
  readonly port: number;
  readonly pid: number;
  /** One command, as redis-cli prints its answer. */
  command(...words: string[]): string;
  /** Ends it at once, with nothing kept. */
  stop(): Promise<void>;
  /** Starts it again on the same port. */
  start(): Promise<void>;
}

export function freeTcpPort(): number {
  const server = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => undefined } });
  const { port } = server;
  server.stop(true);
  return port;
}

/** A real redis-server on loopback that keeps nothing on the disk. `settings` as on its command line. */
export async function startRedis(
  settings: readonly string[] = [],
  cli: readonly string[] = [],
): Promise<RedisServer> {
  const folder = tempFolder();
  const port = freeTcpPort();
  const spawn = (): Bun.Subprocess =>
    Bun.spawn(
      [
        programPath("redis-server"),
        "--port",
        `${port}`,
        "--bind",
        "127.0.0.1",
        "--save",
        "",
        "--appendonly",
        "no",
        "--repl-diskless-sync-delay",
        "0",
        "--dir",
        folder.path,
        ...settings,
      ],
      { stdout: "ignore", stderr: "ignore" },
    );
  const command = (...words: string[]): string =>
    Bun.spawnSync([programPath("redis-cli"), "-p", `${port}`, ...cli, ...words])
      .stdout.toString()
      .trim();
  let child = spawn();
  const answers = (): Promise<void> => until(() => command("PING") === "PONG", "redis-server answers");
  await answers();
  const stop = async (): Promise<void> => {
    child.kill(9);
    await child.exited;
  };
  return {
    port,
    get pid() {
      return child.pid;
    },
    command,
    stop,
    start: async () => {
      child = spawn();
      await answers();
    },
    [Symbol.asyncDispose]: async () => {
      await stop();
      folder[Symbol.dispose]();
    },
  };
}
