import assert from 'node:assert/strict';
import { findEventType } from '../../../src/events/event-types.js';
import {
  createTenant,
  createWebhook,
  recordAnswer,
  startApi,
  triggerDtmf,
  type Api,
  type TestTenant,
} from './fixture.js';

describe('the history of a tenant', () => {
  let api: Api;
  let tenant: TestTenant;
  before(async () => void (api = await startApi()));
  beforeEach(async () => {
    tenant = await createTenant(api);
  });
  after(() => api.close());

  const trigger = (of: TestTenant, eventType: string, eventId: string, payload: unknown) =>
    api.call('POST', '/v1/events', {
      body: { tenant_id: of.id, event_type: eventType, event_id: eventId, payload },
    });
  const warn = (eventId: string) =>
    trigger(tenant, 'tenant.limit.warning', eventId, findEventType('tenant.limit.warning')!.example);
  const pages = async (path: string, what: 'events' | 'deliveries') => {
    const found: { id: string }[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const { status, body } = await tenant.call('GET', `${path}${cursor && `&cursor=${cursor}`}`);
      assert.equal(status, 200);
      found.push(...body[what]);
      cursor = body.next_cursor as string | null;
    }
    return found;
  };
  const none = { pending: 0, delivered: 0, failed: 0, held: 0, cancelled: 0, expired: 0 };
  const ids = (rows: { id: string }[]) => rows.map(({ id }) => id);

  describe('of events', () => {
    it('has those that no webhook wanted too, newest first, a page at a time', async () => {
      await createWebhook(tenant, { events: ['call.dtmf'] });
      for (const id of ['one', 'two', 'three']) await triggerDtmf(api, tenant, id);
      const { body: accepted } = await warn('nobody-wants-it');
      await triggerDtmf(api, await createTenant(api), 'of-another');
      const events = (await pages('/v1/events?limit=3', 'events')) as { id: string; event_id: string }[];
      assert.deepEqual(
        events.map(({ event_id: id }) => id),
        ['nobody-wants-it', 'three', 'two', 'one'],
      );
      assert.deepEqual(events[0], {
        ...accepted.event,
        created_at: (events[0] as unknown as { created_at: string }).created_at,
        test: false,
        ordering_key: null,
        sequence: null,
        expunged_at: null,
        deliveries_by_status: none,
      });
    });

    it('has the numbers of a call, and lists what happened to it', async () => {
      await createWebhook(tenant);
      for (const id of ['one', 'two', 'three']) await triggerDtmf(api, tenant, id);
      await warn('without-a-key');
      const numbered = await pages('/v1/events?ordering_key=call-1&event_type=call.dtmf&limit=2', 'events');
      assert.deepEqual(
        (numbered as unknown as { ordering_key: string; sequence: number }[]).map((event) => [
          event.ordering_key,
          event.sequence,
        ]),
        [
          ['call-1', 3],
          ['call-1', 2],
          ['call-1', 1],
        ],
      );
      assert.deepEqual(await pages('/v1/events?ordering_key=call-2', 'events'), []);
      assert.deepEqual(await pages('/v1/events?ordering_key=call-1&event_type=call.completed', 'events'), []);
    });

    it('is filtered by type, id and time of acceptance', async () => {
      for (const id of ['one', 'two']) await triggerDtmf(api, tenant, id);
      await warn('one');
      const found = async (query: string) =>
        ((await pages(`/v1/events?${query}`, 'events')) as unknown as { event_type: string; event_id: string }[]).map(
          (event) => `${event.event_type} ${event.event_id}`,
        );
      const all = ['tenant.limit.warning one', 'call.dtmf two', 'call.dtmf one'];
      assert.deepEqual(await found('event_type=call.dtmf'), all.slice(1));
      assert.deepEqual(await found('event_id=one'), [all[0], all[2]]);
      assert.deepEqual(await found('event_id=one&event_type=call.dtmf'), [all[2]]);
      assert.deepEqual(await found('event_id=three'), []);
      const { body } = await tenant.call('GET', '/v1/events?event_id=two');
      const second = body.events[0].created_at as string;
      assert.deepEqual(await found(`since=${second}`), all.slice(0, 2));
      assert.deepEqual(await found(`until=${second}`), all.slice(2));
      assert.deepEqual(await found(`since=${second}&event_id=one`), all.slice(0, 1));
    });

    it('counts the deliveries of each, and shows one with its body and its deliveries', async () => {
      const webhooks = [await createWebhook(tenant), await createWebhook(tenant)];
      const [delivery = ''] = await triggerDtmf(api, tenant, 'shown');
      await recordAnswer(api, delivery, { statusCode: 200, verdict: 'delivered' });
      const { body: list } = await tenant.call('GET', '/v1/events');
      const { status, body } = await tenant.call('GET', `/v1/events/${list.events[0].id.toUpperCase()}`);
      assert.equal(status, 200);
      const { body: text, deliveries, ...event } = body.event;
      const counts = { ...none, delivered: 1, pending: 1 };
      assert.deepEqual({ ...event, deliveries_by_status: counts }, list.events[0]);
      assert.equal((JSON.parse(text) as { event_id: string }).event_id, 'shown');
      assert.deepEqual(
        deliveries.map((found: { webhook_id: number; status: string }) => [found.webhook_id, found.status]),
        [
          [webhooks[0], 'delivered'],
          [webhooks[1], 'pending'],
        ],
      );
    });

    it("field case 34: hides another tenant's event like one that does not exist", async () => {
      const other = await createTenant(api);
      await triggerDtmf(api, other, 'hidden');
      const { body } = await other.call('GET', '/v1/events');
      const hiddenId = body.events[0].id as string;
      const missingId = '00000000-0000-7000-8000-000000000000';
      const hidden = await tenant.call('GET', `/v1/events/${hiddenId}`);
      const missing = await tenant.call('GET', `/v1/events/${missingId}`);
      assert.equal(hidden.status, 404);
      const detail = (missing.body.detail as string).replace(missingId, hiddenId);
      assert.deepEqual(hidden.body, { ...missing.body, detail });
    });
  });

  describe('of deliveries', () => {
    it('has those of all webhooks, deleted ones too, newest first, a page at a time', async () => {
      const [kept, deleted] = [await createWebhook(tenant), await createWebhook(tenant)];
      const made: string[] = [];
      for (const id of ['one', 'two', 'three']) made.push(...(await triggerDtmf(api, tenant, id)));
      await triggerDtmf(api, await createTenant(api), 'of-another');
      await tenant.call('DELETE', `/v1/webhooks/${deleted}`);
      assert.equal(made.length, 6);
      const newestFirst = [...made].sort().reverse();
      assert.deepEqual(ids(await pages('/v1/deliveries?limit=4', 'deliveries')), newestFirst);
      const ofOne = (await pages(`/v1/deliveries?webhook_id=${kept}`, 'deliveries')) as { webhook_id?: number }[];
      assert.deepEqual(
        ofOne.map(({ webhook_id: id }) => id),
        [kept, kept, kept],
      );
      const cancelled = await pages('/v1/deliveries?status=cancelled&limit=2', 'deliveries');
      assert.equal(cancelled.length, 3);
    });

    it("takes the filters of one webhook's list", async () => {
      await createWebhook(tenant);
      await createWebhook(tenant);
      const [first = ''] = await triggerDtmf(api, tenant, 'one');
      await triggerDtmf(api, tenant, 'two');
      await recordAnswer(api, first, { statusCode: 200, verdict: 'delivered' });
      const count = async (query: string) => (await pages(`/v1/deliveries?${query}`, 'deliveries')).length;
      assert.deepEqual(ids(await pages('/v1/deliveries?status=delivered', 'deliveries')), [first]);
      assert.equal(await count('event_type=call.dtmf'), 4);
      assert.equal(await count('event_type=call.dtmf&status=pending'), 3);
      assert.equal(await count('event_type=call.completed'), 0);
      assert.equal(await count('event_id=two'), 2);
      assert.equal(await count('event_id=one&status=pending'), 1);
      const { body } = await tenant.call('GET', '/v1/deliveries?event_id=two');
      const at = body.deliveries[0].created_at as string;
      assert.equal(await count(`since=${at}`), 2);
      assert.equal(await count(`until=${at}&status=pending`), 1);
    });

    it('refuses a webhook that is not its own, and what cannot be one', async () => {
      const others = await createWebhook(await createTenant(api));
      assert.equal((await tenant.call('GET', `/v1/deliveries?webhook_id=${others}`)).status, 404);
      for (const bad of ['x', '0', '-1', '1.5', '99999999999', '']) {
        const { status, body } = await tenant.call('GET', `/v1/deliveries?webhook_id=${bad}`);
        assert.equal(status, 400, bad);
        assert.match(JSON.stringify(body.errors), /expected the id of a webhook/);
      }
    });
  });
});
