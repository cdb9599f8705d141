import type { MakeTarget } from "./fuzz-target.ts";
import { compressedLogs } from "./targets/compressed-logs.ts";
import { historyJson } from "./targets/history-json.ts";
import { httpAnswers } from "./targets/http-answers.ts";
import { httpRequests } from "./targets/http-requests.ts";
import { logLines } from "./targets/log-lines.ts";
import { multipart } from "./targets/multipart.ts";
import { ntpPackets } from "./targets/ntp-packets.ts";
import { ntsFields, ntsRecords } from "./targets/nts-records.ts";
import { toml } from "./targets/toml.ts";

/** All readers of bytes from outside, by their name for `bench/fuzz.ts`. */
export const TARGETS: Readonly<Record<string, MakeTarget>> = {
  "log-lines": logLines,
  "compressed-logs": compressedLogs,
  "ntp-packets": ntpPackets,
  "nts-records": ntsRecords,
  "nts-fields": ntsFields,
  "http-answers": httpAnswers,
  "http-requests": httpRequests,
  multipart,
  "history-json": historyJson,
  toml,
};
