export type Alignment = "left" | "right";

function pad(text: string, width: number, alignment: Alignment): string {
  const space = " ".repeat(Math.max(0, width - Bun.stringWidth(text)));
  return alignment === "left" ? text + space : space + text;
}

/**
 * A table in columns two spaces apart, with widths as a terminal counts them. Columns are left-aligned by default.
 * A row of one cell is a heading across all columns.
 */
export function textTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  alignments: readonly Alignment[],
): string {
  const widths = head.map((title, column) =>
    Math.max(
      Bun.stringWidth(title),
      ...rows.map((row) => (row.length === 1 ? 0 : Bun.stringWidth(row[column] ?? ""))),
    ),
  );
  return [head, ...rows]
    .map((row) =>
      widths
        .map((width, column) => pad(row[column] ?? "", width, alignments[column] ?? "left"))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** The same in Markdown; columns are not padded. */
export function markdownTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  alignments: readonly Alignment[],
): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|").replaceAll("\n", " ")).join(" | ")} |`;
  const rule = head.map((_, column) => (alignments[column] === "right" ? "---:" : "---"));
  return [head, rule, ...rows].map(line).join("\n");
}
