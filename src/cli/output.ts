import type { Context } from './context.js';

/** Text of others as it may be shown on a terminal: in one line, without control characters, not too long. */
export function printable(text: string, maxLength = 200): string {
  // eslint-disable-next-line no-control-regex
  const line = text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ').trim();
  return line.length > maxLength ? `${line.slice(0, maxLength)}…` : line;
}

/** Lines of columns, each as wide as its longest cell; the first row is the heading. Cells are shown as they are. */
export function table({ io: { out, colors } }: Context, rows: readonly (readonly string[])[]): void {
  // Not Math.max(...): a call takes only so many arguments, and there may be more rows.
  const widths = rows[0]!.map((_, column) => rows.reduce((width, row) => Math.max(width, row[column]!.length), 0));
  for (const [i, row] of rows.entries()) {
    const line = row.map((cell, column) => cell.padEnd(widths[column]!)).join('  ');
    out(i === 0 ? colors.dim(line.trimEnd()) : line.trimEnd());
  }
}

/** Names and values, one a line. */
export function fields({ io: { out, colors } }: Context, values: Record<string, string | null | undefined>): void {
  const shown = Object.entries(values).filter(([, value]) => value !== undefined && value !== null);
  const width = Math.max(...shown.map(([name]) => name.length));
  for (const [name, value] of shown) out(`${colors.dim(name.padEnd(width))}  ${value}`);
}

/** With `--json` the rows as the API gave them, one a line; else as a table. */
export async function show<Row extends object>(
  context: Context,
  rows: AsyncIterable<Row>,
  { max, heading, cells, none }: { max: number; heading: string[]; cells: (row: Row) => string[]; none: string },
): Promise<void> {
  const lines: string[][] = [];
  let count = 0;
  for await (const row of rows) {
    if (context.json) context.io.out(JSON.stringify(row));
    else lines.push(cells(row));
    count += 1;
    if (count === max) break;
  }
  if (context.json) return;
  if (lines.length === 0) context.io.err(none);
  else table(context, [heading, ...lines]);
}
