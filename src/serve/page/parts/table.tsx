import { useSignal } from "@preact/signals";
import { type ComponentChildren, Fragment } from "preact";

export interface Column<Row> {
  readonly name: string;
  readonly isNumber?: boolean;
  readonly cell: (row: Row) => ComponentChildren;
  /** The value to sort rows by; if absent, the column is not sortable. Unknown values come last. */
  readonly sortBy?: (row: Row) => number | string | null;
}

interface Sorting {
  readonly column: number;
  readonly isDescending: boolean;
}

function compareKeys(left: number | string | null, right: number | string | null): number {
  if (left === right) return 0;
  if (left === null) return 1;
  if (right === null) return -1;
  return left < right ? -1 : 1;
}

function sorted<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  { column, isDescending }: Sorting,
): readonly Row[] {
  const key = columns[column]?.sortBy;
  if (key === undefined) return rows;
  return rows.toSorted((a, b) => {
    const [left, right] = [key(a), key(b)];
    const isUnknown = left === null || right === null;
    return isDescending && !isUnknown ? -compareKeys(left, right) : compareKeys(left, right);
  });
}

/**
 * A table that can be sorted by its headings. On a phone each row is a card with the headings beside the values.
 * `details` returns what to show below a row, or null for nothing.
 */
export function Table<Row>({
  caption,
  columns,
  rows,
  keyOf,
  details = () => null,
  look = "",
}: {
  caption: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  keyOf: (row: Row) => string;
  details?: (row: Row) => ComponentChildren;
  look?: string;
}) {
  const sorting = useSignal<Sorting>({ column: 0, isDescending: false });
  const sortBy = (column: number): void => {
    const { column: before, isDescending } = sorting.value;
    sorting.value = { column, isDescending: before === column && !isDescending };
  };
  const ariaSort = (column: number): "ascending" | "descending" | "none" => {
    if (sorting.value.column !== column) return "none";
    return sorting.value.isDescending ? "descending" : "ascending";
  };
  return (
    <table class={look}>
      <caption>{caption}</caption>
      <thead>
        <tr>
          {columns.map(({ name, isNumber, sortBy: key }, at) => (
            <th
              key={name}
              scope="col"
              class={isNumber === true ? "number" : ""}
              {...(key === undefined ? {} : { "aria-sort": ariaSort(at) })}
            >
              {key === undefined ? (
                name
              ) : (
                <button type="button" class="plain" onClick={() => sortBy(at)}>
                  {name}
                </button>
              )}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {sorted(rows, columns, sorting.value).map((row) => {
          const more = details(row);
          return (
            <Fragment key={keyOf(row)}>
              <tr>
                {columns.map((column) => (
                  <td
                    key={column.name}
                    data-label={column.name}
                    class={column.isNumber === true ? "number" : ""}
                  >
                    <span class="value">{column.cell(row)}</span>
                  </td>
                ))}
              </tr>
              {more === null ? null : (
                <tr class="details">
                  <td colSpan={columns.length}>{more}</td>
                </tr>
              )}
            </Fragment>
          );
        })}
      </tbody>
    </table>
  );
}
