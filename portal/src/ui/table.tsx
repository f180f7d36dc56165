import type { ReactNode } from 'react';

interface TableProps {
  /** What a screen reader calls it. */
  name: string;
  columns: readonly (string | Column)[];
  /** Rows of `<tr>`, with as many cells as there are columns. */
  children: ReactNode;
}

interface Column {
  title: string;
  /** Left out where there is little room; give its cells `className="wide-only"`, too. */
  wideOnly?: boolean;
  align?: 'right';
  /** The title is for screen readers only. */
  isHidden?: boolean;
}

/** A table that scrolls to the side when it has to. */
export function Table({ name, columns, children }: TableProps) {
  return (
    <div className="table-wrap" role="region" aria-label={name} tabIndex={0}>
      <table>
        <thead>
          <tr>
            {columns.map((column) => {
              const { title, wideOnly, align, isHidden }: Column =
                typeof column === 'string' ? { title: column } : column;
              const classes = [wideOnly && 'wide-only', align === 'right' && 'right'].filter(Boolean).join(' ');
              return (
                <th key={title} scope="col" className={classes || undefined}>
                  {isHidden ? <span className="visually-hidden">{title}</span> : title}
                </th>
              );
            })}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}
