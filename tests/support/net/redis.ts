import { writeFileSync } from "node:fs";
import { freeTcpPort } from "./free-port.ts";
import { programPath } from "../programs.ts";
import { type TempFolder, tempFolder } from "../temp.ts";
import { until } from "../until.ts";

export interface RedisServer extends AsyncDisposable {
  readonly port: number;
  readonly pid: number;
  /** Runs one command; returns its answer as printed by redis-cli. */
  command(...words: string[]): string;
  /** Stops it at once; nothing is saved. */
  stop(): Promise<void>;
  /** Restarts it on the same port. */
  start(): Promise<void>;
}

/** Arguments that make a redis-server keep nothing on disk. */
const FORGETFUL = ["--save", "", "--appendonly", "no", "--repl-diskless-sync-delay", "0"];

/** A real redis-server on loopback without persistence. `settings` are command-line arguments. */
export async function startRedis(
  settings: readonly string[] = [],
  cli: readonly string[] = [],
): Promise<RedisServer> {
  const folder = tempFolder();
  const port = await freeTcpPort();
  const words = ["--port", `${port}`, "--bind", "127.0.0.1", ...FORGETFUL, "--dir", folder.path, ...settings];
  return await started(port, { folder, words, cli });
}

/** A real Sentinel that monitors a server. */
export async function startSentinel(primary: RedisServer): Promise<RedisServer> {
  const folder = tempFolder();
  const port = await freeTcpPort();
  const file = folder.file("sentinel.conf");
  const lines = [
    `port ${port}`,
    "bind 127.0.0.1",
    `dir ${folder.path}`,
    `sentinel monitor main 127.0.0.1 ${primary.port} 1`,
  ];
  writeFileSync(file, `${lines.join("\n")}\n`);
  return await started(port, { folder, words: [file, "--sentinel"], cli: [] });
}

interface Start {
  readonly folder: TempFolder;
  readonly words: readonly string[];
  readonly cli: readonly string[];
}

async function started(port: number, { folder, words, cli }: Start): Promise<RedisServer> {
  const spawn = (): Bun.Subprocess =>
    Bun.spawn([programPath("redis-server"), ...words], { stdout: "ignore", stderr: "ignore" });
  const command = (...asked: string[]): string =>
    Bun.spawnSync([programPath("redis-cli"), "-p", `${port}`, ...cli, ...asked])
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
