import { accessSync, constants, statSync } from "node:fs";
import { dirname } from "node:path";
import { codeOf, Failure, reasonOf } from "../lib/errors.ts";
import { refusePlanted } from "../lib/own-file.ts";
import { replaceFile } from "../lib/replace-file.ts";
import type { BenchReport } from "./report.ts";

/** Why a report cannot be written there; null if it can. */
export function writableFault(path: string): Failure | null {
  try {
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) {
      return new Failure("usage", `--save ${path}: it is a folder; name a file`);
    }
    accessSync(dirname(path), constants.W_OK);
    refusePlanted(path, "the report");
    return null;
  } catch (error) {
    if (error instanceof Failure) return error;
    const code = codeOf(error);
    const permitted = code !== "EACCES" && code !== "EPERM" && code !== "EROFS";
    return new Failure(
      permitted ? "usage" : "not-permitted",
      `--save ${path} cannot be written: ${reasonOf(error)}; name another place`,
      { cause: error },
    );
  }
}

export function saveReport(path: string, report: BenchReport): void {
  replaceFile(path, `${JSON.stringify(report, null, 2)}\n`, { what: "the report", mode: 0o666 });
}
