import type { ListenAddress } from "../../lib/listen-address.ts";
import { FAULT_NAMES, FAULTS_EXPECTED, type FaultPlan, formatFaults, parseFaults } from "./faults.ts";
import {
  duration,
  integer,
  integerOr,
  type Kind,
  listenAddress,
  path,
  text,
  toggle,
} from "../../settings/kind.ts";
import { option, optional } from "../../settings/option.ts";

/** Milliseconds: a bare number, or a duration with its unit. */
const latency: Kind<number> = {
  expected: "a number of milliseconds, or a duration such as 1.5s",
  placeholder: "MS",
  repeatable: false,
  parse: (value) => integer(0).parse(value) ?? duration.parse(value),
  toToml: String,
  json: { anyOf: [integer(0).json, duration.json] },
};

const faults: Kind<FaultPlan> = {
  expected: FAULTS_EXPECTED,
  placeholder: "NAME:SHARE,…",
  repeatable: false,
  parse: (value) => (typeof value === "string" ? parseFaults(value) : null),
  toToml: (value) => JSON.stringify(formatFaults(value)),
  json: { type: "string", pattern: String.raw`^(|[a-z0-9]+:[\d.]+(,[a-z0-9]+:[\d.]+)*)$` },
};

const statusCreated: Kind<200 | 201> = {
  expected: "200 or 201",
  placeholder: "200|201",
  repeatable: false,
  parse: (value) => {
    const status = integer(0).parse(value);
    return status === 200 || status === 201 ? status : null;
  },
  toToml: String,
  json: { enum: [200, 201] },
};

/** `[sandbox]`: the Tanova-compatible API on this machine. */
export const sandboxOptions = {
  listen: option<ListenAddress>(
    listenAddress,
    { hostname: "127.0.0.1", port: 8_321 },
    "where to listen; port 0 is any that is free",
  ),
  latency: option<number>(latency, 0, "how long each answer takes", { defaultText: "0" }),
  faults: option<FaultPlan>(faults, [], `shares of requests that go wrong: ${FAULT_NAMES}`, {
    defaultText: "none",
  }),
  processing: optional<number>(latency, "how long an upload is worked on before it is found and answered", {
    defaultText: "as --latency",
    example: 3_000,
  }),
  seed: optional(integer(0), "draws the faults in the same order each time", { example: 1 }),
  "no-409": option(toggle, false, "store again what is there already, and count it as a repeat", {
    scope: "flag",
  }),
  statusCreated: option(statusCreated, 200, "the status of an upload that was stored"),
  batch: option(toggle, false, "offer uploads in batches and checks in bulk"),
  maxInFlight: optional(integer(1), "refuse more uploads than this at once with 429", { example: 3 }),
  retryAfter: option(integerOr("none", 0, 86_400), 1, "seconds in Retry-After with 429 and 503, or none", {
    placeholder: "SECONDS",
  }),
  keep: optional(path, "a file that keeps what was stored across restarts", {
    placeholder: "FILE",
    example: "~/sandbox.db",
    defaultText: "in memory",
  }),
  tlsCert: optional(path, "PEM certificate: serve https; with --tls-key", {
    placeholder: "FILE",
    scope: "flag",
    needs: "tlsKey",
  }),
  tlsKey: optional(path, "PEM key of the certificate", {
    placeholder: "FILE",
    scope: "flag",
    needs: "tlsCert",
  }),
  apiKey: optional(text("KEY"), "the key that clients must send; a new one each time where it is not set", {
    scope: "settings",
    secret: true,
    example: "tanova_sk_test",
  }),
} as const;
