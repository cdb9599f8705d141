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

const source = maybe(oneOf(SOURCES, "source of the time; monotonic is no absolute time"));
const offset = maybe(number("seconds to add to the local clock to get the true time"));
const bound = maybe(number("largest possible error of the offset, in seconds"));
const iso = maybe(moment("the corrected time, to the nanosecond"));
const fastdate64 = maybe(text("the corrected time as FastDate64, a decimal number"));

/** `nodupe time`; with `--watch` one for each round. */
export const timeResult = object({
  source,
  authenticated: flag("whether the time was authenticated: true for NTS only"),
  offset_s: offset,
  offset_mean_s: maybe(number("exponential mean of the offset in seconds; only with `--watch`")).optional(),
  delay_s: maybe(number("round-trip time to the selected server, in seconds")),
  error_bound_s: bound,
  stratum: maybe(whole("stratum of the selected server")),
  leap: oneOf(["none", "insert", "delete", "unknown"], "leap second announced for the end of the day"),
  server: maybe(text("name of the selected server, as it was given")),
  address: maybe(text("address of the selected server")),
  iso,
  fastdate64,
  elapsed_s: number("duration of the measurement in seconds"),
  drift_ppm: maybe(
    number(
      "rate error of the machine's oscillator in parts per million, from earlier runs; null until known",
    ),
  ),
  drift_interval_ppm: maybe(interval("lowest and highest possible drift, in parts per million")),
  check: maybe(oneOf(["within", "beyond", "unknown"], "result of `--check`; null without `--check`")),
  clock: object({
    action: oneOf(["none", "step", "slew"], "what was done to the clock"),
    applied_s: maybe(number("seconds by which the clock was changed")),
    refused: maybe(text("why the clock was not set")),
    rtc: maybe(text("result of setting the hardware clock")),
    synchronised: maybe(flag("whether the kernel's clock was marked as synchronised")),
  }).describe("setting of the clock"),
  servers_asked: count("servers that were asked; HTTPS servers if `source` is https"),
  servers_answered: count("servers that gave a valid answer"),
  servers_agreeing: count("servers that support the answer"),
  liars_tolerated: maybe(count("number of wrong servers that the error bound tolerates")),
  liars_tolerated_of: maybe(
    oneOf(["asked", "answered"], "whether that is of the servers asked, or of those that answered"),
  ),
  note: maybe(text("why there is no answer, or what a local answer is based on")),
  passed_over: list(text("one reason in a sentence"), "reasons why better sources were not used"),
  servers: list(
    object({
      host: text("name of the server, as it was given"),
      address: maybe(text("address of the server")),
      port: maybe(whole("port of the server")),
      status: oneOf(SERVER_STATUS, "role of the server in the result"),
      offset_s: maybe(number("correction of the local clock that it suggests, in seconds")),
      delay_s: maybe(number("round-trip time in seconds")),
      jitter_s: maybe(number("spread of its samples in seconds")),
      stratum: maybe(whole("stratum: number of steps from a reference clock")),
      reason: maybe(text("why the server did not count")),
    }),
    "each address that was asked",
  ),
});

/** `nodupe stamp`, and its two conversions. */
export const stampResult = either([
  object({ fastdate64, iso, source, offset_s: offset, error_bound_s: bound }),
  object({
    values: list(
      object({
        input: text("value as it was given"),
        output: maybe(text("converted value")),
        reason: maybe(text("why the value cannot be converted")),
      }),
      "each input with its conversion",
    ),
    failed: count("number of inputs that cannot be converted"),
  }),
]);
