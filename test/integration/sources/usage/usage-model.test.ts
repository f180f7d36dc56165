import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import PQueue from 'p-queue';
import type { Resource } from '../../../../src/sources/usage/resources.js';
import { getLimits, getUsage, setLimits } from '../../../../src/sources/usage/limits.js';
import { testAuthor } from '../../../support/author.js';
import { assertInvariants } from '../../../support/invariants.js';
import { insertTenant, insertWebhook } from '../../../support/rows.js';
import { completed, createUsageFixture, sortBy, type UsageFixture } from '../../../support/usage.js';

const moments = [new Date('2025-10-31T23:59:59.999Z'), new Date('2025-11-01T00:00:00Z')];

type Step =
  | { kind: 'use'; resource: Resource; amount: number; month: number }
  | { kind: 'limit'; resource: Resource; limit: number | null; month: number };

const month = fc.constantFrom(0, 1);
const resource = fc.constantFrom<Resource>('call_minutes', 'sms_segments');
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('use' as const), resource, amount: fc.nat(12), month }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('limit' as const),
      resource,
      limit: fc.constantFrom(null, 0, 1, 10, 25, 50, 100, 200),
      month,
    }),
  },
);

/** The promise in another form: remembers all events made, instead of the highest limit. */
class Model {
  readonly used = new Map<string, number>();
  readonly limits = new Map<Resource, number>();
  readonly triggered: { alert: string; resource: string; month: string; limit: number }[] = [];

  run(each: Step, times: number): void {
    const month = moments[each.month]!.toISOString().slice(0, 7);
    const key = `${each.resource} ${month}`;
    if (each.kind === 'use') this.used.set(key, (this.used.get(key) ?? 0) + each.amount * times);
    else if (each.limit === null) this.limits.delete(each.resource);
    else this.limits.set(each.resource, each.limit);
    if (each.kind === 'use' && each.amount === 0) return;
    const limit = this.limits.get(each.resource);
    const used = this.used.get(key) ?? 0;
    if (limit === undefined || used === 0) return;
    for (const [alert, share] of [
      ['warning', 4 / 5],
      ['reached', 1],
    ] as const) {
      const isSame = (one: Model['triggered'][number]) =>
        one.alert === alert && one.resource === each.resource && one.month === month && one.limit >= limit;
      if (used >= limit * share && !this.triggered.some(isSame))
        this.triggered.push({ alert, resource: each.resource, month, limit });
    }
  }
}

describe('usage and its alerts', function () {
  this.timeout(60_000);
  let fixture: UsageFixture;
  before(async () => (fixture = await createUsageFixture()));
  after(() => fixture.close());

  it('match a simple model, even when each step runs five times concurrently', () =>
    fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
        const tenantId = await insertTenant(fixture.database.pool);
        const model = new Model();
        for (const each of steps) {
          const at = moments[each.month]!;
          const run = () =>
            each.kind === 'use'
              ? fixture.count({ tenantId, resource: each.resource, amount: each.amount, at })
              : setLimits(fixture.deps, testAuthor, tenantId, { [each.resource]: each.limit }, at);
          await Promise.all(Array.from({ length: 5 }, run));
          model.run(each, 5);
          const alerts = (await fixture.alerts(tenantId)).map(({ alert, data }) => {
            const { resource, month, limit } = data;
            assert.ok(
              data.current >= limit * (alert === 'warning' ? 0.8 : 1),
              `${alert} at ${data.current} of ${limit}`,
            );
            return { alert, resource, month, limit };
          });
          const byId = (one: Model['triggered'][number]) => [one.month, one.resource, one.limit, one.alert];
          assert.deepEqual(sortBy(alerts, byId), sortBy(model.triggered, byId));
        }
        for (const at of moments) {
          const name = at.toISOString().slice(0, 7);
          assert.deepEqual(await getUsage(fixture.db, tenantId, name), {
            call_minutes: model.used.get(`call_minutes ${name}`) ?? 0,
            sms_segments: model.used.get(`sms_segments ${name}`) ?? 0,
          });
        }
        assert.deepEqual(await getLimits(fixture.db, tenantId), {
          call_minutes: model.limits.get('call_minutes') ?? null,
          sms_segments: model.limits.get('sms_segments') ?? null,
        });
      }),
      { numRuns: 40 },
    ));

  it('never deadlock with each other or with events of other sources', () =>
    fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 60, maxLength: 80 }), async (steps) => {
        const tenantId = await insertTenant(fixture.database.pool);
        // Events that share a transaction go to different webhooks, and not in the order of the webhooks.
        const webhooks = [
          await insertWebhook(fixture.database.pool, tenantId, { events: ['call.completed'] }),
          await insertWebhook(fixture.database.pool, tenantId, { events: ['*'] }),
          await insertWebhook(fixture.database.pool, tenantId, { events: ['tenant.limit.warning', 'call.initiated'] }),
        ];
        await setLimits(fixture.deps, testAuthor, tenantId, { call_minutes: 10, sms_segments: 10 }, moments[0]);
        // As many as the pool has connections: waiting for one would fail after 2.5 s, which says nothing of deadlocks.
        const queue = new PQueue({ concurrency: 10 });
        await queue.addAll(
          steps.flatMap((each) => {
            const at = moments[each.month]!;
            const ended = [completed(tenantId, randomUUID())];
            return [
              async () => {
                if (each.kind === 'limit')
                  await setLimits(fixture.deps, testAuthor, tenantId, { [each.resource]: each.limit }, at);
                else await fixture.count({ tenantId, resource: each.resource, amount: each.amount, at }, ended);
              },
              async () => void (await fixture.triggerOne(tenantId, randomUUID())),
            ];
          }),
        );
        for (const webhook of webhooks) await assertInvariants(fixture.database.pool, webhook);
        const ids = (await fixture.alerts(tenantId)).map(({ id }) => id);
        assert.equal(new Set(ids).size, ids.length);
      }),
      { numRuns: 8, endOnFailure: true, includeErrorInReport: true },
    ));
});
