import * as z from "zod";
import type { BenchReport } from "../../bench/report.ts";
import { JOBS, UNITS } from "../../bench/experiment.ts";
import { count, either, failure, flag, list, maybe, number, object, oneOf, text } from "./fields.ts";

const path = text("the config file");

export const configInitResult = object({ path, written: flag("always true") });
export const configCheckResult = object({
  path,
  valid: flag("always true: a file with faults ends with exit code 2"),
  warnings: list(text("a sentence"), "what is wrong with it, but no reason to refuse it"),
});
export const configPathResult = object({ path, exists: flag("whether it is there") });
export const configImportResult = object({ path, imported: list(text("a key of [sync]"), "what was set") });
export const configShowResult = object({
  path,
  exists: flag("whether it is there"),
  settings: list(
    object({
      key: text("section and key"),
      value: z.unknown().describe("durations in milliseconds, sizes in bytes; secrets are masked"),
      source: oneOf(["flag", "environment", "file", "default"], "where it comes from"),
      origin: maybe(text("the variable, or the file")),
    }),
    "every setting",
  ),
});

export const completionsResult = either([
  object({ shell: text("which shell"), script: text("the script") }),
  object({ candidates: list(text("a name, or the digits of a checksum"), "what the store knows") }),
]);

export const upgradeResult = object({
  current: text("this version"),
  latest: maybe(text("the newest version that is offered")),
  available: maybe(flag("whether that is newer")),
  upgraded: flag("whether it was put in place"),
  signature: maybe(oneOf(["verified", "unchecked"], "unchecked: this build holds no key")),
  target: text("what this build is for"),
  path: text("the program"),
  url: text("where releases are looked for"),
  elapsed_s: number("how long it took"),
  error: maybe(failure.describe("why there was no answer")),
});

export const versionResult = object({
  version: text("a bare number"),
  target: maybe(text("what it was built for; null from source")),
  commit: maybe(text("what it was built from")),
  commit_date: text("the commit's date"),
});

const scope = oneOf(["system", "user"], "the machine's, or your session's");
const units = list(text("a file name"), "the units");
export const serviceInstallResult = object({ units, scope });
export const serviceUninstallResult = object({ units, scope });
export const servicePrintResult = object({
  files: list(
    object({ path: text("where it belongs"), text: text("what it holds") }),
    "the files of the service",
  ),
});

const job = z.enum(JOBS).describe("what is measured");
const unit = z.enum(UNITS).describe("of the values");
const change = object({
  job,
  name: text("of the case"),
  unit,
  before: number("median then"),
  after: number("median now"),
  slower_percent: number("of the medians; negative where it became faster"),
  low_percent: number("it is at least this, as surely as the medians lie in their intervals"),
  high_percent: number("it is at most this"),
});

export const benchResult = object({
  machine: object({
    cpu: text("its model"),
    cores: count("that a process may use"),
    memory_bytes: count("of the machine"),
    architecture: text("arm64 or x64"),
    system: text("linux"),
    filesystem: maybe(text("of the folder that the cases worked in")),
    storage_write_bytes_per_s: maybe(number("what the storage takes")),
    storage_read_bytes_per_s: maybe(number("what the storage gives")),
    nodupe: text("the version"),
  }).describe("what was measured on"),
  quick: flag("fewer rounds"),
  cases: list(
    object({
      job,
      name: text("experiment and way"),
      experiment: text("what is done"),
      way: text("how it is done"),
      unit,
      median: number("of the samples"),
      p99: number("99 of 100 samples are at least this good"),
      samples: count("how many there are"),
      low: number("the middle half begins here"),
      high: number("and ends here"),
      median_low: maybe(number("the median surely lies above this; null where there was one round")),
      median_high: maybe(number("and below this")),
      earlier: flag("how it was done before: nothing that --against fails by"),
      series: list(z.number(), "the samples in order, thinned"),
    }),
    "every way that was measured",
  ),
  ratios: list(
    object({
      job,
      name: text("of the claim"),
      unit,
      before: number("the earlier way in the middle round"),
      after: number("ours in that round"),
      ratio: number("how many times better ours is in that round"),
      low: number("of the worst round"),
      high: number("of the best round"),
      before_case: text("the case it is about"),
      after_case: text("the case it is about"),
    }),
    "every claim",
  ),
  board: object({
    cvs_per_s: maybe(number("CVs that are uploaded in a second where the network is no hindrance")),
    cv_bytes: maybe(count("the size of each of them")),
    log_gb_s: maybe(number("how long a log of 10^9 bytes takes")),
    comparison_ms: maybe(number("how long a comparison of two nodes over a week takes")),
    limit: maybe(z.enum(["storage", "processor"])).describe("what would have to be faster for more"),
  }).describe("what this machine can do; null where it was not measured"),
  failures: list(
    object({ job, name: text("of the case"), reason: text("why") }),
    "what could not be measured",
  ),
  interrupted: flag("ended by a signal"),
  elapsed_s: number("how long it took"),
  against: maybe(
    object({
      tolerance_percent: number("as --tolerance says"),
      compared: count("cases in both reports"),
      slower: list(change, "surely slower, and beyond the tolerance; the worst first"),
      faster: list(change, "surely faster, and beyond the tolerance"),
      missing: list(z.string(), "cases that the saved report has alone"),
      same_machine: flag("whether it is of this machine"),
    }).describe("what changed since the saved report; null without --against"),
  ),
}) satisfies z.ZodType<BenchReport>;
