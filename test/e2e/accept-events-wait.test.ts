import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { acceptSlots } from '../../src/temporal/accept-worker.js';
import { startDelivery } from '../../src/temporal/start-workflows.js';
import { temporalSource } from '../../src/source/temporal-source.js';
import { eventKeysText, newEventKey } from '../support/event-keys.js';
import { insertUnstarted } from '../support/insert-unstarted.js';
import { startReceiver } from '../support/receiver.js';
import { callCompleted, startStack } from '../support/stack.js';
import { waitFor } from '../support/wait-for.js';

describe('many events waiting to be stored', function () {
  this.timeout(120_000);

  it('do not delay deliveries, and are all stored in the end', async () => {
    const eventKeys = [newEventKey('k')];
    const stack = await startStack({ parts: { api: false, worker: true }, config: { eventKeys } });
    const { pool } = stack.database;
    const { taskQueue } = stack.config.temporal;
    const receiver = await startReceiver();
    const [busy, other] = [await stack.insertTenant(), await stack.insertTenant()];
    const { id: webhookId } = await stack.insertWebhook(other, { url: receiver.url });
    const eventIds = Array.from({ length: 20 }, (_, i) => `other-${i}`);
    const deliveries = [];
    for (const eventId of eventIds) deliveries.push({ eventId, id: await insertUnstarted(pool, other, eventId) });

    // From now on Postgres accepts no new event. Everything else works.
    const locker = await pool.connect();
    await locker.query('begin; lock table webhook_events in share mode');
    const source = temporalSource({ temporal: stack.temporal, taskQueue, eventKeys: eventKeysText(eventKeys) });
    const payload = { ...callCompleted, direction: 'outbound', status: 'completed' } as const;
    const waiting = 150;
    for (let i = 0; i < waiting; i++)
      await source.triggerEvent({ tenantId: busy, eventType: 'call.completed', eventId: `busy-${i}`, payload });
    const lockWaits = async () => {
      const { rows } = await pool.query<{ count: number }>(
        `select count(*)::int from pg_stat_activity
          where datname = current_database() and wait_event_type = 'Lock' and query like '%accept_event%'`,
      );
      return rows[0]!.count;
    };
    const slots = acceptSlots(stack.config.databasePoolSize);
    await waitFor(async () => (await lockWaits()) === slots, { what: `${slots} events to wait for Postgres` });

    for (const { id, eventId } of deliveries)
      await startDelivery(
        stack.temporal,
        { id, eventRowId: randomUUID(), eventId, tenantId: other, webhookId, eventType: 'call.completed' },
        { taskQueue, eager: false },
      );
    await receiver.waitForRequests(deliveries.length, 30_000);
    for (const { id } of deliveries)
      await waitFor(async () => (await stack.delivery(id)).status === 'delivered', { what: `delivery ${id}` });
    assert.ok((await lockWaits()) <= slots);

    const stored = async () => {
      const { rows } = await pool.query<{ count: number }>(
        'select count(*)::int from webhook_events where tenant_id = $1',
        [busy],
      );
      return rows[0]!.count;
    };
    assert.equal(await stored(), 0, 'the deliveries were over before any of the events was stored');
    await locker.query('rollback');
    locker.release();
    await waitFor(async () => (await stored()) === waiting, { what: 'all events to be stored', timeoutMs: 60_000 });
    await receiver.close();
    await stack.close();
  });
});
