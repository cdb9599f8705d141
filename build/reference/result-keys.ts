import type { ResultSchema } from "../../src/render/results/fields.ts";
import * as z from "zod";
import type { JsonSchema } from "../../src/settings/kind.ts";
import { schemaOf } from "./json-schemas.ts";

/** A key of a result as shown on the page. */
export interface ResultKey {
  /** From the root: `servers[].offset_s`. */
  readonly path: string;
  readonly type: string;
  readonly unit: string;
  readonly what: string;
}

const UNITS: readonly (readonly [suffix: RegExp, unit: string])[] = [
  [/_bytes_per_s$/, "bytes a second"],
  [/_bytes$/, "bytes"],
  [/_ms$/, "milliseconds"],
  [/_ppm$/, "parts per million"],
  [/_usd$/, "US dollars"],
  [/_percent$/, "percent"],
  [/_s$/, "seconds"],
];

/** The unit of a quantity is the suffix of its key. */
function unitOf(key: string): string {
  return UNITS.find(([suffix]) => suffix.test(key))?.[1] ?? "";
}

interface Node extends JsonSchema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly string[];
  readonly anyOf?: readonly Node[];
  readonly items?: Node;
  readonly prefixItems?: readonly Node[];
  readonly properties?: Readonly<Record<string, Node>>;
  readonly required?: readonly string[];
  readonly description?: string;
  readonly format?: string;
}

function namesOf(node: Node): string[] {
  if (node.anyOf !== undefined) return node.anyOf.flatMap(namesOf);
  if (node.enum !== undefined)
    return node.enum.length > 12 ? ["text"] : node.enum.map((word) => `\`${word}\``);
  const types = typeof node.type === "string" ? [node.type] : (node.type ?? ["any"]);
  return types.map((type) => {
    if (type === "string") return node.format === "date-time" ? "time" : "text";
    if (type !== "array") return type;
    const items = node.prefixItems ?? (node.items === undefined ? [] : [node.items]);
    return `list of ${[...new Set(items.flatMap(namesOf))].join(" or ")}`;
  });
}

function typeOf(node: Node, isRequired: boolean): string {
  const names = [...new Set(namesOf(node))];
  return `${names.join(", ")}${isRequired ? "" : ", or absent"}`;
}

/** The keys below a node, each followed by its own. */
function keysBelow(node: Node, prefix: string): ResultKey[] {
  const inner = [...(node.anyOf ?? []), ...(node.items === undefined ? [] : [node.items])];
  const mark = node.items === undefined ? prefix : `${prefix}[]`;
  const own = Object.entries(node.properties ?? {}).flatMap(([key, of]) => {
    const path = prefix === "" ? key : `${prefix}.${key}`;
    const row = {
      path,
      type: typeOf(of, node.required?.includes(key) ?? false),
      unit: unitOf(key),
      what: of.description ?? "",
    };
    return [row, ...keysBelow(of, path)];
  });
  return [...own, ...inner.flatMap((of) => keysBelow(of, mark))];
}

/** The keys of each form of a result. */
export function resultKeys(result: ResultSchema): readonly (readonly ResultKey[])[] {
  const forms = result instanceof z.ZodUnion ? result.options : [result];
  return forms.map((form) => {
    const keys = keysBelow(schemaOf(form), "");
    // The members of a union share some keys.
    return keys.filter(({ path }, at) => keys.findIndex((other) => other.path === path) === at);
  });
}
