import assert from 'node:assert/strict';
import type { Action, Entry } from '../../../portal/src/pages/activity/actions.js';
import { subjects } from '../../../portal/src/pages/activity/actions.js';
import { changesOf } from '../../../portal/src/pages/activity/changes.js';
import { byDay } from '../../../portal/src/pages/activity/days.js';
import { sentenceOf } from '../../../portal/src/pages/activity/sentence.js';
import { auditActions } from '../../../src/db/audit.js';

const alice = { type: 'portal', id: '01a21ed0-0000-7000-8000-000000000001', name: 'alice@acme.example' } as const;

function entry(
  action: Action,
  subjectId: string,
  changes: Entry['changes'] = {},
  actor: Entry['actor'] = alice,
  webhookId: number | null = null,
): Entry {
  const type = action.split('.')[0] as Entry['subject']['type'];
  const id = '01a21ed0-0000-7000-8000-0000000000ff';
  const subject = { type, id: subjectId, webhook_id: webhookId };
  return { id, at: '2026-11-27T21:15:07.934Z', actor, action, subject, changes };
}

function said(of: Entry): string {
  const { who, did, thing, rest } = sentenceOf(of);
  return [who, did, thing, rest].filter(Boolean).join(' ');
}

describe('a sentence of the activity log', () => {
  it('says who changed what of which webhook', () => {
    const changed = (fields: string[]) =>
      said(entry('webhook.updated', '3', Object.fromEntries(fields.map((field) => [field, { old: 1, new: 2 }]))));
    assert.equal(changed(['url']), 'alice@acme.example changed the url of webhook 3');
    assert.equal(
      changed(['timeout_ms', 'rate_limit_per_hour']),
      'alice@acme.example changed the timeout and the limit per hour of webhook 3',
    );
    assert.equal(changed(['url', 'events', 'filter', 'headers']), 'alice@acme.example changed 4 settings of webhook 3');
  });

  it('names things as people do', () => {
    const name = { name: { old: null, new: 'billing' } };
    assert.equal(said(entry('api_key.created', 'x', name)), 'alice@acme.example created the key “billing”');
    assert.equal(
      said(entry('api_key.deleted', 'x', { name: { old: 'billing', new: null } })),
      'alice@acme.example deleted the key “billing”',
    );
    assert.equal(
      said(entry('phone_number.assigned', 'x', { ends_in: { old: null, new: '4321' } })),
      'alice@acme.example assigned the number ending in 4321',
    );
    assert.equal(
      said(
        entry('recovery.created', '01a21eea-1ba4-785b-b329-2518d006afb1', {
          webhook_id: { old: null, new: 3 },
          total: { old: null, new: 40 },
        }),
      ),
      'alice@acme.example started recovery …d006afb1 of webhook 3 with 40 deliveries',
    );
  });

  it('says by what means: key, portal, console, or the service itself', () => {
    const means = (actor: Entry['actor']) => {
      const { who, by } = sentenceOf(entry('webhook.paused', '3', {}, actor));
      return [who, by];
    };
    const id = alice.id;
    assert.deepEqual(means(alice), ['alice@acme.example', 'portal']);
    assert.deepEqual(means({ type: 'portal', id, name: 'portal' }), ['Somebody', 'portal']);
    assert.deepEqual(means({ type: 'api_key', id, name: 'billing' }), ['billing', 'API key']);
    assert.deepEqual(means({ type: 'api_key', id, name: 'Olga (console)' }), ['Olga', 'operator’s console']);
    assert.deepEqual(means({ type: 'api_key', id: null, name: 'IRISX_ADMIN_KEY' }), ['The platform', 'admin key']);
    assert.deepEqual(means({ type: 'system', id: null, name: 'service' }), ['The service', null]);
  });

  it('tells signing out from being thrown out', () => {
    const name = { name: { old: alice.name, new: null } };
    assert.equal(said(entry('portal_session.ended', alice.id, name)), 'alice@acme.example signed out of the portal');
    const admin = { type: 'api_key', id: null, name: 'IRISX_ADMIN_KEY' } as const;
    assert.equal(
      said(entry('portal_session.ended', alice.id, name, admin)),
      'The platform ended the portal session “alice@acme.example”',
    );
  });

  it('links to the page of the thing', () => {
    const to = (action: Action, id: string, webhookId: number | null = null) =>
      sentenceOf(entry(action, id, {}, alice, webhookId)).to;
    assert.equal(to('webhook.updated', '3'), 'webhooks/3');
    assert.equal(to('webhook.deleted', '3'), null);
    assert.equal(to('recovery.cancelled', 'r-1', 3), 'recover?webhook=3');
    assert.equal(to('delivery.retried', 'd-1', 3), 'webhooks/3/deliveries/d-1');
    assert.equal(to('delivery.retried', 'd-1'), null, 'gone when webhooks began to be recorded');
  });

  it('is there for every action, as is its filter', () => {
    const named = Object.values(subjects).flatMap(({ actions }) => Object.keys(actions));
    assert.deepEqual(named.sort(), [...auditActions].sort());
    for (const action of auditActions) assert.match(said(entry(action, '3')), /^alice@acme\.example \w+/);
  });
});

describe('changes in the activity log', () => {
  const shown = (action: Action, changes: Entry['changes']) => changesOf(entry(action, '3', changes));
  const text = (value: string) => ({ kind: 'text', text: value });
  const quiet = (value: string) => ({ kind: 'quiet', text: value });

  it('are old and new value of a changed thing, the values of a new one, the last ones of one that went', () => {
    assert.deepEqual(shown('webhook.updated', { timeout_ms: { old: 10_000, new: 1_500 } }), [
      { field: 'timeout_ms', name: 'timeout', kind: 'change', old: text('10 s'), new: text('1.5 s') },
    ]);
    assert.deepEqual(shown('webhook.created', { max_retries: { old: null, new: 5 } }), [
      { field: 'max_retries', name: 'number of retries', kind: 'value', value: text('5') },
    ]);
    assert.deepEqual(shown('webhook.deleted', { max_retries: { old: 5, new: null } }), [
      { field: 'max_retries', name: 'number of retries', kind: 'value', value: text('5') },
    ]);
  });

  it('are what came and what went of a list', () => {
    assert.deepEqual(shown('webhook.updated', { events: { old: ['a', 'b'], new: ['b', 'c'] } }), [
      { field: 'events', name: 'event types', kind: 'list', added: ['c'], removed: ['a'] },
    ]);
  });

  it('say that a value is not in the log', () => {
    const change = { old: '[masked]', new: '[masked]' };
    assert.deepEqual(shown('webhook.secret_rotated', { secret: change }), [
      { field: 'secret', name: 'secret', kind: 'hidden' },
    ]);
  });

  it('say what nothing means', () => {
    const nothing = (field: string, action: Action = 'webhook.updated') => {
      const [change] = shown(action, { [field]: { old: 1, new: null } });
      return change?.kind === 'change' ? change.new : change;
    };
    assert.deepEqual(nothing('rate_limit_per_hour'), quiet('no limit'));
    assert.deepEqual(nothing('disable_after_hours'), quiet('never'));
    assert.deepEqual(nothing('bodies', 'tenant.retention_set'), quiet('the default'));
    assert.deepEqual(nothing('fallback_url'), quiet('none'));
  });

  it('have values as people read them', () => {
    const value = (field: string, now: unknown) => {
      const [change] = shown('webhook.created', { [field]: { old: null, new: now } });
      return change?.kind === 'value' ? change.value : change;
    };
    assert.deepEqual(value('retry_schedule', [1, 60, 7_200]), text('1 s, 1 min, 2 h'));
    assert.deepEqual(value('events', ['*']), text('all'));
    assert.deepEqual(value('headers', { Authorization: '[masked]' }), text('Authorization'));
    assert.deepEqual(value('ttl_seconds', { '*': 90 }), text('all: 1 min 30 s'));
    assert.deepEqual(
      value('batch', { max_events: 10, max_wait_seconds: 5 }),
      text('up to 10 events, after 5 s at the latest'),
    );
    assert.deepEqual(value('filter', { event: 'call.dtmf' }), { kind: 'json', text: '{"event":"call.dtmf"}' });
    assert.deepEqual(value('expires_at', '2026-11-27T21:15:07.934Z'), {
      kind: 'time',
      text: '2026-11-27T21:15:07.934Z',
    });
    assert.deepEqual(value('description', ''), quiet('empty'));
    assert.deepEqual(value('enabled', false), text('no'));
  });

  it('leave out what the sentence says', () => {
    assert.deepEqual(shown('webhook.paused', { enabled: { old: true, new: false } }), []);
  });
});

describe('days of the activity log', () => {
  it('are the viewer’s, and the latest two have names', () => {
    const tuesday = new Intl.DateTimeFormat('en-GB', { dateStyle: 'full' }).format(new Date(2026, 10, 24));
    const at = (day: number) => ({ at: new Date(2026, 10, day, 12).toISOString() });
    const days = byDay([at(27), at(27), at(26), at(24)], new Date(2026, 10, 27, 13));
    assert.deepEqual(
      days.map(({ day, entries }) => [day, entries.length]),
      [
        ['Today', 2],
        ['Yesterday', 1],
        [tuesday, 1],
      ],
    );
  });
});
