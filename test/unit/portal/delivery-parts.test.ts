import assert from 'node:assert/strict';
import { filtersOf, isFiltered, queryOf } from '../../../portal/src/pages/deliveries/query-of.js';
import { steady } from '../../../portal/src/pages/deliveries/steady-rows.js';
import { batchEvents } from '../../../portal/src/pages/delivery/batch-of.js';
import { withRevealed } from '../../../portal/src/pages/delivery/revealed.js';
import { temporalLink, workflowIdOf } from '../../../portal/src/pages/delivery/temporal-link.js';
import { timeline } from '../../../portal/src/pages/delivery/timeline.js';
import { ago, fromLocalInput, toLocalInput } from '../../../portal/src/text/local-times.js';
import { batchNames } from '../../../src/db/batches.js';
import { deliveryWorkflowId } from '../../../src/temporal/start-workflows.js';
import { attempt, delivery } from './deliveries.js';

describe('portal: the list of deliveries', () => {
  it('takes its filters from the url, whatever is there', () => {
    const filters = filtersOf(new URLSearchParams('webhook=x&status=failed&since=&other=1'));
    assert.deepEqual(queryOf(filters), { webhook_id: 'x', status: 'failed' });
    assert.equal(isFiltered(filters), true);
    assert.equal(isFiltered(filtersOf(new URLSearchParams('since=&other=1'))), false);
  });

  it('keeps rows where they are, shows them as they are now, and counts the new ones', () => {
    const shown = [
      { id: 'c', status: 'pending' },
      { id: 'b', status: 'pending' },
      { id: 'a', status: 'failed' },
    ];
    const now = [
      { id: 'e', status: 'pending' },
      { id: 'd', status: 'pending' },
      { id: 'c', status: 'delivered' },
      { id: 'b', status: 'pending' },
    ];
    assert.deepEqual(steady(shown, now), {
      rows: [
        { id: 'c', status: 'delivered' },
        { id: 'b', status: 'pending' },
        { id: 'a', status: 'failed' },
      ],
      newRows: 2,
    });
  });

  it('gives times to inputs in the viewer’s zone, and takes them back', () => {
    const time = '2025-10-29T12:34:00.000Z';
    assert.equal(fromLocalInput(toLocalInput(time)), time);
    assert.equal(toLocalInput('nonsense'), '');
    assert.equal(toLocalInput(null), '');
    assert.equal(fromLocalInput(''), null);
    assert.equal(ago(3_600_000, new Date('2025-10-29T12:34:56.789Z')), '2025-10-29T11:34:00.000Z');
  });
});

describe('portal: a delivery', () => {
  it('lays attempts on a time line', () => {
    const entries = timeline('2025-10-29T12:00:00.000Z', [
      attempt(),
      attempt({ number: 2, started_at: '2025-10-29T12:00:01.150Z', duration_ms: 400 }),
      // Begun by a process whose clock is behind.
      attempt({ number: 3, started_at: '2025-10-29T12:00:01.500Z', duration_ms: 100 }),
    ]);
    assert.deepEqual(
      entries.map(({ offsetMs, gapMs, length }) => ({ offsetMs, gapMs, length })),
      [
        { offsetMs: 50, gapMs: 50, length: 0.25 },
        { offsetMs: 1_150, gapMs: 1_000, length: 1 },
        { offsetMs: 1_500, gapMs: 0, length: 0.25 },
      ],
    );
  });

  it('lists the events of its batch', () => {
    const events = [{ event: 'call.dtmf', event_id: '1' }, { event: 'call.dtmf' }, null];
    assert.deepEqual(batchEvents(JSON.stringify({ batch_id: 'x', events })), [{ type: 'call.dtmf', id: '1' }]);
    assert.deepEqual(batchEvents('{"event":"call.dtmf"}'), []);
    assert.deepEqual(batchEvents('not json'), []);
    assert.deepEqual(batchEvents('null'), []);
    assert.deepEqual(batchEvents(null), []);
  });

  it('keeps what was revealed, and hides what came after', () => {
    const hidden = { request_headers: null, response_headers: null, response_body: null, bodies_hidden: true } as const;
    const now = delivery({ body: null, attempts: [attempt(hidden), attempt({ ...hidden, number: 2 })] });
    const before = delivery({ body: '{}', attempts: [attempt()] });
    const { body, attempts } = withRevealed(now, before);
    assert.equal(body, '{}');
    assert.deepEqual(
      attempts.map(({ response_body }) => response_body),
      ['no', null],
    );
    assert.equal(withRevealed(now, null), now);
  });

  it('knows its workflow in Temporal, or that of its batch', () => {
    const own = delivery();
    const id = deliveryWorkflowId({ webhookId: 3, eventType: own.event_type, id: own.id });
    assert.equal(workflowIdOf(own), id);
    assert.equal(workflowIdOf({ ...own, batch_id: own.id }), id);
    const batch = { ...batchNames('0199f2b4-0000-7000-8000-000000000000'), webhookId: 3 };
    assert.equal(workflowIdOf({ ...own, batch_id: batch.id }), deliveryWorkflowId(batch));
    assert.equal(
      temporalLink('http://127.0.0.1:8233/', 'a b', 'webhook-3/call.dtmf/1'),
      'http://127.0.0.1:8233/namespaces/a%20b/workflows/webhook-3%2Fcall.dtmf%2F1',
    );
  });
});
