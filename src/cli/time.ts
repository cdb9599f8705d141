import { storeOptions } from "../db/options.ts";
import { timeOptions } from "../time/options.ts";
import { command } from "./command-line/command.ts";

export const time = command({
  name: "time",
  purpose: "Measures the clock against time servers; sets it only when asked.",
  usage: "",
  positionals: { min: 0, max: 0 },
  options: { time: timeOptions, store: storeOptions },
  details:
    "All addresses of all servers are asked at once. The answer is what a majority of those that answer agree on, within the error bounds that they claim; it is there as soon as no other could outvote it. Without --set nothing is changed.",
  examples: [
    ["nodupe time", "how far the clock is off, and how sure that is"],
    ["nodupe time --server 192.168.1.1 --server ntp.se --json", "these servers; for a script"],
    ["nodupe time --check --max-offset 50ms", "exit 3 where the clock is off by more"],
    ["sudo nodupe time --wait --set", "while a machine starts: until the time is known to within 100 ms"],
    ["nodupe time --nts", "authenticated time alone, by keys and cookies (NTS)"],
    ["nodupe time --watch --interval 5m --json", "one object a round, until it is stopped"],
  ],
  result: () => import("../render/results/clock.ts").then((module) => module.timeResult),
  exitCodes: {
    0: "measured, and set if asked",
    1: "--set was refused: by a threshold, or since another daemon owns the clock",
    2: "usage error",
    3: "--check: the clock is not surely within --max-offset",
    4: "no server answered, no majority agrees, or --wait-timeout came first",
    5: "not permitted to set the clock",
  },
  run: async (invocation) => {
    const { runTime } = await import("./time/run.ts");
    return runTime(invocation);
  },
});
