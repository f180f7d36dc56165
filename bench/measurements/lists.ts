import type { Bench, Measurement } from '../bench.js';
import { fillHistory, type HistoryFacts } from '../delivery-history.js';
import { summarize } from '../latencies.js';
import type { BenchTenant, Rig } from '../rig.js';

/** `next_cursor`, and the rows under the list's name. */
type Page = Record<string, unknown>;

interface FilledWebhook {
  tenant: BenchTenant;
  id: number;
  facts: HistoryFacts;
  /** Cursor of the page that begins in the middle of the history. */
  cursor: string;
}

/** A history has this many of the catalogue's event types, all equally often. */
const historyTypes = 10;

/** What a tenant's program or page requests. Each must take the same time however long the history is. */
function calls(
  eventType: string,
  absentType: string,
): { id: string; name: string; path: (webhook: FilledWebhook) => string }[] {
  type Query = (webhook: FilledWebhook) => Record<string, string>;
  const over = (path: (id: number) => string, kind: string) => (id: string, name: string, query: Query) => ({
    id,
    name: `${kind}, ${name}`,
    path: (webhook: FilledWebhook) => `${path(webhook.id)}?${new URLSearchParams(query(webhook)).toString()}`,
  });
  const list = over((id) => `/v1/webhooks/${id}/deliveries`, 'deliveries');
  const ofTenant = over(() => '/v1/deliveries', 'deliveries of a tenant');
  const events = over(() => '/v1/events', 'events');
  const auditLog = over(() => '/v1/audit-log', 'audit log');
  return [
    { id: 'statistics', name: 'a webhook with its statistics', path: ({ id }) => `/v1/webhooks/${id}` },
    { id: 'webhooks', name: 'the webhooks of a tenant', path: () => '/v1/webhooks' },
    list('newest', 'newest', () => ({})),
    list('page', 'a page in the middle', ({ cursor }) => ({ cursor })),
    list('failed', 'status=failed', () => ({ status: 'failed' })),
    list('pending', 'status=pending, of which there are none', () => ({ status: 'pending' })),
    list('delivered', 'status=delivered, the newest fifth failed', () => ({ status: 'delivered' })),
    list('delivered-none', 'status=delivered&since=, none since then', ({ facts }) => ({
      status: 'delivered',
      since: facts.outageSince,
    })),
    list('event-type', 'event_type=', () => ({ event_type: eventType })),
    list('event-type-delivered', 'event_type=&status=delivered, the newest fifth failed', () => ({
      event_type: eventType,
      status: 'delivered',
      limit: '20',
    })),
    list('event-type-failed', 'event_type=&status=failed', () => ({
      event_type: eventType,
      status: 'failed',
      limit: '5',
    })),
    list('event-type-absent', 'event_type=&status=failed of a type that never came', () => ({
      event_type: absentType,
      status: 'failed',
    })),
    list('event-id', 'event_id=', ({ facts }) => ({ event_id: facts.eventId })),
    list('event-id-failed', 'event_id=&status=failed', ({ facts }) => ({ event_id: facts.eventId, status: 'failed' })),
    list('middle', 'since=&until=', ({ facts }) => ({ ...facts.middle, limit: '10' })),
    list('middle-failed', 'since=&until=&status=failed', ({ facts }) => ({
      ...facts.middle,
      status: 'failed',
      limit: '2',
    })),
    list('old', 'until=, long ago', ({ facts }) => ({ until: facts.oldUntil, limit: '5' })),
    ofTenant('tenant-newest', 'newest', () => ({})),
    ofTenant('tenant-page', 'a page in the middle', ({ cursor }) => ({ cursor })),
    ofTenant('tenant-failed', 'status=failed', () => ({ status: 'failed' })),
    ofTenant('tenant-delivered', 'status=delivered, the newest fifth failed', () => ({ status: 'delivered' })),
    ofTenant('tenant-pending', 'status=pending, of which there are none', () => ({ status: 'pending' })),
    ofTenant('tenant-event-type', 'event_type=', () => ({ event_type: eventType })),
    events('events-newest', 'newest', () => ({})),
    events('events-event-type', 'event_type=', () => ({ event_type: eventType })),
    events('events-event-type-absent', 'event_type= of a type that never came', () => ({ event_type: absentType })),
    events('events-event-id', 'event_id=', ({ facts }) => ({ event_id: facts.eventId })),
    events('events-middle', 'since=&until=', ({ facts }) => ({ ...facts.middle, limit: '10' })),
    events('events-middle-type', 'since=&until=&event_type=', ({ facts }) => ({
      ...facts.middle,
      event_type: eventType,
      limit: '10',
    })),
    events('events-old', 'until=, long ago', ({ facts }) => ({ until: facts.oldUntil, limit: '5' })),
    { id: 'recoveries', name: 'recoveries of a webhook', path: ({ id }) => `/v1/webhooks/${id}/recoveries` },
    auditLog('audit-newest', 'newest', () => ({})),
    auditLog('audit-middle', 'since=&until=', ({ facts }) => ({ ...facts.middle, limit: '10' })),
    auditLog('audit-action', 'action=', () => ({ action: 'webhook.updated' })),
    auditLog('audit-action-absent', 'action= of which there are none', () => ({ action: 'webhook.paused' })),
    auditLog('audit-subject', 'subject_id=', ({ id }) => ({ subject_id: String(id) })),
    auditLog('audit-subject-type', 'subject_type=', () => ({ subject_type: 'recovery' })),
    {
      id: 'one',
      name: 'one delivery with its attempts',
      path: ({ id, facts }) => `/v1/webhooks/${id}/deliveries/${facts.deliveryId}`,
    },
  ];
}

/** Lists and statistics of a webhook and of its tenant with a long history, compared with a short one, in turns. */
export const lists: Measurement = {
  name: 'lists',
  run: (bench) =>
    bench.withRig({}, async (rig) => {
      const [few, many] = bench.sizes.lists;
      // The long one first, so that Postgres' statistics of the tables fit both.
      const large = await fill(bench, rig, many);
      const small = await fill(bench, rig, few);
      for (const { id, name, path } of calls(rig.eventTypes[0]!, rig.eventTypes[historyTypes]!)) {
        bench.progress(name);
        const smallMs: number[] = [];
        const largeMs: number[] = [];
        // One call of each beforehand, not counted. Both must return as many rows, or it is no comparison.
        const rows = { small: await rowsOf(small, path), large: await rowsOf(large, path) };
        if (rows.small !== rows.large)
          throw new Error(`${name}: ${rows.small} rows from the short history, ${rows.large} from the long one`);
        for (let n = 0; n < bench.sizes.listCalls; n++) {
          smallMs.push(await timed(() => small.tenant.get(path(small))));
          largeMs.push(await timed(() => large.tenant.get(path(large))));
        }
        const [short, long] = [summarize(smallMs), summarize(largeMs)];
        bench.add({
          id: `list-${id}`,
          name: `${name}: p50 of ${many} deliveries`,
          value: long.p50,
          unit: 'ms',
          floors: [{ name: `of ${few}`, value: short.p50 }],
          target: { of: 'ratio', is: 'at most', limit: 2 },
          details: { rows: rows.large, short, long },
        });
      }
    }),
};

async function fill(bench: Bench, rig: Rig, count: number): Promise<FilledWebhook> {
  bench.progress(`filling in ${count} deliveries`);
  const tenant = await rig.addTenant();
  const { id } = await tenant.addWebhook({ events: [rig.eventTypes[0]!] });
  const facts = await fillHistory(rig.db, { id, tenantId: tenant.id }, count, rig.eventTypes.slice(0, historyTypes));
  const page = await tenant.get<Page>(
    `/v1/webhooks/${id}/deliveries?limit=1&until=${encodeURIComponent(facts.middle.until)}`,
  );
  if (typeof page['next_cursor'] !== 'string') throw new Error('the middle of the history has no next page');
  return { tenant, id, facts, cursor: page['next_cursor'] };
}

async function rowsOf(webhook: FilledWebhook, path: (webhook: FilledWebhook) => string): Promise<number> {
  const rows = Object.values(await webhook.tenant.get<Page>(path(webhook))).find(Array.isArray) as
    unknown[] | undefined;
  return rows?.length ?? 0;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}
