import { readFileSync } from "node:fs";
import * as z from "zod";
import { codeOf, Failure, reasonOf } from "../lib/errors.ts";
import { JOBS, UNITS } from "./experiment.ts";

/** What a comparison needs of a saved report; everything else in it is ignored. */
const savedReport = z.object({
  machine: z.object({
    cpu: z.string(),
    cores: z.number(),
    memory_bytes: z.number(),
  }),
  quick: z.boolean().default(false),
  cases: z
    .array(
      z.object({
        job: z.enum(JOBS),
        name: z.string(),
        unit: z.enum(UNITS),
        median: z.number().positive(),
        median_low: z.number().positive().nullable().default(null),
        median_high: z.number().positive().nullable().default(null),
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
 * Reads what `--save` wrote. A quick run has less data in its cases, so it is only compared with quick runs.
 *
 * @throws Failure (usage) if the file is missing, is something else, or is from a run of the other kind.
 */
export function readSavedReport(path: string, quick: boolean): SavedReport {
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
  if (parsed.success) {
    if (parsed.data.quick === quick) return parsed.data;
    const [was, cure] = parsed.data.quick ? ["quick", "add --quick"] : ["full", "leave --quick out"];
    throw new Failure(
      "usage",
      `--against ${path}: that was a ${was} run, and only ${was} runs compare with it; ${cure}`,
    );
  }
  const [issue] = parsed.error.issues;
  const where = issue === undefined || issue.path.length === 0 ? "it" : issue.path.join(".");
  throw expected(path, `${where}: ${issue?.message ?? "not a report"}`);
}
