import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { openDatabase, type Database } from '../../../src/db/database.js';
import type { StartableDelivery } from '../../../src/db/events.js';
import { recordWithEvents, triggerEvent, type TriggerDeps } from '../../../src/events/trigger.js';
import { eventsAccepted } from '../../../src/metrics/counted.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { assertInvariants } from '../../support/invariants.js';
import { insertTenant, insertWebhook } from '../../support/rows.js';
import { callCompleted } from '../../support/stack.js';
import { waitFor } from '../../support/wait-for.js';

describe('recordWithEvents', () => {
  let database: TestDatabase;
  let db: Database;
  let deps: TriggerDeps;
  let started: StartableDelivery[];
  let tenantId: string;
  before(async () => {
    database = await createTestDatabase();
    db = openDatabase({ url: database.url, poolSize: 5 });
    deps = { db, workflows: { start: (deliveries) => void started.push(...deliveries), collect: () => undefined } };
  });
  after(async () => {
    await db.close();
    await database.drop();
  });
  beforeEach(async () => {
    tenantId = await insertTenant(database.pool);
    started = [];
  });

  const completed = (eventId: string) => ({
    tenantId,
    eventType: 'call.completed' as const,
    eventId,
    // One call each: the events of one call are accepted one after the other.
    payload: { ...callCompleted, call_sid: eventId },
  });
  const rename = 'update tenants set name = $2 where id = $1';
  const name = async () =>
    (await database.pool.query<{ name: string }>('select name from tenants where id = $1', [tenantId])).rows[0]?.name;
  const eventIds = async () => {
    const { rows } = await database.pool.query<{ event_id: string }>(
      'select event_id from webhook_events where tenant_id = $1 order by event_id',
      [tenantId],
    );
    return rows.map((row) => row.event_id);
  };

  const accepted = async () => {
    const { values } = await eventsAccepted.get();
    return values.find(({ labels }) => labels.event_type === 'call.completed')?.value ?? 0;
  };

  it('is repeated when Postgres breaks a deadlock, and starts each delivery once', async () => {
    const webhook = await insertWebhook(database.pool, tenantId);
    const others = [await insertTenant(database.pool), await insertTenant(database.pool)] as const;
    const acceptedBefore = await accepted();
    let calls = 0;
    const locked = [0, 0];
    const inOrder = (first: 0 | 1) =>
      recordWithEvents(deps, async (tx, trigger) => {
        calls += 1;
        await trigger(completed(`call-${first}`));
        await tx.query(rename, [others[first], 'first']);
        locked[first]! += 1;
        await waitFor(() => locked.every((count) => count > 0), { what: 'both to hold a row' });
        await tx.query(rename, [others[1 - first]!, 'second']);
      });
    await Promise.all([inOrder(0), inOrder(1)]);
    assert.ok(calls > 2, 'one of the two was called again');
    assert.deepEqual(await eventIds(), ['call-0', 'call-1']);
    assert.equal(await accepted(), acceptedBefore + 2, 'in the metrics');
    assert.deepEqual(started.map(({ eventId }) => eventId).sort(), ['call-0', 'call-1']);
    await assertInvariants(database.pool, webhook);
  });

  it('commits records and events together, counts the deliveries, and starts those that are not held', async () => {
    const webhook = await insertWebhook(database.pool, tenantId);
    const paused = await insertWebhook(database.pool, tenantId, { enabled: false });
    const response = await recordWithEvents(deps, async (tx, trigger) => {
      await tx.query(rename, [tenantId, 'renamed']);
      const responses = [await trigger(completed('call-1')), await trigger(completed('call-2'))];
      assert.equal(started.length, 0, 'nothing is started that may be rolled back');
      return [...responses, await trigger(completed('call-1'))];
    });
    assert.deepEqual(response, [true, true, false], 'a repeat within the transaction is one as well');
    assert.equal(await name(), 'renamed');
    assert.deepEqual(
      started.map(({ webhookId, eventId }) => [webhookId, eventId]),
      [
        [webhook, 'call-1'],
        [webhook, 'call-2'],
      ],
    );
    const { rows } = await database.pool.query(
      `select webhook_id, sum(pending)::int as pending, sum(held)::int as held
         from webhook_counters where webhook_id = any ($1) group by 1 order by 1`,
      [[webhook, paused]],
    );
    assert.deepEqual(rows, [
      { webhook_id: webhook, pending: 2, held: 0 },
      { webhook_id: paused, pending: 0, held: 2 },
    ]);
  });

  it('leaves neither records nor events when it fails', async () => {
    const webhook = await insertWebhook(database.pool, tenantId);
    await triggerEvent(deps, completed('call-0'));
    started = [];
    const failing = recordWithEvents(deps, async (tx, trigger) => {
      await tx.query(rename, [tenantId, 'renamed']);
      await trigger(completed('call-1'));
      throw new Error('thought better of it');
    });
    await assert.rejects(failing, /thought better of it/);
    assert.equal(await name(), 'Acme');
    assert.deepEqual(await eventIds(), ['call-0']);
    assert.deepEqual(started, []);
    await assertInvariants(database.pool, webhook);
  });

  it('does not block other events of its webhooks, so that no deadlock can arise', async () => {
    const first = await insertWebhook(database.pool, tenantId);
    const second = await insertWebhook(database.pool, tenantId, { events: ['call.completed', 'call.dtmf'] });
    const others = Array.from({ length: 64 }, () => randomUUID());
    await recordWithEvents(deps, async (tx, trigger) => {
      const payload = { call_sid: 'call-1', digit: '5', timestamp: new Date() };
      await trigger({ tenantId, eventType: 'call.dtmf', eventId: 'key-1', payload });
      await trigger(completed('call-1'));
      // Each event picks one of eight counter rows at random, so one of so many would hit a locked row.
      for (const eventId of others) await triggerEvent(deps, completed(eventId));
    });
    assert.equal((await eventIds()).length, others.length + 2);
    for (const webhook of [first, second]) await assertInvariants(database.pool, webhook);
  });
});
