import { seededRandom } from "../../../src/lib/seeded-random.ts";
import { startSandbox } from "../../../src/upload/sandbox/server.ts";
import { writeCvs } from "./cvs.ts";
import { patient } from "../emulation.ts";
import { startRedis } from "../net/redis.ts";
import { startRelay } from "../net/relay.ts";
import { isSumRight, resultOf, startSync } from "./sync.ts";
import { type TempFolder, tempFolder } from "../temp.ts";
import { until } from "../until.ts";

/** Faults of machines that share a history, or of the shared store. */
export const SHARED_FAULTS = [
  "none",
  "flush",
  "newcomer",
  "restart",
  "promotion",
  "pause",
  "partition",
  "kills",
] as const;
export type SharedFault = (typeof SHARED_FAULTS)[number];

/** The scale of a test. Times in milliseconds; the lease is the program's own 10 s. */
export interface FaultScale {
  readonly contents: number;
  readonly workers: number;
  /** How long the server processes an upload, uniformly distributed. */
  readonly processingMs: readonly [least: number, most: number];
  readonly ambiguousWaitMs: number;
  readonly pauseMs: number;
  readonly partitionMs: number;
  readonly kills: number;
}

/** The scale that is promised. */
export const FULL: FaultScale = {
  contents: 150,
  workers: 6,
  processingMs: [3_000, 10_000],
  ambiguousWaitMs: 60_000,
  pauseMs: 25_000,
  partitionMs: 20_000,
  kills: 30,
};
/** Waits reduced to what the server needs; a fault that must outlast a lease still does. */
export const QUICK: FaultScale = {
  contents: 36,
  workers: 3,
  processingMs: [300, 1_000],
  ambiguousWaitMs: 4_000,
  pauseMs: 12_000,
  partitionMs: 12_000,
  kills: 6,
};

/** A newcomer must find uploads of machines that are quiet for a while: few at a time, and slow. */
export function scaleOf(fault: SharedFault, scale: FaultScale): FaultScale {
  if (fault !== "newcomer") return scale;
  const [least, most] = scale.processingMs;
  return {
    ...scale,
    contents: Math.ceil(scale.contents / 5),
    workers: 1,
    processingMs: [Math.max(least, 3_000), Math.max(most, 4_000)],
    ambiguousWaitMs: Math.max(scale.ambiguousWaitMs, 10_000),
  };
}

export interface FaultOutcome {
  readonly fault: SharedFault;
  readonly seed: number;
  readonly contents: number;
  /** Runs of all machines, and how many of them were killed. */
  readonly runs: number;
  readonly kills: number;
  /** Uploads of contents that the server already had. */
  readonly repeats: number;
  /** Contents missing in the end. */
  readonly lost: number;
  /** Results whose counts do not add up, and runs that did not end. */
  readonly wrong_sums: number;
  readonly endless: number;
  readonly seconds: number;
}

const MACHINES = 3;
/** A content that has not arrived after this many runs of each machine counts as lost. */
const MOST_RUNS = 12;
const RUN_ENDS_MS = 240_000;
/** The address that gets cut off; the shared store listens there too. */
const FAR = "127.0.0.9";

function nft(...words: readonly string[]): void {
  const { exitCode, stderr } = Bun.spawnSync(["nft", ...words], { stderr: "pipe" });
  if (exitCode !== 0) throw new Error(`nft ${words.join(" ")}: ${stderr.toString()}`);
}

function sleep(ms: number): Promise<void> {
  return new Promise((resume) => {
    setTimeout(resume, ms);
  });
}

interface Count {
  runs: number;
  kills: number;
  wrongSums: number;
  endless: number;
}

/** One machine with its own store, which runs until everything is done. */
class Machine implements Disposable {
  readonly #home: TempFolder = tempFolder();
  readonly #args: readonly string[];
  readonly #sandbox: { readonly url: string; readonly apiKey: string };
  readonly #shared: string;
  readonly #count: Count;
  #child: ReturnType<typeof startSync> | null = null;
  #isKilled = false;

  constructor(
    sandbox: { readonly url: string; readonly apiKey: string },
    options: { readonly args: readonly string[]; readonly shared: string; readonly count: Count },
  ) {
    this.#sandbox = sandbox;
    this.#args = options.args;
    this.#shared = options.shared;
    this.#count = options.count;
  }

  signal(signal: NodeJS.Signals): void {
    if (signal === "SIGKILL") this.#isKilled = true;
    this.#child?.kill(signal);
  }

  async runToEnd(): Promise<void> {
    for (let run = 0, isDone = false; !isDone && run < MOST_RUNS; run += 1) {
      this.#count.runs += 1;
      this.#isKilled = false;
      const child = startSync({ home: this.#home, sandbox: this.#sandbox }, this.#args, {
        NODUPE_SHARED: this.#shared,
      });
      this.#child = child;
      const deadline = setTimeout(() => {
        this.#count.endless += 1;
        child.kill("SIGKILL");
      }, patient(RUN_ENDS_MS));
      const [stdout, stderr] = await Promise.all([
        new Response(child.stdout).text(),
        new Response(child.stderr).text(),
        child.exited,
      ]);
      clearTimeout(deadline);
      if (this.#isKilled) {
        this.#count.kills += 1;
        // Killed runs do not count.
        run -= 1;
        continue;
      }
      if (!isSumRight(resultOf({ stdout, stderr }))) this.#count.wrongSums += 1;
      isDone = child.exitCode === 0;
    }
    this.#child = null;
  }

  [Symbol.dispose](): void {
    this.#child?.kill("SIGKILL");
    this.#home[Symbol.dispose]();
  }
}

/**
 * Three machines running the compiled binary with the same tree, one real redis-server and a server that accepts
 * duplicates; one fault in the middle. `partition` must run in its own network namespace, as root.
 */
export async function playSharedFault(
  fault: SharedFault,
  seed: number,
  scale: FaultScale,
): Promise<FaultOutcome> {
  const startedMs = performance.now();
  const { contents, workers, processingMs, ambiguousWaitMs } = scaleOf(fault, scale);
  const random = seededRandom(seed);
  using cvs = tempFolder();
  const tree = writeCvs(cvs.path, { files: contents, seed });
  const [least, most] = processingMs;
  using sandbox = await startSandbox({
    processingMs: () => least + random() * (most - least),
    refusesDuplicates: false,
  });
  await using redis = await startRedis(["--bind", "127.0.0.1", ...(fault === "partition" ? [FAR] : [])]);
  await using replica =
    fault === "promotion" ? await startRedis(["--replicaof", "127.0.0.1", `${redis.port}`]) : null;
  using relay = await startRelay(redis.port);
  const args = ["--workers", `${workers}`, "--ambiguous-wait", `${ambiguousWaitMs}ms`, cvs.path];
  const count: Count = { runs: 0, kills: 0, wrongSums: 0, endless: 0 };
  using stack = new DisposableStack();
  const machines = Array.from({ length: MACHINES }, (_, at) => {
    const isFar = fault === "partition" && at === 0;
    const shared = isFar ? `redis://${FAR}:${redis.port}` : `redis://127.0.0.1:${relay.port}`;
    return stack.use(new Machine(sandbox, { args, shared, count }));
  });
  const newcomer = fault === "newcomer" ? machines.pop() : undefined;
  const ends = Promise.all(machines.map((machine) => machine.runToEnd()));
  const injectFault = async (): Promise<void> => {
    await until(
      () => sandbox.stats().stored >= contents * (0.15 + 0.2 * random()),
      "some contents are stored",
      120_000,
    );
    switch (fault) {
      case "none":
        return;
      case "flush":
        redis.command("FLUSHALL");
        return;
      case "newcomer":
        // It joins before any other machine has noticed.
        redis.command("FLUSHALL");
        await newcomer?.runToEnd();
        return;
      case "restart":
        await redis.stop();
        await sleep(200 + 1_500 * random());
        await redis.start();
        return;
      case "promotion":
        // From now on the replica falls behind.
        replica?.command("REPLICAOF", "NO", "ONE");
        await sleep(1_000 + 2_000 * random());
        await redis.stop();
        relay.lead(replica?.port ?? 0);
        return;
      case "pause":
        machines[0]?.signal("SIGSTOP");
        await sleep(scale.pauseMs);
        machines[0]?.signal("SIGCONT");
        return;
      case "partition":
        nft("add", "table", "inet", "cut");
        nft("add", "chain", "inet", "cut", "in", "{ type filter hook input priority 0; }");
        nft("add", "rule", "inet", "cut", "in", "ip", "daddr", FAR, "drop");
        nft("add", "rule", "inet", "cut", "in", "ip", "saddr", FAR, "drop");
        await sleep(scale.partitionMs);
        nft("delete", "table", "inet", "cut");
        return;
      case "kills":
        for (let kill = 0; kill < scale.kills; kill += 1) {
          machines[Math.floor(random() * MACHINES)]?.signal("SIGKILL");
          await sleep(1_000);
        }
    }
  };
  await Promise.all([injectFault(), ends]);
  const lost = [...tree.contents.keys()].filter((checksum) => !sandbox.stored().has(checksum)).length;
  return {
    fault,
    seed,
    contents: tree.contents.size,
    runs: count.runs,
    kills: count.kills,
    repeats: sandbox.stats().repeats,
    lost,
    wrong_sums: count.wrongSums,
    endless: count.endless,
    seconds: (performance.now() - startedMs) / 1_000,
  };
}

// `unshare -n bun tests/support/upload/shared-faults.ts FAULT SEED [quick]`: plays one fault in its own network
// namespace.
if (import.meta.main) {
  const [fault, seed, how] = Bun.argv.slice(2);
  const known = SHARED_FAULTS.find((one) => one === fault) ?? "none";
  Bun.spawnSync(["ip", "link", "set", "lo", "up"]);
  const outcome = await playSharedFault(known, Number(seed), how === "quick" ? QUICK : FULL);
  await Bun.write(Bun.stdout, `${JSON.stringify(outcome)}\n`);
}
