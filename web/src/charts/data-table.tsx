import { useState } from "preact/hooks";

type Cell = string | number;

interface DataTableProps {
  readonly caption: string;
  readonly columns: readonly string[];
  /** Asked for only while the table is open: it may have thousands of rows. */
  readonly rows: () => readonly (readonly Cell[])[];
}

/** The numbers of a chart, folded away until somebody wants them. */
export function DataTable({ caption, columns, rows }: DataTableProps) {
  const [open, setOpen] = useState(false);
  return (
    <details class="data" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{caption} as a table</summary>
      {open && (
        // What scrolls must be reachable without a mouse.
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the keys scroll it
        <section class="scroll" tabIndex={0} aria-label={caption}>
          <table>
            <thead>
              <tr>
                {columns.map((name) => (
                  <th scope="col" key={name}>
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows().map((row, index) => (
                <tr key={index}>
                  {row.map((cell, at) => (
                    <td key={columns[at]}>{cell}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </details>
  );
}
