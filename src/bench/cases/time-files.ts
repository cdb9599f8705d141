import { mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { newestTrustedMoment, type ScanOptions } from "../../time/sources/trusted-file.ts";
import { agree } from "../agree.ts";
import { newestBelow } from "../earlier/recursive-scan.ts";
import type { Experiment } from "../experiment.ts";

const NEWEST_S = Date.UTC(2026, 0, 2) / 1e3;
const OLDER_S = Date.UTC(2026, 0, 1) / 1e3;

/** A /var/log of services, each with dated subfolders; the newest file is `syslog` at the top. */
function makeLogs(root: string, services: number, files: number): void {
  mkdirSync(root, { recursive: true });
  const write = (path: string, seconds: number): void => {
    writeFileSync(path, "a line\n");
    utimesSync(path, seconds, seconds);
  };
  write(join(root, "syslog"), NEWEST_S);
  // A log's time counts only if another moment confirms it.
  write(join(root, "auth.log"), OLDER_S);
  for (let service = 0; service < services; service += 1) {
    const folder = join(root, `service-${service}`, "2025", "archive");
    mkdirSync(folder, { recursive: true });
    for (let file = 0; file < files; file += 1) write(join(folder, `${file}.log`), OLDER_S);
  }
}

/** The fallback on a board without a clock chip: the newest trustworthy file. */
export const trustedFileScan: Experiment = {
  job: "time",
  name: "newest file of a log folder",
  prepare: async ({ folder, quick }) => {
    const logs = join(folder, "log");
    makeLogs(logs, 50, quick ? 20 : 60);
    const options: ScanOptions = { files: [], folders: [logs], depth: 2, limit: 100, endNs: 1n << 63n };
    agree("newest file", newestTrustedMoment(options, [])?.path, newestBelow(logs)?.path);
    return {
      type: "timing",
      unit: "ms",
      asynchronous: false,
      iterations: 3,
      roundMs: 30,
      warmUp: true,
      ways: [
        { name: "whole tree", earlier: true, run: () => newestBelow(logs) },
        { name: "two levels, 100 files", run: () => newestTrustedMoment(options, []) },
      ],
      claims: [{ name: "targeted scan", before: "whole tree", after: "two levels, 100 files" }],
    };
  },
};
