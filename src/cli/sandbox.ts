import { sandboxOptions } from "../upload/sandbox/options.ts";
import { codeOf, Failure } from "../lib/errors.ts";
import { formatListenAddress } from "../lib/listen-address.ts";
import { seededRandom } from "../lib/seeded-random.ts";
import { wait } from "../lib/wait.ts";
import type { Sandbox } from "../upload/sandbox/server.ts";
import { command } from "./command-line/command.ts";
import { readTls } from "./access/certificates.ts";

export const sandbox = command({
  name: "sandbox",
  purpose: "Runs a Tanova-compatible API on this machine, to try things and to test against.",
  usage: "",
  positionals: { min: 0, max: 0 },
  options: { sandbox: sandboxOptions },
  details:
    "It speaks the whole protocol, checks that each CV is what its checksum says, and keeps checksums only, never a CV. " +
    "GET /sandbox/stats and /sandbox/stored tell this machine, and no other, what it counted. It runs until it is interrupted.",
  examples: [
    ["nodupe sandbox", "an API that works; URL and key are printed"],
    ["nodupe sandbox --latency 50 --batch", "one that takes 50 ms a request and offers batches"],
    ["nodupe sandbox --faults 500:0.05,429:0.02,reset:0.01,lostack:0.01", "one that fails now and then"],
    [
      "nodupe sandbox --no-409 --processing 3s --faults 504json:0.1",
      "one that keeps repeats, behind a gateway",
    ],
  ],
  result: () => import("../render/results/uploads.ts").then((module) => module.sandboxResult),
  exitCodes: { 1: "it cannot listen there", 2: "usage error" },
  run: async ({ options: { sandbox: given }, terminal, signal }) => {
    const tls = readTls(given.tlsCert, given.tlsKey);
    const { startSandbox } = await import("../upload/sandbox/server.ts");
    const { listen } = given;
    const start = async (): Promise<Sandbox> => {
      try {
        return await startSandbox({
          ...listen,
          latencyMs: given.latency,
          faults: given.faults,
          batch: given.batch,
          refusesDuplicates: !given["no-409"],
          statusCreated: given.statusCreated,
          retryAfterS: given.retryAfter === "none" ? null : given.retryAfter,
          ...(given.processing === null ? {} : { processingMs: given.processing }),
          ...(given.seed === null ? {} : { random: seededRandom(given.seed) }),
          ...(given.maxInFlight === null ? {} : { maxInFlight: given.maxInFlight }),
          ...(given.keep === null ? {} : { store: given.keep }),
          ...(given.apiKey === null ? {} : { apiKey: given.apiKey }),
          ...(tls === null ? {} : { tls }),
        });
      } catch (error) {
        if (given.keep !== null && ["ENOENT", "ENOTDIR", "EISDIR"].includes(codeOf(error) ?? "")) {
          throw new Failure(
            "usage",
            `--keep: cannot write ${given.keep}; expected a file in a folder that exists`,
            {
              cause: error,
            },
          );
        }
        if (["EADDRINUSE", "EADDRNOTAVAIL"].includes(codeOf(error) ?? "")) {
          const why =
            codeOf(error) === "EADDRINUSE"
              ? "another program listens there"
              : "not an address of this machine";
          throw new Failure(
            "failed",
            `cannot listen on ${formatListenAddress(listen)}: ${why}; name another with --listen, port 0 for any`,
            { cause: error },
          );
        }
        throw error;
      }
    };
    using api = await start();
    if (terminal.json) await terminal.resultJson({ url: api.url, api_key: api.apiKey, pid: process.pid });
    else await terminal.result(`URL: ${api.url}\nkey: ${api.apiKey}`);
    terminal.info("the sandbox is ready; Ctrl-C ends it");
    await wait(Infinity, signal);
    const { stored, repeats } = api.stats();
    terminal.info(`CVs stored: ${stored}; uploads of CVs that were stored already: ${repeats}`);
    return 0;
  },
});
