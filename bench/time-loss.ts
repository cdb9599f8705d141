// `bun bench/time-loss.ts [RUNS]`: five servers, with 30 % of the packets lost each way, in its own network
// namespace. Needs unshare, ip and nft. Prints how many runs were decided by a majority of the five, and how many
// had an answer.
import { join } from "node:path";
import { median, quantile } from "../src/bench/measure/statistics.ts";
import { BINARY } from "../tests/support/binary.ts";
import { ntpServer, serverArguments } from "../tests/support/time/ntp.ts";
import { programPath } from "../tests/support/programs.ts";

const RUNS = 40;
const SERVERS = 5;
const LOSS_PERCENT = 30;
const INSIDE = "inside";

interface Answer {
  readonly source: string | null;
  readonly elapsed_s: number;
  readonly servers_agreeing: number;
}

function run(...command: readonly string[]): void {
  const [program = "", ...rest] = command;
  const { exitCode, stderr } = Bun.spawnSync([programPath(program), ...rest]);
  if (exitCode !== 0) throw new Error(`Cannot run ${command.join(" ")}: ${stderr.toString().trim()}`);
}

/** Drops incoming packets: a packet dropped on its way out would be reported to the sender. */
function losePackets(ports: readonly number[]): void {
  const lost = `numgen random mod 100 < ${LOSS_PERCENT} drop`;
  const set = `{ ${ports.join(", ")} }`;
  run("nft", "add table inet loss");
  run("nft", "add chain inet loss in { type filter hook input priority 0; }");
  run("nft", `add rule inet loss in udp dport ${set} ${lost}`);
  run("nft", `add rule inet loss in udp sport ${set} ${lost}`);
}

async function measure(runs: number): Promise<void> {
  run("ip", "link", "set", "lo", "up");
  await using stack = new AsyncDisposableStack();
  const servers = await Promise.all(
    Array.from({ length: SERVERS }, async () => stack.use(await ntpServer({ delayMs: 10 }))),
  );
  losePackets(servers.map(({ port }) => port));
  const answers: Answer[] = [];
  while (answers.length < runs) {
    const command = [BINARY, "time", "--json", "--db", ":memory:", ...serverArguments(servers)];
    const child = Bun.spawn(command, { stdin: "ignore", stdout: "pipe", stderr: "ignore" });
    answers.push((await new Response(child.stdout).json()) as Answer);
  }
  const elapsed = answers.map(({ elapsed_s }) => elapsed_s * 1e3).toSorted((left, right) => left - right);
  const requests = servers.reduce((sum, server) => sum + server.requests, 0);
  const results = {
    runs,
    servers: SERVERS,
    lost_percent_each_way: LOSS_PERCENT,
    majority_decided: answers.filter(({ servers_agreeing }) => servers_agreeing * 2 > SERVERS).length,
    answered: answers.filter(({ source }) => source === "ntp").length,
    median_ms: median(elapsed),
    p95_ms: quantile(elapsed, 0.95),
    requests_that_arrived: requests,
  };
  await Bun.write(Bun.stdout, `${JSON.stringify(results, null, 2)}\n`);
  const path = join(import.meta.dir, "results/time-loss.json");
  await Bun.write(path, `${JSON.stringify(results, null, 2)}\n`);
}

const [first, second] = process.argv.slice(2);
if (first === INSIDE) {
  await measure(Number(second));
  process.exit(0);
}
const namespace = process.getuid?.() === 0 ? ["unshare", "-n"] : ["unshare", "-rn"];
const child = Bun.spawn([...namespace, process.execPath, import.meta.path, INSIDE, first ?? String(RUNS)], {
  stdio: ["ignore", "inherit", "inherit"],
});
process.exit(await child.exited);
