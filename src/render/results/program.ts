import * as z from "zod";
import type { BenchReport } from "../../bench/report.ts";
import { JOBS, UNITS } from "../../bench/experiment.ts";
import { count, either, failure, flag, list, maybe, number, object, oneOf, text } from "./fields.ts";

const path = text("path of the config file");

export const configInitResult = object({ path, written: flag("whether the file was written: always true") });
export const configCheckResult = object({
  path,
  valid: flag("whether the file is valid: always true, as a file with faults ends with exit code 2"),
  warnings: list(text("warning in a sentence"), "faults of the file that are no reason to refuse it"),
});
export const configPathResult = object({ path, exists: flag("whether the file exists") });
export const configImportResult = object({
  path,
  imported: list(text("key in the section [sync]"), "settings that were set"),
});
export const configShowResult = object({
  path,
  exists: flag("whether the file exists"),
  settings: list(
    object({
      key: text("section and key of the setting"),
      value: z
        .unknown()
        .describe("value of the setting: durations in milliseconds, sizes in bytes, secrets masked"),
      source: oneOf(["flag", "environment", "file", "default"], "source of the value"),
      origin: maybe(text("name of the variable, or path of the file")),
    }),
    "all settings",
  ),
});

export const completionsResult = either([
  object({ shell: text("name of the shell"), script: text("completion script for the shell") }),
  object({
    candidates: list(
      text("name of a node, or the first digits of a checksum"),
      "words from the store that complete the input",
    ),
  }),
]);

export const upgradeResult = object({
  current: text("version of this program"),
  latest: maybe(text("newest version that is offered")),
  available: maybe(flag("whether `latest` is newer")),
  upgraded: flag("whether the new version was installed"),
  signature: maybe(
    oneOf(
      ["verified", "unchecked"],
      "whether the signature was verified; unchecked: this build contains no key",
    ),
  ),
  target: text("platform that this build is for"),
  path: text("path of the program"),
  url: text("address where releases are looked for"),
  elapsed_s: number("duration of the command in seconds"),
  error: maybe(failure.describe("why there was no answer")),
});

export const versionResult = object({
  version: text("version number"),
  target: maybe(text("platform that it was built for; null if run from source")),
  commit: maybe(text("commit that it was built from")),
  commit_date: text("date of the commit"),
});

const scope = oneOf(["system", "user"], "whether the units belong to the system or to the user's session");
const units = list(text("file name of a unit"), "systemd units");
export const serviceInstallResult = object({ units, scope });
export const serviceUninstallResult = object({ units, scope });
export const servicePrintResult = object({
  files: list(
    object({ path: text("path where the file belongs"), text: text("content of the file") }),
    "files of the service",
  ),
});

const job = z.enum(JOBS).describe("job that is measured");
const unit = z.enum(UNITS).describe("unit of the values");
const change = object({
  job,
  name: text("name of the case"),
  unit,
  before: number("median in the saved report"),
  after: number("median in this report"),
  slower_percent: number("how much slower the median became, in percent; negative if it became faster"),
  low_percent: number("least slowing in percent, if both medians lie in their intervals"),
  high_percent: number("greatest slowing in percent, if both medians lie in their intervals"),
});

export const benchResult = object({
  machine: object({
    cpu: text("model of the processor"),
    cores: count("cores that a process may use"),
    memory_bytes: count("memory of the machine in bytes"),
    architecture: text("architecture of the machine: arm64 or x64"),
    system: text("operating system: linux"),
    filesystem: maybe(text("file system of the folder that the cases worked in")),
    storage_write_bytes_per_s: maybe(number("write speed of the storage in bytes per second")),
    storage_read_bytes_per_s: maybe(number("read speed of the storage in bytes per second")),
    nodupe: text("version of nodupe"),
  }).describe("machine that was measured"),
  quick: flag("whether fewer rounds were measured"),
  cases: list(
    object({
      job,
      name: text("name of the case: experiment and way"),
      experiment: text("what the experiment does"),
      way: text("how the experiment does it"),
      unit,
      median: number("median of the samples"),
      p99: number("value that 99 of 100 samples reach or better"),
      samples: count("number of samples"),
      low: number("lower end of the middle half of the samples"),
      high: number("upper end of the middle half of the samples"),
      median_low: maybe(number("lower bound of the median; null if there was one round only")),
      median_high: maybe(number("upper bound of the median; null if there was one round only")),
      earlier: flag("whether this is an earlier way of doing it, which `--against` does not judge"),
      series: list(z.number(), "samples in order; some are left out if there are many"),
    }),
    "all cases that were measured",
  ),
  ratios: list(
    object({
      job,
      name: text("name of the claim"),
      unit,
      before: number("value of the earlier way in the middle round"),
      after: number("value of our way in that round"),
      ratio: number("how many times better our way was in that round"),
      low: number("ratio of the worst round"),
      high: number("ratio of the best round"),
      before_case: text("name of the case with the earlier way"),
      after_case: text("name of the case with our way"),
    }),
    "all claims about how much better our way is",
  ),
  board: object({
    cvs_per_s: maybe(number("CVs uploaded per second if the network is not the limit")),
    cv_bytes: maybe(count("size of each of these CVs in bytes")),
    log_gb_s: maybe(number("seconds to read a log of 10^9 bytes")),
    comparison_ms: maybe(number("milliseconds to compare two nodes over a week")),
    limit: maybe(z.enum(["storage", "processor"])).describe("part of the machine that is the limit"),
  }).describe("what this machine can do; null if not measured"),
  failures: list(
    object({ job, name: text("name of the case"), reason: text("why it could not be measured") }),
    "cases that could not be measured",
  ),
  interrupted: flag("whether a signal ended the command"),
  elapsed_s: number("duration of the command in seconds"),
  against: maybe(
    object({
      tolerance_percent: number("value of `--tolerance`, in percent"),
      compared: count("number of cases in both reports"),
      slower: list(change, "cases that are surely slower by more than the tolerance, the worst first"),
      faster: list(change, "cases that are surely faster by more than the tolerance"),
      missing: list(z.string(), "cases that only the saved report has"),
      same_machine: flag("whether the saved report is from this machine"),
    }).describe("changes since the saved report; null without `--against`"),
  ),
}) satisfies z.ZodType<BenchReport>;
