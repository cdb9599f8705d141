import { readFileSync } from "node:fs";
import * as z from "zod";
import { codeOf, Failure, reasonOf } from "../lib/errors.ts";
import { JOBS, UNITS } from "./experiment.ts";

/** What a comparison reads of a saved report; what else stands in it is of no matter. */
const savedReport = z.object({
  machine: z.object({
    cpu: z.string(),
    cores: z.number(),
    memory_bytes: z.number(),
  }),
  cases: z
    .array(
      z.object({
        job: z.enum(JOBS),
        name: z.string(),
        unit: z.enum(UNITS),
        median: z.number().positive(),
      }),
    )
    .min(1),
});

export type SavedReport = z.infer<typeof savedReport>;

function expected(path: string, found: string): Failure {
  return new Failure(
    "usage",
    `--against ${path}: ${found}; expected a report that nodupe bench --save FILE wrote`,
  );
}

/**
 * Reads what `--save` wrote.
 *
 * @throws Failure (usage) where the file is missing, or is anything else.
 */
export function readSavedReport(path: string): SavedReport {
  let document: unknown;
  try {
    document = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    const code = codeOf(error);
    if (code === "EACCES") throw new Failure("not-permitted", `cannot read ${path}: ${reasonOf(error)}`);
    if (code === "ENOENT") throw expected(path, "there is no such file");
    throw expected(path, code === undefined ? "it is not JSON" : `it cannot be read (${code})`);
  }
  const parsed = savedReport.safeParse(document);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue === undefined || issue.path.length === 0 ? "it" : issue.path.join(".");
  throw expected(path, `${where}: ${issue?.message ?? "not a report"}`);
}
