import type { Database } from "bun:sqlite";

interface Column {
  readonly name: string;
  readonly type: string;
  readonly isNullable: boolean;
  readonly default: string | null;
  /** Its position in the primary key, from 1; 0 if not part of it. */
  readonly keyPlace: number;
}

interface Index {
  readonly isUnique: boolean;
  readonly columns: readonly string[];
  readonly where: string | null;
}

interface Table {
  readonly name: string;
  readonly isStrict: boolean;
  readonly columns: readonly Column[];
  readonly foreignKeys: readonly string[];
  readonly indexes: readonly Index[];
  readonly checks: readonly string[];
}

type Row = Readonly<Record<string, string | number | null>>;

/** SQLite stores an expression as written: removes quotes, blanks and the table's own name, which do not matter. */
function plain(expression: string, table: string): string {
  return expression
    .replaceAll(/["`\s]/g, "")
    .replaceAll(`${table}.`, "")
    .toLowerCase();
}

/** The text between the bracket that opens at `from` and its closing one. */
function bracketed(text: string, from: number): string {
  let depth = 0;
  for (let at = from; at < text.length; at += 1) {
    if (text[at] === "(") depth += 1;
    if (text[at] === ")") depth -= 1;
    if (depth === 0) return text.slice(from + 1, at);
  }
  throw new Error(`no bracket closes ${text.slice(from)}`);
}

function checksOf(sql: string, table: string): string[] {
  return [...sql.matchAll(/CHECK\s*\(/gi)]
    .map((match) => plain(bracketed(sql, match.index + match[0].length - 1), table))
    .toSorted();
}

/**
 * The structure of a database's tables, however they were created, according to `PRAGMA`. Leaves out the names of
 * indexes and constraints, and treats primary keys as never null (SQLite reports that only if it was written).
 */
export function schemaOf(db: Database): Table[] {
  const rows = (sql: string) => db.query<Row, []>(sql).all();
  const sqlOf = (name: string) =>
    String(db.query<Row, [string]>("SELECT sql FROM sqlite_schema WHERE name = ?").get(name)?.["sql"] ?? "");
  return rows("PRAGMA table_list")
    .filter(({ schema, name }) => schema === "main" && !String(name).startsWith("sqlite_"))
    .map(({ name: table, strict }) => {
      const name = String(table);
      return {
        name,
        isStrict: strict === 1,
        columns: rows(`PRAGMA table_xinfo(${name})`).map((column) => ({
          name: String(column["name"]),
          type: String(column["type"]).toLowerCase(),
          isNullable: column["notnull"] === 0 && column["pk"] === 0,
          default: column["dflt_value"] === null ? null : String(column["dflt_value"]),
          keyPlace: Number(column["pk"]),
        })),
        foreignKeys: rows(`PRAGMA foreign_key_list(${name})`)
          .map(
            (key) => `${key["from"]} → ${key["table"]}(${key["to"]}) ${key["on_update"]} ${key["on_delete"]}`,
          )
          .toSorted(),
        indexes: rows(`PRAGMA index_list(${name})`)
          .filter(({ origin }) => origin !== "pk")
          .map((index) => ({
            isUnique: index["unique"] === 1,
            columns: rows(`PRAGMA index_info("${index["name"]}")`).map((column) => String(column["name"])),
            where:
              index["partial"] === 1
                ? plain(sqlOf(String(index["name"])).split(/\bWHERE\b/i)[1] ?? "", name)
                : null,
          }))
          .toSorted((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b))),
        checks: checksOf(sqlOf(name), name),
      };
    })
    .toSorted((a, b) => a.name.localeCompare(b.name));
}
