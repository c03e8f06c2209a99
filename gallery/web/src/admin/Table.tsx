// Tables: a column says what its cells hold, and the first names the row.

import type { ComponentChildren } from "preact";

/** How the rows are sorted by a column, and the place where that is turned round. */
export interface Sorted {
  state: "ascending" | "descending" | "none";
  href: string;
}

export interface Column<T> {
  name: string;
  cell: (row: T) => ComponentChildren;
  kind?: "figure" | "long";
  sorted?: Sorted;
}

interface Props<T> {
  label: string;
  columns: Column<T>[];
  rows: T[];
  keyOf: (row: T) => string;
}

/** Scrolled sideways where it is too wide, with the keyboard too. */
export function Table<T>({ label, columns, rows, keyOf }: Props<T>) {
  return (
    <div class="wide" role="region" aria-label={label} tabIndex={0}>
      <table>
        <thead>
          <tr>
            {columns.map(({ name, kind, sorted }) => (
              <th key={name} scope="col" class={kind} aria-sort={sorted?.state}>
                {sorted ? <Turn name={name} sorted={sorted} /> : name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)}>
              {columns.map(({ name, kind, cell }, n) =>
                n === 0 ? (
                  <th key={name} scope="row">
                    {cell(row)}
                  </th>
                ) : (
                  <td key={name} class={kind}>
                    {cell(row)}
                  </td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const MARKS = { ascending: "▲", descending: "▼", none: "" };

function Turn({ name, sorted: { state, href } }: { name: string; sorted: Sorted }) {
  return (
    <a class="turn" href={href}>
      {name}
      <span aria-hidden="true">{MARKS[state]}</span>
    </a>
  );
}
