import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { NotFoundError } from '../../../../src/errors.js';
import { recordWithEvents } from '../../../../src/events/trigger.js';
import { countUsage } from '../../../../src/sources/usage/count-usage.js';
import { getUsage, setLimits } from '../../../../src/sources/usage/limits.js';
import { createCallFixture, type CallFixture } from '../../../support/call-events.js';
import { insertTenant, insertWebhook } from '../../../support/rows.js';

const january = new Date('2026-01-15T12:00:00Z');
const february = new Date('2026-02-01T00:00:00Z');

type Resource = 'call_minutes' | 'sms_segments';

describe('usage', function () {
  this.timeout(30_000);
  let fixture: CallFixture;
  let tenantId: string;
  before(async () => {
    fixture = await createCallFixture();
  });
  after(() => fixture.close());
  beforeEach(async () => {
    tenantId = await insertTenant(fixture.database.pool);
  });

  const use = (amount: number, { resource = 'call_minutes' as Resource, at = january, tenant = tenantId } = {}) =>
    recordWithEvents(fixture.deps, (tx, trigger) =>
      countUsage(tx, trigger, { tenantId: tenant, resource, amount, at }),
    );
  const limit = (limits: Partial<Record<Resource, number | null>>, at = january) =>
    setLimits(fixture.deps, tenantId, limits, at);
  const told = async (tenant = tenantId) => (await fixture.events()).filter((event) => event.tenant === tenant);
  /** What was told, in short: `warning 80/100`. */
  const alerts = async () =>
    (await told()).map(({ type, data }) => `${type.replace('tenant.limit.', '')} ${data.current}/${data.limit}`);

  describe('field case 65: the same warning again and again', () => {
    /** Five at once, so that the last of them has counted up to `minutes`. */
    const fiveRunsTo = async (minutes: number) => {
      const { call_minutes: used } = await getUsage(fixture.db, tenantId, '2026-01');
      const missingMs = Math.round((minutes - used) * 60_000);
      const each = Math.floor(missingMs / 5);
      const parts = [each, each, each, each, missingMs - 4 * each];
      await Promise.all(parts.map((ms) => use(ms / 60_000)));
    };

    it('one warning and one for the reached limit, whatever is counted at once and after', async () => {
      await limit({ call_minutes: 100 });
      const counts: number[] = [];
      for (const minutes of [79.9, 80, 85, 85, 99, 100, 101]) {
        await fiveRunsTo(minutes);
        counts.push((await told()).length);
      }
      assert.deepEqual(counts, [0, 1, 1, 1, 1, 2, 2]);
      assert.deepEqual(await alerts(), ['warning 80/100', 'reached 100/100']);
    });

    it('says who, what, how much and when, under an id without a clock', async () => {
      await limit({ call_minutes: 100 });
      await use(81.2345);
      await use(20);
      const [warning, reached] = await told();
      assert.deepEqual(
        [warning!.id, warning!.timestamp, warning!.data],
        [
          `limit_warning_${tenantId}_call_minutes_2026-01_100`,
          january.toISOString(),
          {
            resource: 'call_minutes',
            current: 81.234,
            limit: 100,
            percent_used: 81.23,
            month: '2026-01',
            timestamp: january.toISOString(),
          },
        ],
      );
      assert.deepEqual(
        [reached!.id, reached!.data],
        [
          `limit_reached_${tenantId}_call_minutes_2026-01_100`,
          {
            resource: 'call_minutes',
            current: 101.234,
            limit: 100,
            month: '2026-01',
            timestamp: january.toISOString(),
          },
        ],
      );
    });

    it('a limit of 0 is reached by the first use, and no share is infinite', async () => {
      await limit({ call_minutes: 0 });
      assert.deepEqual(await told(), []);
      await Promise.all([1, 2, 3, 4, 5].map((seconds) => use(seconds / 60)));
      const events = await told();
      assert.deepEqual(
        events.map(({ type, data }) => [type, data.limit, data.percent_used]),
        [
          ['tenant.limit.warning', 0, 100],
          ['tenant.limit.reached', 0, undefined],
        ],
      );
    });

    it('no limit is never reached', async () => {
      await limit({ call_minutes: 10 });
      await limit({ call_minutes: null });
      await use(1_000_000);
      assert.deepEqual(await told(), []);
    });

    it('a raised limit arms both again', async () => {
      await limit({ call_minutes: 100 });
      await fiveRunsTo(101);
      await limit({ call_minutes: 200 });
      await fiveRunsTo(159.9);
      assert.equal((await told()).length, 2);
      await fiveRunsTo(165);
      assert.deepEqual(
        (await alerts()).slice(2).map((alert) => alert.split(' ')[0]),
        ['warning'],
      );
      await fiveRunsTo(200);
      assert.deepEqual((await alerts()).slice(3), ['reached 200/200']);
    });

    it('a lowered limit tells at once what was not told, and nothing twice', async () => {
      await limit({ call_minutes: 100 });
      await use(85);
      for (const minutes of [90, 50, 40, 100, null, 100, 60]) await limit({ call_minutes: minutes });
      assert.deepEqual(await alerts(), ['warning 85/100', 'reached 85/50', 'reached 85/60']);
    });

    it('starts anew with each month in UTC, and counts what comes late to its own month', async () => {
      await limit({ call_minutes: 100 });
      await use(100, { at: new Date('2026-01-31T23:59:59.999Z') });
      await use(79, { at: february });
      await use(1, { at: january });
      await use(1, { at: february });
      assert.deepEqual(
        (await told()).map(({ type, data }) => [type, data.month]),
        [
          ['tenant.limit.warning', '2026-01'],
          ['tenant.limit.reached', '2026-01'],
          ['tenant.limit.warning', '2026-02'],
        ],
      );
      assert.equal((await getUsage(fixture.db, tenantId, '2026-01')).call_minutes, 101);
      assert.equal((await getUsage(fixture.db, tenantId, '2026-02')).call_minutes, 80);
    });
  });

  it('is counted exactly, however odd the fractions', async () => {
    for (let call = 0; call < 60; call++) await use(1001 / 60_000);
    assert.equal((await getUsage(fixture.db, tenantId, '2026-01')).call_minutes, 1.001);
  });

  it('of one resource or tenant is nothing to another', async () => {
    await limit({ call_minutes: 10, sms_segments: 10 });
    const other = await insertTenant(fixture.database.pool);
    await use(9, { resource: 'sms_segments' });
    await use(100, { tenant: other });
    assert.deepEqual(
      (await told()).map(({ data }) => [data.resource, data.current]),
      [['sms_segments', 9]],
    );
    assert.deepEqual(await told(other), []);
    assert.deepEqual(await getUsage(fixture.db, tenantId, '2026-01'), { call_minutes: 0, sms_segments: 9 });
  });

  it('is not counted, and nothing told, when the transaction fails after it', async () => {
    await limit({ call_minutes: 1 });
    await assert.rejects(
      recordWithEvents(fixture.deps, async (tx, trigger) => {
        await countUsage(tx, trigger, { tenantId, resource: 'call_minutes', amount: 1, at: january });
        throw new Error('the call was not recorded');
      }),
      /not recorded/,
    );
    assert.deepEqual(await told(), []);
    await use(1);
    assert.deepEqual(await alerts(), ['warning 1/1', 'reached 1/1']);
  });

  it('of a tenant that is not there is refused', async () => {
    await assert.rejects(use(1, { tenant: randomUUID() }), NotFoundError);
    await assert.rejects(setLimits(fixture.deps, randomUUID(), {}), NotFoundError);
  });

  it('and limits in any order, five at once, tell what a simple model tells', async () => {
    const resource = fc.constantFrom<Resource>('call_minutes', 'sms_segments');
    const uses = fc.record({
      kind: fc.constant('uses' as const),
      resource,
      at: fc.constantFrom(january, january, february),
      amounts: fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 5 }),
    });
    const change = fc.record({
      kind: fc.constant('limit' as const),
      resource,
      to: fc.option(fc.integer({ min: 0, max: 150 })),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof({ weight: 3, arbitrary: uses }, change), { maxLength: 12 }), async (steps) => {
        tenantId = await insertTenant(fixture.database.pool);
        const model = new UsageModel();
        for (const step of steps) {
          if (step.kind === 'limit') {
            await limit({ [step.resource]: step.to });
            model.setLimit(step.resource, step.to, '2026-01');
          } else {
            await Promise.all(step.amounts.map((amount) => use(amount, step)));
            for (const amount of step.amounts) model.use(step.resource, step.at.toISOString().slice(0, 7), amount);
          }
          const events = await told();
          assert.deepEqual(
            events.map(({ type, data }) => `${type} ${data.resource} ${data.month} ${data.limit}`).sort(),
            model.told().sort(),
          );
        }
        for (const { type, data } of await told()) {
          const share = type === 'tenant.limit.warning' ? 0.8 : 1;
          assert.ok(Number(data.current) >= Number(data.limit) * share);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('and a limit that is lowered at the same moment never miss each other', async () => {
    for (let round = 0; round < 25; round++) {
      tenantId = await insertTenant(fixture.database.pool);
      await limit({ sms_segments: 1000 });
      const uses = Array.from({ length: 5 }, () => use(2, { resource: 'sms_segments' }));
      await Promise.all([...uses.slice(0, 3), limit({ sms_segments: 10 }), ...uses.slice(3)]);
      const ids = (await told()).map(({ id }) => id.replace(/_0[0-9a-f-]{35}_/, ' '));
      assert.deepEqual(ids.sort(), ['limit_reached sms_segments_2026-01_10', 'limit_warning sms_segments_2026-01_10']);
    }
  });

  it('is counted beside events of any order without a deadlock', async () => {
    const { pool } = fixture.database;
    for (const events of [['call.completed'], ['sms.delivered'], ['*'], ['tenant.limit.warning', 'call.completed']])
      await insertWebhook(pool, tenantId, { events });
    await limit({ call_minutes: 60, sms_segments: 60 });
    const completed = {
      eventType: 'call.completed',
      payload: {
        call_sid: 'call',
        from: 'a',
        to: 'b',
        direction: 'inbound',
        status: 'completed',
        hangup_cause: 'NORMAL_CLEARING',
        duration_seconds: 1,
        started_at: january,
        ended_at: january,
      },
    };
    const delivered = {
      eventType: 'sms.delivered',
      payload: { message_sid: 'SM1', status: 'delivered', error_code: null, timestamp: january },
    };
    const record = (number: number) =>
      recordWithEvents(fixture.deps, async (tx, trigger) => {
        const isCall = number % 2 === 0;
        const resource = isCall ? 'call_minutes' : 'sms_segments';
        await countUsage(tx, trigger, { tenantId, resource, amount: number % 5 === 0 ? 0 : 1, at: january });
        for (const event of isCall ? [completed, delivered] : [delivered, completed])
          await trigger({ tenantId, eventId: randomUUID(), occurredAt: january, ...event });
      });
    await Promise.all(Array.from({ length: 200 }, (_, number) => record(number)));
    const alertTypes = (await told()).map(({ type }) => type).filter((type) => type.startsWith('tenant.limit.'));
    assert.equal(alertTypes.length, 4);
  });
});

/** By the words of the rule: told once in a month, and again only for a limit higher than any it was told for. */
class UsageModel {
  readonly #limits = new Map<string, number>();
  readonly #used = new Map<string, number>();
  readonly #told: { type: string; key: string; limit: number }[] = [];

  setLimit(resource: string, limit: number | null, month: string): void {
    if (limit === null) this.#limits.delete(resource);
    else this.#limits.set(resource, limit);
    this.#look(resource, month);
  }

  use(resource: string, month: string, amount: number): void {
    const key = `${resource} ${month}`;
    this.#used.set(key, (this.#used.get(key) ?? 0) + amount);
    this.#look(resource, month);
  }

  told(): string[] {
    return this.#told.map(({ type, key, limit }) => `tenant.limit.${type} ${key} ${limit}`);
  }

  #look(resource: string, month: string): void {
    const key = `${resource} ${month}`;
    const limit = this.#limits.get(resource);
    const used = this.#used.get(key) ?? 0;
    if (limit === undefined || used === 0) return;
    for (const [type, line] of [
      ['warning', limit * 0.8],
      ['reached', limit],
    ] as const) {
      const known = this.#told.some((told) => told.type === type && told.key === key && told.limit >= limit);
      if (used >= line && !known) this.#told.push({ type, key, limit });
    }
  }
}
