import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";

const SCHEMAS = join(import.meta.dir, "../../../docs/reference/schemas");

/** A schema of docs/reference (`config` or a command's name), parsed as plain JSON Schema, as others would. */
export function publishedSchema(name: string): z.ZodType {
  const text = readFileSync(join(SCHEMAS, `${name.replaceAll(" ", "-")}.json`), "utf8");
  return z.fromJSONSchema(JSON.parse(text) as z.core.JSONSchema.JSONSchema);
}

/** @throws Error if an object printed by a command does not match its schema. */
export function expectAsPublished(command: string, line: string): void {
  const parsed = publishedSchema(command).safeParse(JSON.parse(line));
  if (!parsed.success)
    throw new Error(`nodupe ${command}: ${z.prettifyError(parsed.error)}\n${line.slice(0, 500)}`);
}
