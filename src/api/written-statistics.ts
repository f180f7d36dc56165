/*
 * Statistics as JSON and CSV. A year of hours is 3 MB of JSON: written number by number it takes a third of the time of
 * objects, JSON.stringify and its encoding. All pieces are written in one small buffer, since V8 pays for each large one
 * with garbage collections.
 */
import { statisticsColumns as columns, type StatisticsRows, type StatisticsUnit } from '../db/statistics-over-time.js';
import { attemptOutcomes } from '../delivery/outcome.js';
import { renderTime } from './http/schemas.js';

export const unitMs = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/** Buckets of this unit that begin in [since, until), both whole ones. */
export interface StatisticsSpan {
  unit: StatisticsUnit;
  since: Date;
  until: Date;
}

/** ASCII texts between the values. */
export interface StatisticsFormat {
  head: string;
  /** Before each column. */
  before: readonly string[];
  /** After the last column. */
  after: string;
  /** Between two buckets. */
  between: string;
  tail: string;
  /** Where there is no value. */
  none: string;
}

const percentiles = ['p50', 'p95', 'p99'];

/** As the schema of the answer says. */
export const statisticsJson: StatisticsFormat = {
  head: '{"buckets":[',
  before: [
    '{"start":"',
    '","events":',
    ...['delivered', 'failed', 'expired', 'attempts'].map((name) => `,"${name}":`),
    ...attemptOutcomes.map((name, i) => `${i === 0 ? ',"outcomes":{' : ','}"${name}":`),
    ...percentiles.map((name, i) => `${i === 0 ? '},"duration_ms":{' : ','}"${name}":`),
    ...percentiles.map((name, i) => `${i === 0 ? '},"delay_ms":{' : ','}"${name}":`),
  ],
  after: '}}',
  between: ',',
  tail: ']}',
  none: 'null',
};

const csvColumns = [
  ...['start', 'events', 'delivered', 'failed', 'expired', 'attempts'],
  ...attemptOutcomes,
  ...['duration_ms', 'delay_ms'].flatMap((name) => percentiles.map((percentile) => `${name}_${percentile}`)),
];

/** RFC 4180, with a header; none of the values needs quotes. */
export const statisticsCsv: StatisticsFormat = {
  head: `${csvColumns.join(',')}\r\n`,
  before: csvColumns.map((_, i) => (i === 0 ? '' : ',')),
  after: '\r\n',
  between: '',
  tail: '',
  none: '',
};

/** All buckets of the span, with those in which nothing happened, as pieces of ASCII text. `found`: the others. */
export function* writeBuckets(
  found: StatisticsRows,
  { unit, since, until }: StatisticsSpan,
  format: StatisticsFormat,
): Generator<string> {
  const writeValues = valuesWriter(format);
  const before = Buffer.from(format.before[columns.start]!);
  const between = Buffer.from(format.between);
  const nothing = new AsciiWriter(maxBucketLength);
  writeValues(nothing, new Float64Array(columns.count).fill(NaN, columns.durations));

  const out = new AsciiWriter(pieceLength);
  out.text(format.head);
  let isThere = found.next();
  for (let ms = since.getTime(); ms < until.getTime(); ms += unitMs[unit]) {
    if (ms > since.getTime()) out.bytes(between);
    out.bytes(before);
    out.wholeMinute(ms);
    if (isThere && found.row[columns.start] === ms) {
      writeValues(out, found.row);
      isThere = found.next();
    } else out.bytes(nothing.written());
    if (out.space < maxBucketLength) yield out.take();
  }
  out.text(format.tail);
  yield out.take();
}

/** Writes a row's values but its start. */
function valuesWriter(format: StatisticsFormat): (out: AsciiWriter, row: Float64Array) => void {
  const before = format.before.map((text) => Buffer.from(text));
  const [after, none] = [Buffer.from(format.after), Buffer.from(format.none)];
  // Most outcomes are usually 0, and written at once: those from a column on.
  const zeros = before.map((_, from) =>
    Buffer.concat(before.slice(from, columns.durations).flatMap((text) => [text, Buffer.from('0')])),
  );
  return (out, row) => {
    let outcomesEnd: number = columns.durations;
    while (outcomesEnd > columns.outcomes && row[outcomesEnd - 1] === 0) outcomesEnd--;
    for (let column: number = columns.events; column < columns.count; column++) {
      if (column === outcomesEnd && column < columns.durations) {
        out.bytes(zeros[column]!);
        column = columns.durations;
      }
      out.bytes(before[column]!);
      const value = row[column]!;
      if (Number.isNaN(value)) out.bytes(none);
      else out.integer(value);
    }
    out.bytes(after);
  };
}

/** All names, and 22 numbers of 16 digits. */
const maxBucketLength = 1_024;
/** Larger texts would not be among V8's young objects. */
const pieceLength = 65_536;

/** Writes into one buffer, whose owner sees to it that there is space. */
class AsciiWriter {
  readonly #buffer: Buffer;
  #length = 0;
  #day = NaN;
  #dayText = Buffer.alloc(0);

  constructor(size: number) {
    this.#buffer = Buffer.allocUnsafe(size);
  }

  get space(): number {
    return this.#buffer.length - this.#length;
  }

  /** What was written so far. Begins anew. */
  take(): string {
    const length = this.#length;
    this.#length = 0;
    return this.#buffer.toString('latin1', 0, length);
  }

  text(text: string): void {
    this.#length += this.#buffer.write(text, this.#length, 'latin1');
  }

  bytes(bytes: Uint8Array): void {
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  integer(value: number): void {
    if (value < 10) this.#buffer[this.#length++] = zero + value;
    else if (value >= 1_000_000_000) this.text(String(value));
    else {
      let rest = value | 0;
      let at = this.#length + digitsOf(rest);
      this.#length = at;
      do {
        this.#buffer[--at] = zero + (rest % 10);
        rest = (rest / 10) | 0;
      } while (rest > 0);
    }
  }

  /** As renderTime does. Called for one after the other, it makes a date once a day. */
  wholeMinute(ms: number): void {
    const day = Math.floor(ms / unitMs.day);
    if (day !== this.#day) {
      this.#day = day;
      this.#dayText = Buffer.from(renderTime(new Date(day * unitMs.day)));
    }
    const buffer = this.#buffer;
    const length = this.#length;
    const minutes = (ms - day * unitMs.day) / unitMs.minute;
    this.bytes(this.#dayText);
    twoDigits(buffer, length + 'yyyy-mm-ddT'.length, Math.floor(minutes / 60));
    twoDigits(buffer, length + 'yyyy-mm-ddThh:'.length, minutes % 60);
  }

  written(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }
}

const zero = '0'.charCodeAt(0);

function twoDigits(buffer: Buffer, at: number, value: number): void {
  buffer[at] = zero + Math.floor(value / 10);
  buffer[at + 1] = zero + (value % 10);
}

function digitsOf(value: number): number {
  let digits = 1;
  for (let power = 10; value >= power; power *= 10) digits++;
  return digits;
}
