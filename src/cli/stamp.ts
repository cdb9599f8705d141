import { toggle } from "../settings/kind.ts";
import { option } from "../settings/option.ts";
import { storeOptions } from "../db/options.ts";
import { measureOptions } from "../time/options.ts";
import { command } from "./command-line/command.ts";

const stampOptions = {
  hex: option(toggle, false, "write a FastDate64 as 0x and sixteen digits", { scope: "flag" }),
  unix: option(toggle, false, "write a time as Unix seconds", { scope: "flag" }),
} as const;

export const stamp = command({
  name: "stamp",
  purpose: "Prints the corrected time as FastDate64, and converts to it and back.",
  usage: "[encode TIME… | decode NUMBER…]",
  positionals: { min: 0, max: Infinity },
  options: { stamp: stampOptions, time: measureOptions, store: storeOptions },
  details:
    "FastDate64 is an unsigned 64-bit number, 34 bits of seconds since 1970 and 30 of fraction, exact to the nanosecond. TIME is ISO 8601 with a zone, or Unix seconds with up to nine decimals; - reads one a line from stdin.",
  examples: [
    ["nodupe stamp", "the corrected time now"],
    ["nodupe stamp encode 2026-01-01T00:00:00Z 1700000000.5", "two numbers, a line each"],
    ["nodupe stamp decode 0x1954fc4000000000", "2023-11-14T22:13:20Z"],
    ["cut -d, -f1 times.csv | nodupe stamp encode --hex -", "a batch"],
  ],
  result: () => import("../render/results/clock.ts").then((module) => module.stampResult),
  exitCodes: {
    0: "all of it converted",
    1: "a line of stdin could not be converted; the others were",
    2: "usage error, or an argument that cannot be converted; nothing was converted",
    4: "no server answered, or no majority of them agrees",
  },
  run: async (invocation) => {
    const [word, ...inputs] = invocation.positionals;
    if (word === undefined) {
      const { stampNow } = await import("./stamp/now.ts");
      return stampNow(invocation);
    }
    const { convert } = await import("./stamp/convert.ts");
    return convert(word, inputs, invocation);
  },
});
