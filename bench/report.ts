/** The target of a value, or of its ratio to the first floor. */
export interface Target {
  of: 'value' | 'ratio';
  is: 'at least' | 'at most';
  limit: number;
}

export interface Floor {
  name: string;
  value: number;
}

export interface Row {
  /** Stays the same from run to run, whatever the sizes. */
  id: string;
  name: string;
  /** Null if it cannot be measured here; then a note says why. */
  value: number | null;
  unit: string;
  /** What it is compared with, in the same unit. */
  floors?: Floor[];
  target?: Target;
  note?: string;
  /** Shown in the JSON only. */
  details?: Record<string, unknown>;
}

export interface ReportedRow extends Row {
  measurement: string;
  /** Value ÷ floor, in the order of `floors`. */
  ratios: number[];
  /** Undefined without a target, or without a value. */
  reached: boolean | undefined;
}

export interface Failure {
  measurement: string;
  reason: string;
}

/** What was measured so far, and what failed. */
export class Report {
  readonly rows: ReportedRow[] = [];
  readonly failures: Failure[] = [];

  /** @throws when a value is not a finite number, is missing without a note, or has a floor of zero */
  add(measurement: string, row: Row): void {
    const floors = row.floors ?? [];
    for (const number of [...(row.value === null ? [] : [row.value]), ...floors.map((floor) => floor.value)]) {
      if (!Number.isFinite(number)) throw new Error(`${row.name} is no number (${number})`);
    }
    if (row.value === null && row.note === undefined) throw new Error(`${row.name} is missing without a reason`);
    const ratios = row.value === null ? [] : floors.map((floor) => row.value! / floor.value);
    if (ratios.some((ratio) => !Number.isFinite(ratio))) throw new Error(`${row.name} has a floor of zero`);
    this.rows.push({ ...row, measurement, ratios, reached: isReached(row, ratios[0]) });
  }

  /** Undefined when it was not measured in this run. */
  value(id: string): number | undefined {
    return this.rows.find((row) => row.id === id)?.value ?? undefined;
  }

  fail(measurement: string, error: unknown): void {
    this.failures.push({ measurement, reason: error instanceof Error ? error.message : String(error) });
  }
}

function isReached({ value, target }: Row, ratio: number | undefined): boolean | undefined {
  const measured = target?.of === 'ratio' ? ratio : value;
  if (!target || measured === undefined || measured === null) return undefined;
  return target.is === 'at least' ? measured >= target.limit : measured <= target.limit;
}

/** The table for people: name, value, unit, ratio to the floor, target, reached. */
export function renderTable({ rows, failures }: Report): string {
  const cells = rows.map((row) => ({
    row,
    texts: [
      row.name,
      row.value === null ? '–' : showNumber(row.value),
      row.unit,
      (row.floors ?? [])
        .map(({ name, value }, index) => {
          const ratio = row.ratios[index];
          return `${ratio === undefined ? '' : `${showNumber(ratio)} × `}${name} (${showNumber(value)})`;
        })
        .join('; '),
      row.target
        ? `${row.target.of === 'ratio' ? '× ' : ''}${row.target.is === 'at least' ? '≥' : '≤'} ${row.target.limit}`
        : '',
      row.reached === undefined ? '' : row.reached ? 'yes' : 'NO',
    ],
  }));
  const head = ['measured', 'value', 'unit', 'ratio to the floor', 'target', 'reached'];
  const widths = head.map((word, column) => Math.max(word.length, ...cells.map(({ texts }) => texts[column]!.length)));
  const line = (texts: string[]) =>
    texts
      .map((text, column) => (column === 1 ? text.padStart(widths[1]!) : text.padEnd(widths[column]!)))
      .join('  ')
      .trimEnd();
  const lines: string[] = [line(head), widths.map((width) => '─'.repeat(width)).join('  ')];
  let measurement: string | undefined;
  for (const { row, texts } of cells) {
    if (row.measurement !== measurement) lines.push(...(measurement === undefined ? [] : ['']));
    measurement = row.measurement;
    lines.push(line(texts));
    if (row.note !== undefined) lines.push(...wrap(row.note, 110).map((part) => `    ${part}`));
  }
  if (failures.length > 0)
    lines.push('', ...failures.map(({ measurement: name, reason }) => `FAILED  ${name}: ${reason}`));
  return lines.join('\n');
}

function wrap(text: string, width: number): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1)!;
    if (line !== '' && line.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines;
}

/** Three significant digits, or all digits of a whole number. */
export function showNumber(value: number): string {
  if (Number.isInteger(value)) return String(value);
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toFixed(Math.min(digits, 4));
}
