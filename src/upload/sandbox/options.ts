import { formatListenAddress, type ListenAddress, parseListenAddress } from "../../lib/listen-address.ts";
import { FAULTS_EXPECTED, type FaultPlan, formatFaults, parseFaults } from "./faults.ts";
import { duration, integer, type Kind, path, text, toggle } from "../../settings/kind.ts";
import { option, optional } from "../../settings/option.ts";

const listenAddress: Kind<ListenAddress> = {
  expected: "HOST:PORT, such as 127.0.0.1:8321 or [::1]:0 (0 is any free port)",
  placeholder: "HOST:PORT",
  repeatable: false,
  parse: (value) => (typeof value === "string" ? parseListenAddress(value) : null),
  toToml: (value) => JSON.stringify(formatListenAddress(value)),
};

/** Milliseconds: a bare number, or a duration with its unit. */
const latency: Kind<number> = {
  expected: "a number of milliseconds, or a duration such as 1.5s",
  placeholder: "MS",
  repeatable: false,
  parse: (value) => integer(0).parse(value) ?? duration.parse(value),
  toToml: String,
};

const faults: Kind<FaultPlan> = {
  expected: FAULTS_EXPECTED,
  placeholder: "NAME:SHARE,…",
  repeatable: false,
  parse: (value) => (typeof value === "string" ? parseFaults(value) : null),
  toToml: (value) => JSON.stringify(formatFaults(value)),
};

/** `[sandbox]`: the Tanova-compatible API on this machine. */
export const sandboxOptions = {
  listen: option<ListenAddress>(
    listenAddress,
    { hostname: "127.0.0.1", port: 8_321 },
    "where to listen; port 0 is any that is free",
  ),
  latency: option<number>(latency, 0, "how long each answer takes", { defaultText: "0" }),
  faults: option<FaultPlan>(
    faults,
    [],
    "shares of requests that go wrong: a status from 400 to 599, html (a web page), reset (cut before the upload " +
      "is whole), lostack (stored, but the answer is lost)",
    { defaultText: "none" },
  ),
  batch: option(toggle, false, "offer uploads in batches and checks in bulk"),
  maxInFlight: optional(integer(1), "refuse more uploads than this at once with 429", { example: 3 }),
  retryAfter: option(integer(0), 1, "seconds in Retry-After with 429 and 503", { placeholder: "SECONDS" }),
  keep: optional(path, "a file that keeps what was stored across restarts", {
    placeholder: "FILE",
    example: "~/sandbox.db",
    defaultText: "in memory",
  }),
  tlsCert: optional(path, "PEM certificate: serve https; with --tls-key", {
    placeholder: "FILE",
    scope: "flag",
  }),
  tlsKey: optional(path, "PEM key of the certificate", { placeholder: "FILE", scope: "flag" }),
  apiKey: optional(text("KEY"), "the key that clients must send; a new one each time where it is not set", {
    scope: "settings",
    secret: true,
    example: "tanova_sk_test",
  }),
} as const;
