import assert from 'node:assert/strict';
import { waitingFigures, workingFigures } from '../../../portal/src/pages/console/platform-figures.js';
import { grouped, pageOf } from '../../../portal/src/pages/console/search-results.js';
import { troublesOf } from '../../../portal/src/pages/console/tenant-trouble.js';
import type { components } from '../../../src/client/api-types.js';

type Schemas = components['schemas'];

const now = new Date('2026-11-27T12:00:00.000Z');
const ago = (seconds: number) => new Date(now.getTime() - seconds * 1_000).toISOString();

describe('a tenant in the console', () => {
  const tenant: Schemas['TenantOverview'] = {
    id: '01a21ed0-0000-7000-8000-000000000001',
    name: 'Acme',
    external_id: null,
    created_at: ago(9_999),
    webhooks: 3,
    failing_webhooks: 0,
    disabled_webhooks: 0,
    pending_deliveries: 2,
    oldest_pending_at: ago(60),
    last_24_hours: { events: 100, delivered: 100, failed: 0, expired: 0, attempts: 100 },
  };
  const troubles = (changes: Partial<Schemas['TenantOverview']>) =>
    troublesOf({ ...tenant, ...changes }, now).map(({ text }) => text);

  it('is in no trouble with some failures and a short wait', () => {
    assert.deepEqual(troubles({ last_24_hours: { ...tenant.last_24_hours, failed: 2 } }), []);
    assert.deepEqual(troubles({ oldest_pending_at: null, pending_deliveries: 0 }), []);
  });

  it('is in trouble by webhooks that fail, by many failures, and by a long wait; the worst comes first', () => {
    assert.deepEqual(
      troubles({
        disabled_webhooks: 1,
        failing_webhooks: 2,
        oldest_pending_at: ago(3_600),
        last_24_hours: { ...tenant.last_24_hours, delivered: 90, failed: 4, expired: 6 },
      }),
      ['1 webhook disabled', '2 webhooks failing', '10 % failed', 'waiting for 1 h'],
    );
  });
});

describe('the platform’s figures', () => {
  const sender = { id: '01a21ed0-0000-7000-8000-000000000001', last_beat_at: ago(1), alive: true };
  const fine: Schemas['PlatformState'] = {
    pending_deliveries: 7,
    pending_is_exact: true,
    oldest_pending_at: ago(90),
    held_deliveries: 0,
    waiting_for_turn: 0,
    waiting_for_rate_limit: 0,
    unstarted_deliveries: 0,
    oldest_unstarted_at: null,
    uncollected_webhooks: 0,
    sweeper: { last_run_at: ago(12), running: false, paused: false },
    senders: [sender],
    statistics_rolled_up_until: ago(45),
    temporal: { reachable: true, problems: [] },
  };
  const figures = (changes: Partial<Schemas['PlatformState']>) => {
    const state = { ...fine, ...changes };
    return [...waitingFigures(state, now), ...workingFigures(state, now)];
  };
  const alarms = (changes: Partial<Schemas['PlatformState']>) =>
    figures(changes).flatMap(({ name, value, tone, advice }) =>
      tone === 'bad' || tone === 'warn' ? [{ name, value, tone, isAdvised: advice !== null }] : [],
    );

  it('raise no alarm while everything moves, however much waits', () => {
    assert.deepEqual(alarms({ pending_deliveries: 90_000, held_deliveries: 5_000, waiting_for_turn: 3_000 }), []);
    const [pending, oldest] = figures({ pending_deliveries: 10_000, pending_is_exact: false });
    assert.equal(pending?.value, 'over 10,000');
    assert.equal(oldest?.value, '1 min 30 s');
  });

  const isAdvised = true;
  const troubles: [string, Partial<Schemas['PlatformState']>, { name: string; value: string; tone: string }][] = [
    [
      'deliveries that nobody started',
      { unstarted_deliveries: 3, oldest_unstarted_at: ago(40) },
      { name: 'Not started', value: '3, the oldest for 40 s', tone: 'bad' },
    ],
    [
      'batches that did not leave',
      { uncollected_webhooks: 1 },
      { name: 'Batches overdue', value: '1 webhook', tone: 'bad' },
    ],
    [
      'Temporal that does not answer',
      { temporal: { reachable: false, problems: [] } },
      { name: 'Temporal', value: 'not reachable', tone: 'bad' },
    ],
    [
      'no sender that lives',
      { senders: [{ ...sender, alive: false }] },
      { name: 'Senders', value: '0 alive, 1 gone', tone: 'bad' },
    ],
    ['an unknown sweeper', { sweeper: null }, { name: 'Sweeper', value: 'not known', tone: 'warn' }],
    [
      'a paused sweeper',
      { sweeper: { last_run_at: ago(5), running: false, paused: true } },
      { name: 'Sweeper', value: 'paused', tone: 'bad' },
    ],
    [
      'a late sweeper',
      { sweeper: { last_run_at: ago(300), running: true, paused: false } },
      { name: 'Sweeper', value: 'ran 5 min ago, runs now', tone: 'bad' },
    ],
    [
      'statistics that stand still',
      { statistics_rolled_up_until: ago(3_600) },
      { name: 'Statistics', value: 'up to 1 h ago', tone: 'warn' },
    ],
  ];
  for (const [what, changes, alarm] of troubles)
    it(`raise an alarm, with what to do, about ${what}`, () =>
      assert.deepEqual(alarms(changes), [{ ...alarm, isAdvised }]));
});

describe('results of a search in the console', () => {
  const result = (type: Schemas['SearchResult']['type'], id: string, webhookId: number | null = null) => ({
    type,
    id,
    tenant: { id: 't1', name: 'Acme' },
    webhook_id: webhookId,
    title: 'x',
    created_at: ago(1),
  });

  it('are grouped by type', () => {
    const groups = grouped([result('webhook', '1', 1), result('event', 'e1'), result('event', 'e2')]);
    assert.deepEqual(
      groups.map(({ title, results }) => [title, results.map(({ id }) => id)]),
      [
        ['Webhooks', ['1']],
        ['Events', ['e1', 'e2']],
      ],
    );
  });

  it('lead to the page of their tenant', () => {
    assert.deepEqual(
      [result('tenant', 't1'), result('webhook', '3', 3), result('event', 'e1'), result('delivery', 'd1', 3)].map(
        pageOf,
      ),
      ['tenants/t1', 'tenants/t1/webhooks/3', 'tenants/t1/events/e1', 'tenants/t1/webhooks/3/deliveries/d1'],
    );
  });
});
