import {
  count,
  either,
  flag,
  interval,
  list,
  maybe,
  moment,
  number,
  object,
  oneOf,
  text,
  whole,
} from "./fields.ts";

const SERVER_STATUS = [
  "selected",
  "survivor",
  "falseticker",
  "unreachable",
  "kiss_of_death",
  "unsynchronised",
  "invalid",
  "not_needed",
] as const;

const SOURCES = ["ntp", "nts", "https", "rtc", "file", "build", "monotonic"] as const;

const source = maybe(oneOf(SOURCES, "where the time came from; monotonic is no absolute time"));
const offset = maybe(number("add it to the local clock to get true time"));
const bound = maybe(number("how far off the offset may be at most"));
const iso = maybe(moment("the corrected time, to the nanosecond"));
const fastdate64 = maybe(text("the corrected time as FastDate64, a decimal number"));

/** `nodupe time`; with `--watch` one for each round. */
export const timeResult = object({
  source,
  authenticated: flag("true for NTS alone"),
  offset_s: offset,
  offset_mean_s: maybe(number("with --watch: the exponential mean of the offset")).optional(),
  delay_s: maybe(number("round trip to the selected server")),
  error_bound_s: bound,
  stratum: maybe(whole("of the selected server")),
  leap: oneOf(["none", "insert", "delete", "unknown"], "a leap second at the end of the day"),
  server: maybe(text("the selected server, as it was named")),
  address: maybe(text("its address")),
  iso,
  fastdate64,
  elapsed_s: number("how long it took"),
  drift_ppm: maybe(number("how fast the raw clock runs, from earlier runs; null until known")),
  drift_interval_ppm: maybe(interval("within which the drift lies")),
  check: maybe(oneOf(["within", "beyond", "unknown"], "what --check found; null without it")),
  clock: object({
    action: oneOf(["none", "step", "slew"], "what was done"),
    applied_s: maybe(number("by how much")),
    refused: maybe(text("why the clock was not set")),
    rtc: maybe(text("the result of setting the RTC")),
    synchronised: maybe(flag("whether the kernel's clock was marked as synchronised")),
  }).describe("what was done to the clock"),
  servers_asked: count("servers that were asked; if source is https, HTTPS servers"),
  servers_answered: count("servers that gave a valid answer"),
  servers_agreeing: count("servers that stand behind the answer"),
  liars_tolerated: maybe(count("for how many wrong servers the bound holds")),
  liars_tolerated_of: maybe(oneOf(["asked", "answered"], "of those asked, or of those that answered")),
  note: maybe(text("why there is no answer, or what a local one rests on")),
  passed_over: list(text("a sentence"), "why better sources were passed over"),
  servers: list(
    object({
      host: text("the server as it was named"),
      address: maybe(text("one of its addresses")),
      port: maybe(whole("its port")),
      status: oneOf(SERVER_STATUS, "what became of it"),
      offset_s: maybe(number("what it says of the local clock")),
      delay_s: maybe(number("round trip")),
      jitter_s: maybe(number("spread of its samples")),
      stratum: maybe(whole("its distance to a reference clock")),
      reason: maybe(text("why it did not count")),
    }),
    "one for each address that was asked",
  ),
});

/** `nodupe stamp`, and its two conversions. */
export const stampResult = either([
  object({ fastdate64, iso, source, offset_s: offset, error_bound_s: bound }),
  object({
    values: list(
      object({
        input: text("as it was given"),
        output: maybe(text("what it is converted to")),
        reason: maybe(text("why it cannot be converted")),
      }),
      "one for each input",
    ),
    failed: count("inputs that cannot be converted"),
  }),
]);
