import assert from 'node:assert/strict';
import { stacked, totalsOf, usualLatency, type Bucket } from '../../../portal/src/charts/buckets.js';
import { periodOf, statisticsQuery } from '../../../portal/src/charts/period.js';

const bucket = (values: Partial<Bucket>): Bucket => ({
  start: '2026-03-02T10:00:00.000Z',
  events: 0,
  delivered: 0,
  failed: 0,
  expired: 0,
  attempts: 0,
  outcomes: {} as Bucket['outcomes'],
  duration_ms: { p50: null, p95: null, p99: null },
  delay_ms: { p50: null, p95: null, p99: null },
  ...values,
});
const slow = (p95: number, attempts: number) => bucket({ attempts, duration_ms: { p50: 1, p95, p99: p95 } });

describe('charts', () => {
  it('add up what a period has', () => {
    const buckets = [bucket({ delivered: 3, failed: 1, events: 2 }), bucket({ delivered: 4, expired: 2, attempts: 9 })];
    assert.deepEqual(totalsOf(buckets), {
      events: 2,
      delivered: 7,
      failed: 1,
      expired: 2,
      attempts: 9,
      ended: 10,
    });
    assert.deepEqual(stacked(buckets), [
      [4, 6],
      [4, 4],
      [3, 4],
    ]);
  });

  it('have the usual latency: that of the bucket in the middle, by attempts', () => {
    const buckets = [slow(900, 2), bucket({}), slow(100, 7), slow(200, 1)];
    assert.deepEqual(usualLatency(buckets, 'duration_ms', 'p95'), { usual: 100, worst: 900 });
    assert.deepEqual(usualLatency([slow(900, 20), ...buckets], 'duration_ms', 'p95'), { usual: 900, worst: 900 });
    assert.equal(usualLatency(buckets, 'delay_ms', 'p95'), null);
  });

  it('ask for as many buckets as the period has, the current one included', () => {
    const now = new Date('2026-03-02T10:20:30.000Z');
    assert.deepEqual(statisticsQuery(periodOf('1h'), now), { bucket: 'minute', since: '2026-03-02T09:21:00.000Z' });
    assert.deepEqual(statisticsQuery(periodOf('7d'), now), { bucket: 'hour', since: '2026-02-23T11:00:00.000Z' });
    assert.deepEqual(statisticsQuery(periodOf('30d'), now), { bucket: 'day', since: '2026-02-01T00:00:00.000Z' });
  });

  it('show 24 hours unless the url names another period', () => {
    assert.deepEqual(
      ['30d', null, 'year'].map((id) => periodOf(id).id),
      ['30d', '24h', '24h'],
    );
  });
});
