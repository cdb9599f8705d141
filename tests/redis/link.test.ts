import { expect } from "bun:test";
import { Link, shownAddress } from "../../src/redis/link.ts";
import { SharedStoreError } from "../../src/redis/shared-store-error.ts";
import { needs } from "../support/programs.ts";
import { startRedis, startSentinel } from "../support/net/redis.ts";
import { until } from "../support/until.ts";

const test = needs("redis-server", "redis-cli");
const WRITE = "redis.call('SET', KEYS[1], ARGV[1]) return {redis.call('GET', KEYS[1]), 7}";

/** Connects, and writes something. */
async function use(url: string, timeoutMs = 5_000): Promise<readonly (string | number)[]> {
  using link = new Link({ url, ca: null, timeoutMs });
  return await link.run(WRITE, ["nodupe:test"], ["word"]);
}

async function rejection(work: Promise<unknown>): Promise<SharedStoreError> {
  try {
    await work;
  } catch (error) {
    if (error instanceof SharedStoreError) return error;
    throw error;
  }
  throw new Error("Expected an error: there was none");
}

test("a script is run by its name once the server knows it, and again in full once it was forgotten", async () => {
  await using redis = await startRedis();
  using link = new Link({ url: `redis://127.0.0.1:${redis.port}`, ca: null, timeoutMs: 5_000 });
  const run = (): Promise<readonly (string | number)[]> => link.run(WRITE, ["nodupe:test"], ["word"]);
  expect([await run(), await run()]).toEqual([
    ["word", 7],
    ["word", 7],
  ]);
  redis.command("SCRIPT", "FLUSH");
  expect(await run()).toEqual(["word", 7]);
  const calls = redis.command("INFO", "commandstats");
  expect(/cmdstat_eval:calls=(\d+)/.exec(calls)?.[1]).toBe("2");
  expect(/cmdstat_evalsha:calls=(\d+)/.exec(calls)?.[1]).toBe("3");
});

test("a wrong password, a missing right, a database that is not there and every server but a primary of its own are told apart", async () => {
  const secret = ["-a", "secret", "--no-auth-warning"];
  await using redis = await startRedis(
    ["--requirepass", "secret", "--user", "reader", "on", ">pw", "~*", "+get", "+info"],
    secret,
  );
  await using cluster = await startRedis(["--cluster-enabled", "yes"]);
  await using open = await startRedis();
  await using replica = await startRedis(["--replicaof", "127.0.0.1", `${open.port}`]);
  await using sentinel = await startSentinel(open);
  using web = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      data: (socket) => {
        socket.end("HTTP/1.1 400 Bad Request\r\n\r\n");
      },
    },
  });
  const told = async (url: string): Promise<[string, string]> => {
    const { kind, message } = await rejection(use(url));
    const words = /password|right|database|Cluster|Sentinel|replica|not Redis|refused/.exec(message);
    return [kind, words?.[0] ?? message];
  };
  const { port } = redis;
  expect(
    await Promise.all([
      told(`redis://:no@127.0.0.1:${port}`),
      told(`redis://127.0.0.1:${port}`),
      told(`redis://reader:pw@127.0.0.1:${port}`),
      told(`redis://127.0.0.1:${open.port}/99`),
      told(`redis://127.0.0.1:${cluster.port}`),
      told(`redis://127.0.0.1:${replica.port}`),
      told(`redis://127.0.0.1:${sentinel.port}`),
      told(`redis://127.0.0.1:${sentinel.port}/0`),
      told(`redis://127.0.0.1:${sentinel.port}/1`),
      told(`redis://127.0.0.1:${web.port}`),
      told("redis://127.0.0.1:1"),
    ]),
  ).toEqual([
    ["not-permitted", "password"],
    ["not-permitted", "password"],
    ["not-permitted", "right"],
    ["usage", "database"],
    ["usage", "Cluster"],
    ["usage", "replica"],
    ["usage", "Sentinel"],
    ["usage", "Sentinel"],
    ["usage", "Sentinel"],
    ["unreachable", "not Redis"],
    ["unreachable", "refused"],
  ]);
});

test("a server that evicts keys when its memory is full is refused, unless it only is a cache", async () => {
  await using redis = await startRedis(["--maxmemory", "100mb", "--maxmemory-policy", "volatile-ttl"]);
  const url = `redis://127.0.0.1:${redis.port}`;
  const refused = await rejection(use(url));
  expect(refused).toMatchObject({ kind: "usage", isPassing: false });
  expect(refused.message).toContain("maxmemory-policy volatile-ttl");
  using cache = new Link({ url, ca: null, timeoutMs: 5_000, isCache: true });
  expect(await cache.run(WRITE, ["nodupe:test"], ["word"])).toEqual(["word", 7]);
  // Without a limit nothing is evicted, and without evictions a limit is an error that is told.
  redis.command("CONFIG", "SET", "maxmemory", "0");
  expect(await use(url)).toEqual(["word", 7]);
  redis.command("CONFIG", "SET", "maxmemory-policy", "noeviction", "maxmemory", "1");
  expect(await rejection(use(url))).toMatchObject({ kind: "unreachable", isPassing: true });
});

test("a server that hangs is away after the time-out, and is there again once it answers", async () => {
  await using redis = await startRedis();
  const url = `redis://127.0.0.1:${redis.port}`;
  process.kill(redis.pid, "SIGSTOP");
  try {
    expect(await rejection(use(url, 200))).toMatchObject({ kind: "unreachable", isPassing: true });
  } finally {
    process.kill(redis.pid, "SIGCONT");
  }
  expect(await use(url)).toEqual(["word", 7]);
});

test("connections are found by their names, those that replace a lost one too, in their own database", async () => {
  await using redis = await startRedis();
  const linkTo = (database: string): Link =>
    new Link({ url: `redis://127.0.0.1:${redis.port}${database}`, ca: null, timeoutMs: 5_000 });
  using one = linkTo("");
  using two = linkTo("/0");
  using other = linkTo("/1");
  await one.name("nodupe:one");
  await two.name("nodupe:two");
  await other.name("nodupe:other");
  expect((await one.names()).toSorted()).toEqual(["nodupe:one", "nodupe:two"]);
  expect(await other.names()).toEqual(["nodupe:other"]);
  redis.command("FLUSHALL");
  redis.command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
  await until(async () => {
    try {
      return (await two.run(WRITE, ["nodupe:test"], ["word"])).length > 0;
    } catch {
      return false;
    }
  }, "the second is connected again");
  await until(async () => (await two.names()).join() === "nodupe:two", "it has its name again");
});

test("a user without the right to names is not refused: there are none to be seen", async () => {
  const rights = ["+eval", "+evalsha", "+info", "+get", "+set", "+hello", "+auth", "+ping"];
  await using redis = await startRedis(["--user", "office", "on", ">pw", "~nodupe:*", "-@all", ...rights]);
  using link = new Link({ url: `redis://office:pw@127.0.0.1:${redis.port}`, ca: null, timeoutMs: 5_000 });
  await link.name("nodupe:one");
  expect(await link.names()).toEqual([]);
  expect(await link.run(WRITE, ["nodupe:test"], ["word"])).toEqual(["word", 7]);
});

test("the address that is shown has no password", () => {
  expect(shownAddress("redis://user:secret@host.example:6380/2")).toBe("redis://host.example:6380/2");
});
