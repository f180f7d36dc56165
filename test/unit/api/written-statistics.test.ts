import assert from 'node:assert/strict';
import { statisticsCsv, statisticsJson, writeBuckets } from '../../../src/api/written-statistics.js';
import {
  statisticsColumns as columns,
  StatisticsRows,
  unitMs,
  type StatisticsSpan,
} from '../../../src/db/statistics-over-time.js';
import { attemptOutcomes } from '../../../src/delivery/outcome.js';

type Row = readonly number[];

/** As statistics_as_json writes them: without the sum of the outcomes, and without zeros at their end. */
function rowsOf(rows: readonly Row[]): StatisticsRows {
  const lines = rows.map(([startMs, ...row]) => {
    const from = (column: number, to: number) => row.slice(column - 1, to - 1);
    const outcomes = from(columns.outcomes, columns.durations);
    while (outcomes.at(-1) === 0) outcomes.pop();
    const [durations, delays] = [from(columns.durations, columns.delays), from(columns.delays, columns.count)].map(
      (percentiles) => percentiles.filter((ms) => !Number.isNaN(ms)),
    );
    const counts = from(columns.events, columns.attempts);
    return JSON.stringify([startMs! / 1_000, ...counts, outcomes, durations, delays]);
  });
  return new StatisticsRows(lines.join('\n'));
}

const written = (...args: Parameters<typeof writeBuckets>): string => [...writeBuckets(...args)].join('');

const nothing = [...Array<number>(columns.durations - 1).fill(0), ...Array<number>(6).fill(NaN)];

/** The same with objects. */
function plainly(rows: readonly Row[], span: StatisticsSpan) {
  const buckets = [];
  for (let ms = span.since.getTime(); ms < span.until.getTime(); ms += unitMs[span.unit]) {
    const row = rows.find(([start]) => start === ms) ?? [ms, ...nothing];
    const percentiles = (from: number) =>
      Object.fromEntries(
        ['p50', 'p95', 'p99'].map((name, i) => [name, Number.isNaN(row[from + i]!) ? null : row[from + i]!]),
      );
    buckets.push({
      start: new Date(ms).toISOString(),
      events: row[columns.events],
      delivered: row[columns.delivered],
      failed: row[columns.failed],
      expired: row[columns.expired],
      attempts: row[columns.attempts],
      outcomes: Object.fromEntries(attemptOutcomes.map((name, i) => [name, row[columns.outcomes + i]])),
      duration_ms: percentiles(columns.durations),
      delay_ms: percentiles(columns.delays),
    });
  }
  return buckets;
}

/** A number of any length, often 0. */
const anyCount = () => (Math.random() < 0.4 ? 0 : Math.floor(10 ** (Math.random() * 14)));

describe('statistics in writing', () => {
  it('have a column for each outcome', () => {
    assert.equal(columns.durations - columns.outcomes, attemptOutcomes.length);
  });

  it('are what JSON.stringify would write, whatever the numbers are', () => {
    for (const unit of ['minute', 'hour', 'day'] as const) {
      const since = new Date('2025-12-30T00:00:00Z');
      const span = { unit, since, until: new Date(since.getTime() + 1_000 * unitMs[unit]) };
      const rows: Row[] = [];
      for (let n = 0; n < 1_000; n++) {
        if (Math.random() < 0.3) continue;
        const counts = Array.from({ length: columns.attempts - 1 }, anyCount);
        const outcomes = attemptOutcomes.map(anyCount);
        const attempts = outcomes.reduce((sum, many) => sum + many, 0);
        const measured = [0, 1].flatMap(() => Array<number>(3).fill(Math.random() < 0.2 ? NaN : anyCount()));
        rows.push([since.getTime() + n * unitMs[unit], ...counts, attempts, ...outcomes, ...measured]);
      }
      assert.equal(written(rowsOf(rows), span, statisticsJson), JSON.stringify({ buckets: plainly(rows, span) }));
    }
  });

  it('are written whole where every number has all its digits', () => {
    const since = new Date('2025-12-30T00:00:00Z');
    const span = { unit: 'hour', since, until: new Date(since.getTime() + 10 * unitMs.hour) } as const;
    const most = Number.MAX_SAFE_INTEGER;
    const rows = Array.from({ length: 10 }, (_, n) => [
      since.getTime() + n * unitMs.hour,
      ...Array<number>(4).fill(most),
      most * attemptOutcomes.length,
      ...Array<number>(columns.count - columns.outcomes).fill(most),
    ]);
    assert.equal(written(rowsOf(rows), span, statisticsJson), JSON.stringify({ buckets: plainly(rows, span) }));
    const csv = written(rowsOf(rows), span, statisticsCsv);
    assert.deepEqual(
      csv.split('\r\n').slice(1, -1),
      rows.map(([start, ...values]) => [new Date(start!).toISOString(), ...values].join(',')),
    );
  });

  it('have no row that is not of the span', () => {
    const since = new Date('2025-12-30T00:00:00Z');
    const span = { unit: 'hour', since, until: new Date(since.getTime() + 2 * unitMs.hour) } as const;
    const empty = written(rowsOf([]), span, statisticsCsv).split('\r\n');
    assert.deepEqual(empty.slice(1, 3), [
      `2025-12-30T00:00:00.000Z${',0'.repeat(16)},,,,,,`,
      `2025-12-30T01:00:00.000Z${',0'.repeat(16)},,,,,,`,
    ]);
  });
});
