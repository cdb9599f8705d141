import { expect } from "bun:test";
import { createHash, randomUUID } from "node:crypto";
import { Link } from "../../../src/redis/link.ts";
import {
  type Claim,
  type ClaimAnswer,
  type HeldClaim,
  LEASE_MS,
  SharedHistory,
} from "../../../src/upload/shared/shared-history.ts";
import { SharedStoreError } from "../../../src/redis/shared-store-error.ts";
import { needs } from "../../support/programs.ts";
import { type RedisServer, startRedis } from "../../support/net/redis.ts";
import { until } from "../../support/until.ts";

const test = needs("redis-server", "redis-cli");
const DESTINATION = "https://example.org agency";
const WITNESS_MS = 60_000;
const checksumOf = (text: string): string => createHash("sha256").update(text).digest("hex");
const CV = checksumOf("cv");

interface Machine extends Disposable {
  readonly link: Link;
  readonly history: SharedHistory;
  /** Takes part; the epoch's name. */
  join(known?: string | null): Promise<string>;
  /** Claims a content by a word of its own. */
  claim(checksum: string): Promise<{ readonly claim: Claim; readonly answer: ClaimAnswer }>;
  /** Claims a content that nobody has. */
  take(checksum: string): Promise<Claim>;
}

function machineOn(link: Link, destination = DESTINATION): Machine {
  const history = new SharedHistory(link, destination);
  const claim: Machine["claim"] = async (checksum) => {
    const made = { checksum, token: randomUUID() };
    return { claim: made, answer: await history.claim(made) };
  };
  return {
    link,
    history,
    join: async (known = null) => (await history.join(known, WITNESS_MS)).name,
    claim,
    take: async (checksum) => {
      const { claim: made, answer } = await claim(checksum);
      if (answer.type !== "claimed") throw new Error(`Expected a claim: current answer is ${answer.type}`);
      return made;
    },
    [Symbol.dispose]: () => link[Symbol.dispose](),
  };
}

async function machine(redis: RedisServer, destination = DESTINATION): Promise<Machine> {
  const link = new Link({ url: `redis://127.0.0.1:${redis.port}`, ca: null, timeoutMs: 5_000 });
  const made = machineOn(link, destination);
  await made.join();
  return made;
}

const waiting = (claim: Claim): HeldClaim => ({ ...claim, stage: "waiting" });

async function rejection(work: Promise<unknown>): Promise<SharedStoreError> {
  try {
    await work;
  } catch (error) {
    if (error instanceof SharedStoreError) return error;
    throw error;
  }
  throw new Error("Expected an error: there was none");
}

test("of many machines one gets the claim; the others hear for how long it is held, then that it is done", async () => {
  await using redis = await startRedis();
  const machines = await Promise.all(Array.from({ length: 8 }, () => machine(redis)));
  const answers = await Promise.all(machines.map((one) => one.claim(CV)));
  const won = answers.filter(({ answer }) => answer.type === "claimed");
  expect(won.map(({ answer }) => answer)).toEqual([{ type: "claimed", inDoubtForMs: null }]);
  for (const { answer } of answers)
    if (answer.type === "held") expect(answer.forMs).toBeWithin(1, LEASE_MS + 1);
  expect(answers.filter(({ answer }) => answer.type === "held")).toHaveLength(7);
  const winner = machines[answers.findIndex(({ answer }) => answer.type === "claimed")];
  const claim = won[0]?.claim ?? { checksum: "", token: "" };
  expect(await winner?.history.mark([claim])).toEqual({ type: "marked" });
  await winner?.history.done(claim);
  const later = await Promise.all(machines.map((one) => one.claim(CV)));
  expect(later.map(({ answer }) => answer)).toEqual(machines.map(() => ({ type: "done" })));
  for (const one of machines) one[Symbol.dispose]();
});

test("what was begun and never settled is told to the next holder, and the old one's word counts no more", async () => {
  await using redis = await startRedis();
  using first = await machine(redis);
  using second = await machine(redis);
  const claim = await first.take(CV);
  await first.history.mark([claim]);
  // Its holder is gone: the lease ends by itself.
  redis.command("DEL", ...redis.command("KEYS", "*lease*").split("\n"));
  expect(await first.history.mark([claim])).toEqual({ type: "lost", lost: [claim] });
  const { answer } = await second.claim(CV);
  expect(answer).toMatchObject({ type: "claimed" });
  expect(answer.type === "claimed" && answer.inDoubtForMs !== null).toBe(true);
  await first.history.release(claim, true);
  expect((await first.claim(CV)).answer.type).toBe("held");
});

test("where one claim of several is lost none of them is marked", async () => {
  await using redis = await startRedis();
  using one = await machine(redis);
  const [kept, lost] = [await one.take(CV), await one.take(checksumOf("b"))];
  redis.command("DEL", redis.command("KEYS", `*lease:${lost.checksum}`));
  expect(await one.history.mark([kept, lost])).toEqual({ type: "lost", lost: [lost] });
  expect(redis.command("KEYS", "*doubt*")).toBe("");
});

test("a claim that is let go of as certainly unsent leaves no doubt, another does", async () => {
  await using redis = await startRedis();
  using one = await machine(redis);
  for (const isCertain of [true, false]) {
    const claim = await one.take(CV);
    await one.history.mark([claim]);
    await one.history.release(claim, isCertain);
    const next = await one.claim(CV);
    expect(next.answer.type === "claimed" && next.answer.inDoubtForMs === null).toBe(isCertain);
    await one.history.release(next.claim, false);
  }
});

test("renewing tells which claims are lost, prolongs the others, and keeps what is on its way young", async () => {
  await using redis = await startRedis();
  using one = await machine(redis);
  const claims = [await one.take(CV), await one.take(checksumOf("b")), await one.take(checksumOf("c"))];
  const [first, lost, third] = claims as [Claim, Claim, Claim];
  await one.history.mark([first, third]);
  redis.command("DEL", redis.command("KEYS", `*lease:${lost.checksum}`));
  for (const key of redis.command("KEYS", "*lease*").split("\n")) redis.command("PERSIST", key);
  const doubts = (): string[] =>
    [first, third].map(({ checksum }) => redis.command("GET", redis.command("KEYS", `*doubt:${checksum}`)));
  const before = doubts();
  await until(
    () => Number(redis.command("TIME").split("\n")[0]) * 1_000 > Number(before[0]) + 1_000,
    "time passes",
  );
  const held = [
    { ...first, stage: "sending" as const },
    waiting(lost),
    { ...third, stage: "in-doubt" as const },
  ];
  expect(await one.history.renew(held)).toEqual({ type: "renewed", lost: [waiting(lost)] });
  for (const key of redis.command("KEYS", "*lease*").split("\n"))
    expect(Number(redis.command("PTTL", key))).toBeWithin(1, LEASE_MS + 1);
  const after = doubts();
  expect([Number(after[0]) > Number(before[0]), after[1] === before[1]]).toEqual([true, true]);
});

const FORGETTING: Readonly<Record<string, (redis: RedisServer) => Promise<void>>> = {
  FLUSHALL: async (redis) => {
    redis.command("FLUSHALL");
  },
  "a restart without persistence": async (redis) => {
    await redis.stop();
    await redis.start();
  },
};

/** Asks again while a connection that is gone is only found out. */
async function answered<T>(ask: () => Promise<T>): Promise<T> {
  const answers: T[] = [];
  await until(async () => {
    try {
      answers.push(await ask());
      return true;
    } catch {
      return false;
    }
  }, "the server answers");
  return answers[0] as T;
}

for (const [name, forget] of Object.entries(FORGETTING)) {
  test(`${name} begins an epoch: no step of the old one counts, and what is held and done can be told again`, async () => {
    await using redis = await startRedis();
    using one = await machine(redis);
    using other = await machine(redis);
    const held = await one.take(CV);
    await one.history.done(await one.take(checksumOf("done")));
    const before = await one.join();
    await forget(redis);
    const changed = { type: "epoch-changed" } as const;
    expect((await answered(() => one.claim(checksumOf("new")))).answer).toEqual(changed);
    expect(await one.history.mark([held])).toEqual(changed);
    expect(await one.history.renew([waiting(held)])).toEqual(changed);
    const after = await one.join(before);
    expect(after).not.toBe(before);
    expect(await one.join(after)).toBe(after);
    await one.history.publish([checksumOf("done")]);
    expect(await one.history.regain([{ ...held, stage: "sending" }])).toEqual({ type: "renewed", lost: [] });
    await answered(() => other.join());
    expect((await other.claim(checksumOf("done"))).answer).toEqual({ type: "done" });
    expect((await other.claim(CV)).answer.type).toBe("held");
    expect(redis.command("KEYS", "*doubt*")).toContain(CV);
  });
}

test("a replica that was promoted is another epoch, though it has the old one's key", async () => {
  await using primary = await startRedis();
  await using replica = await startRedis(["--replicaof", "127.0.0.1", `${primary.port}`]);
  using one = await machine(primary);
  await one.take(CV);
  await until(() => replica.command("KEYS", "*epoch*") !== "", "the replica has caught up");
  const refused = await rejection(machine(replica));
  expect([refused.kind, refused.isPassing]).toEqual(["usage", false]);
  replica.command("REPLICAOF", "NO", "ONE");
  const epoch = replica.command("GET", replica.command("KEYS", "*epoch*"));
  expect(epoch).toBe(primary.command("GET", primary.command("KEYS", "*epoch*")));
  using moved = await machine(replica);
  expect(await moved.join()).not.toBe(epoch);
  expect((await moved.claim(CV)).answer.type).toBe("held");
});

test("somebody new sees from the others' connections that the store was emptied; of another destination's or database's it learns nothing", async () => {
  await using redis = await startRedis();
  using old = await machine(redis);
  const before = await old.join();
  redis.command("FLUSHALL");
  using elsewhere = await machine(redis, "https://example.org another");
  expect((await elsewhere.history.join(null, WITNESS_MS)).isFirst).toBe(true);
  using beside = machineOn(
    new Link({ url: `redis://127.0.0.1:${redis.port}/1`, ca: null, timeoutMs: 5_000 }),
  );
  expect((await beside.history.join(null, WITNESS_MS)).isFirst).toBe(true);
  using young = machineOn(new Link({ url: `redis://127.0.0.1:${redis.port}`, ca: null, timeoutMs: 5_000 }));
  const epoch = await young.history.join(null, WITNESS_MS);
  expect([epoch.isFirst, epoch.name === before]).toEqual([false, false]);
  expect((await old.claim(CV)).answer.type).toBe("epoch-changed");
  expect(await old.join(before)).toBe(epoch.name);
});

test("an epoch that somebody new took for the first is renamed by whoever knows an earlier one, while it is young", async () => {
  await using redis = await startRedis();
  using old = await machine(redis);
  const before = await old.join();
  redis.command("FLUSHALL");
  // The newcomer does not see that anybody has been there.
  redis.command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
  using young = await machine(redis);
  const first = await young.history.join(null, WITNESS_MS);
  expect(first.isFirst).toBe(true);
  const late = await answered(() => old.history.join(before, 0));
  expect(late.name).toBe(first.name);
  const renamed = await old.history.join(before, WITNESS_MS);
  expect([renamed.isFirst, renamed.name === first.name, renamed.ageMs >= first.ageMs]).toEqual([
    false,
    false,
    true,
  ]);
  expect((await young.claim(CV)).answer.type).toBe("epoch-changed");
  expect((await young.history.join(first.name, WITNESS_MS)).name).toBe(renamed.name);
});

test("another destination's history says nothing, and what is retracted is done no longer", async () => {
  await using redis = await startRedis();
  using one = await machine(redis);
  using other = await machine(redis, "https://example.org another");
  const many = Array.from({ length: 1_200 }, (_, at) => checksumOf(`${at}`));
  await one.history.publish(many);
  expect((await one.claim(checksumOf("1199"))).answer).toEqual({ type: "done" });
  expect((await other.claim(checksumOf("1199"))).answer.type).toBe("claimed");
  await one.history.retract(many.slice(600));
  expect((await one.claim(checksumOf("1199"))).answer.type).toBe("claimed");
  expect((await one.claim(checksumOf("1"))).answer).toEqual({ type: "done" });
});
