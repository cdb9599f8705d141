import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";

const SCHEMAS = join(import.meta.dir, "../../docs/reference/schemas");

/** A schema of docs/reference, read as others read it: as JSON Schema alone. `config`, or a command's name. */
export function publishedSchema(name: string): z.ZodType {
  const text = readFileSync(join(SCHEMAS, `${name.replaceAll(" ", "-")}.json`), "utf8");
  return z.fromJSONSchema(JSON.parse(text) as z.core.JSONSchema.JSONSchema);
}

/** @throws Error where an object that a command printed is not as its schema says. */
export function expectAsPublished(command: string, line: string): void {
  const parsed = publishedSchema(command).safeParse(JSON.parse(line));
  if (!parsed.success)
    throw new Error(`nodupe ${command}: ${z.prettifyError(parsed.error)}\n${line.slice(0, 500)}`);
}
