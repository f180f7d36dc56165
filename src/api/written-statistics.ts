/*
 * Statistics as JSON and CSV. A year of hours is 3 MB of JSON: written number by number it takes a third of the time of
 * objects, JSON.stringify and its encoding. All pieces are written in one small buffer, since V8 pays for each large one
 * with garbage collections.
 */
import {
  statisticsColumns as columns,
  unitMs,
  type StatisticsRows,
  type StatisticsSpan,
} from '../db/statistics-over-time.js';
import { attemptOutcomes } from '../delivery/outcome.js';
import { AsciiWriter } from './ascii-writer.js';

/** How a list of buckets is written. */
export interface StatisticsFormat extends Pick<FormatTexts, 'head' | 'tail'> {
  /** Before a bucket's start. */
  before: Buffer;
  between: Buffer;
  /** Writes a row's values but its start. */
  writeValues: (out: AsciiWriter, row: Float64Array) => void;
  /** What that writes where nothing happened. */
  nothing: string;
}

/** ASCII texts between the values. */
interface FormatTexts {
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

/** All names, and 22 numbers of 16 digits. */
const maxBucketLength = 1_024;
/** Larger texts would not be among V8's young objects. */
const pieceLength = 65_536;

const percentiles = ['p50', 'p95', 'p99'];

/** As the schema of the answer says. */
export const statisticsJson = formatOf({
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
});

const csvColumns = [
  ...['start', 'events', 'delivered', 'failed', 'expired', 'attempts'],
  ...attemptOutcomes,
  ...['duration_ms', 'delay_ms'].flatMap((name) => percentiles.map((percentile) => `${name}_${percentile}`)),
];

/** RFC 4180, with a header; none of the values needs quotes. */
export const statisticsCsv = formatOf({
  head: `${csvColumns.join(',')}\r\n`,
  before: csvColumns.map((_, i) => (i === 0 ? '' : ',')),
  after: '\r\n',
  between: '',
  tail: '',
  none: '',
});

/** All buckets of the span, with those in which nothing happened, as pieces of ASCII text. `found`: the others. */
export function* writeBuckets(
  found: StatisticsRows,
  { unit, since, until }: StatisticsSpan,
  { head, before, between, tail, writeValues, nothing }: StatisticsFormat,
): Generator<string> {
  const out = new AsciiWriter(pieceLength);
  out.text(head);
  let isThere = found.next();
  for (let ms = since.getTime(); ms < until.getTime(); ms += unitMs[unit]) {
    if (ms > since.getTime()) out.bytes(between);
    out.bytes(before);
    out.wholeMinute(ms);
    if (isThere && found.row[columns.start] === ms) {
      writeValues(out, found.row);
      isThere = found.next();
    } else out.text(nothing);
    if (out.space < maxBucketLength) yield out.take();
  }
  out.text(tail);
  yield out.take();
}

/** What is the same for every answer is made once. */
function formatOf({ head, between, tail, ...texts }: FormatTexts): StatisticsFormat {
  const writeValues = valuesWriter(texts);
  const nothing = new AsciiWriter(maxBucketLength);
  writeValues(nothing, new Float64Array(columns.count).fill(NaN, columns.durations));
  const before = Buffer.from(texts.before[columns.start]!);
  return { head, before, between: Buffer.from(between), tail, writeValues, nothing: nothing.take() };
}

/** Writes a row's values but its start. */
function valuesWriter(texts: Pick<FormatTexts, 'before' | 'after' | 'none'>): StatisticsFormat['writeValues'] {
  const before = texts.before.map((text) => Buffer.from(text));
  const [after, none] = [Buffer.from(texts.after), Buffer.from(texts.none)];
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
