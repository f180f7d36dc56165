import assert from 'node:assert/strict';
import { recordWithEvents } from '../../../../src/events/trigger.js';
import { countUsage } from '../../../../src/sources/usage/count-usage.js';
import { getUsage, setLimits } from '../../../../src/sources/usage/limits.js';
import { NotFoundError } from '../../../../src/errors.js';
import { lockTenantUsage, setLimit } from '../../../../src/db/usage.js';
import { testAuthor } from '../../../support/author.js';
import { insertTenant } from '../../../support/rows.js';
import { completed, createUsageFixture, type UsageFixture } from '../../../support/usage.js';
import { waitFor } from '../../../support/wait-for.js';

const october = new Date('2025-10-15T12:00:00Z');
const november = new Date('2025-11-01T00:00:00Z');

describe('countUsage', () => {
  let fixture: UsageFixture;
  let tenantId: string;
  before(async () => (fixture = await createUsageFixture()));
  after(() => fixture.close());
  beforeEach(async () => (tenantId = await insertTenant(fixture.database.pool)));

  const talk = (amount: number, at = october) => fixture.count({ tenantId, resource: 'call_minutes', amount, at });
  const text = (amount: number, at = october) => fixture.count({ tenantId, resource: 'sms_segments', amount, at });
  const limit = (limits: Parameters<typeof setLimits>[3], at = october) =>
    setLimits(fixture.deps, testAuthor, tenantId, limits, at);
  const triggered = async () => (await fixture.alerts(tenantId)).map(({ alert, data }) => `${alert} ${data.limit}`);

  it('field case 65: makes each event of a limit once, and again after the limit is raised', async () => {
    /** Five concurrent calls bring the usage from `from` to `to`. */
    const reach = async (from: number, to: number, at = october) => {
      await Promise.all(Array.from({ length: 5 }, () => talk((to - from) / 5, at)));
      const { call_minutes } = await getUsage(fixture.db, tenantId, at.toISOString().slice(0, 7));
      assert.equal(call_minutes, to);
      return triggered();
    };
    await limit({ call_minutes: 100 });
    const warned = ['warning 100'];
    const reached = ['warning 100', 'reached 100'];
    const again = [...reached, 'warning 200'];
    assert.deepEqual(await reach(0, 79.9), []);
    assert.deepEqual(await reach(79.9, 80), warned);
    assert.deepEqual(await reach(80, 85), warned);
    assert.deepEqual(await reach(85, 85), warned);
    assert.deepEqual(await reach(85, 99), warned);
    assert.deepEqual(await reach(99, 100), reached);
    assert.deepEqual(await reach(100, 101), reached);
    await limit({ call_minutes: 200 });
    assert.deepEqual(await triggered(), reached, '101 of 200 makes no event');
    assert.deepEqual(await reach(101, 165), again);
    assert.deepEqual(await reach(0, 160, november), [...again, 'warning 200'], 'the next month');
  });

  it('field case 65: does not divide by a limit of 0, and makes no event without a limit', async () => {
    await limit({ call_minutes: 0, sms_segments: null });
    assert.deepEqual(await triggered(), []);
    await Promise.all(Array.from({ length: 5 }, () => talk(1)));
    await Promise.all(Array.from({ length: 5 }, () => text(1000)));
    const [warning, reached, ...more] = await fixture.alerts(tenantId);
    assert.deepEqual(more, []);
    const data = { resource: 'call_minutes', current: 1, limit: 0, month: '2025-10', timestamp: october.toISOString() };
    assert.deepEqual([warning?.alert, warning?.data], ['warning', { ...data, percent_used: 100 }]);
    assert.deepEqual([reached?.alert, reached?.data], ['reached', data]);
  });

  it('reports the usage, the limit, the percentage and the time', async () => {
    await limit({ call_minutes: 1000 });
    await talk(820.0309);
    const [warning] = await fixture.alerts(tenantId);
    assert.equal(warning?.id, `limit_warning_${tenantId}_call_minutes_2025-10_1000`);
    assert.equal(warning.timestamp, october.toISOString());
    assert.deepEqual(warning.data, {
      resource: 'call_minutes',
      current: 820.03,
      limit: 1000,
      percent_used: 82,
      month: '2025-10',
      timestamp: october.toISOString(),
    });
  });

  it('makes both events when one step passes both, the warning first', async () => {
    await limit({ sms_segments: 10 });
    const order: string[] = [];
    await recordWithEvents(fixture.deps, (tx, trigger) =>
      countUsage(tx, (event) => (order.push(event.eventType), trigger(event)), {
        tenantId,
        resource: 'sms_segments',
        amount: 25,
        at: october,
      }),
    );
    assert.deepEqual(order, ['tenant.limit.warning', 'tenant.limit.reached']);
    const [warning, reached] = await fixture.alerts(tenantId);
    assert.deepEqual([warning?.data.current, warning?.data.percent_used, reached?.data.current], [25, 250, 25]);
  });

  it('counts each resource and month separately, and late usage in its own month', async () => {
    await limit({ call_minutes: 10, sms_segments: 10 });
    await talk(5);
    await text(5);
    await talk(5, november);
    assert.deepEqual(await triggered(), []);
    await talk(3, new Date('2025-10-31T23:59:59.999Z'));
    assert.deepEqual(await triggered(), ['warning 10']);
    assert.deepEqual(await getUsage(fixture.db, tenantId, '2025-10'), { call_minutes: 8, sms_segments: 5 });
    assert.deepEqual(await getUsage(fixture.db, tenantId, '2025-11'), { call_minutes: 5, sms_segments: 0 });
  });

  it('adds up without rounding', async () => {
    await limit({ call_minutes: 1 });
    // A sixtieth of a minute is not exact as a double, and sixty of them do not add up to 1.
    for (let second = 0; second < 59; second += 1) await talk(1 / 60);
    assert.deepEqual(await triggered(), ['warning 1']);
    await talk(1 / 60);
    assert.deepEqual(await triggered(), ['warning 1', 'reached 1']);
  });

  it('counts only for the tenant', async () => {
    const other = await insertTenant(fixture.database.pool);
    await limit({ call_minutes: 1 });
    await fixture.count({ tenantId: other, resource: 'call_minutes', amount: 5, at: october });
    assert.deepEqual(await triggered(), []);
    assert.deepEqual(await fixture.alerts(other), []);
  });

  it('leaves no trace of a transaction that is rolled back', async () => {
    await limit({ call_minutes: 1 });
    const failing = fixture.count({ tenantId, resource: 'call_minutes', amount: 5, at: october }, [
      completed(tenantId, ''),
    ]);
    await assert.rejects(failing, /Bad event id/);
    assert.deepEqual(await triggered(), []);
    assert.deepEqual(await getUsage(fixture.db, tenantId, '2025-10'), { call_minutes: 0, sms_segments: 0 });
    await talk(5);
    assert.deepEqual(await triggered(), ['warning 1', 'reached 1']);
  });

  it('reports an unknown tenant as not found', async () => {
    const use = { tenantId: '0199f2b4-5c3e-7d81-9a66-0b1f8e2c4d5a', resource: 'call_minutes', at: october } as const;
    await assert.rejects(fixture.count({ ...use, amount: 1 }), NotFoundError);
  });
});

describe('a limit that is set', () => {
  let fixture: UsageFixture;
  let tenantId: string;
  before(async () => (fixture = await createUsageFixture()));
  after(() => fixture.close());
  beforeEach(async () => (tenantId = await insertTenant(fixture.database.pool)));

  const text = (amount: number) => fixture.count({ tenantId, resource: 'sms_segments', amount, at: october });
  const limit = (sms_segments: number | null) =>
    setLimits(fixture.deps, testAuthor, tenantId, { sms_segments }, october);
  const triggered = async () => (await fixture.alerts(tenantId)).map(({ alert, data }) => `${alert} ${data.limit}`);

  it('makes its event immediately if it is already used up', async () => {
    await text(90);
    await limit(100);
    assert.deepEqual(await triggered(), ['warning 100']);
    await limit(50);
    assert.deepEqual(await triggered(), ['reached 50', 'warning 100'], 'with one warning');
  });

  it('makes its events once, however often it is set', async () => {
    await text(90);
    await Promise.all(Array.from({ length: 5 }, () => limit(80)));
    await limit(null);
    await limit(80);
    assert.deepEqual(await triggered(), ['warning 80', 'reached 80']);
  });

  it('makes events again when it is higher than ever before, not when it goes down and up again', async () => {
    await limit(100);
    await text(165);
    await limit(200);
    await limit(100);
    await limit(200);
    assert.deepEqual(await triggered(), ['warning 100', 'reached 100', 'warning 200']);
    await limit(150);
    assert.deepEqual(await triggered(), ['warning 100', 'reached 100', 'reached 150', 'warning 200']);
  });

  it('makes its event when it is set while counted usage is not yet committed', async () => {
    let setting: Promise<unknown> | undefined;
    await recordWithEvents(fixture.deps, async (tx, trigger) => {
      await countUsage(tx, trigger, { tenantId, resource: 'sms_segments', amount: 90, at: october });
      setting = limit(100);
      await waits(setting);
    });
    await setting;
    assert.deepEqual(await triggered(), ['warning 100']);
  });

  it('makes its event when usage is counted while it is being set', async () => {
    let counting: Promise<void> | undefined;
    await fixture.db.transaction(async (tx) => {
      await lockTenantUsage(tx, tenantId);
      await setLimit(tx, tenantId, 'sms_segments', 100);
      counting = text(90);
      await waits(counting);
    });
    await counting;
    assert.deepEqual(await triggered(), ['warning 100']);
  });

  /** Resolves as soon as the work waits for a lock, or is done without one. */
  async function waits(work: Promise<unknown>): Promise<void> {
    let isDone = false;
    const done = () => void (isDone = true);
    work.then(done, done);
    const isWaiting = async () => {
      const { rowCount } = await fixture.database.pool.query(
        "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
      );
      return rowCount! > 0;
    };
    await waitFor(async () => isDone || (await isWaiting()), { what: 'the other one to wait' });
  }

  it('returns all limits, with unnamed ones unchanged', async () => {
    await setLimits(fixture.deps, testAuthor, tenantId, { call_minutes: 0.5 });
    assert.deepEqual(await limit(7), { call_minutes: 0.5, sms_segments: 7 });
    assert.deepEqual(await setLimits(fixture.deps, testAuthor, tenantId, {}), { call_minutes: 0.5, sms_segments: 7 });
    assert.deepEqual(await limit(null), { call_minutes: 0.5, sms_segments: null });
  });
});
