import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { takeAttempt } from '../../../src/db/attempts.js';
import {
  createTenant,
  createWebhook,
  recordAnswer,
  startApi,
  triggerDtmf,
  type Api,
  type TestTenant,
} from './fixture.js';

describe('deliveries', () => {
  let api: Api;
  let tenant: TestTenant;
  let webhook: number;
  before(async () => void (api = await startApi()));
  beforeEach(async () => {
    tenant = await createTenant(api);
    webhook = await createWebhook(tenant);
  });
  after(() => api.close());

  const list = (query = '') => tenant.call('GET', `/v1/webhooks/${webhook}/deliveries${query}`);
  const idsOf = (deliveries: { id: string }[]) => deliveries.map(({ id }) => id);
  const eventRowIdOf = async (delivery: string) => {
    const { rows } = await api.pool.query<{ event_row_id: string }>(
      'select event_row_id from webhook_deliveries where id = $1',
      [delivery],
    );
    return rows[0]!.event_row_id;
  };
  const retry = (delivery: string, body?: unknown) =>
    tenant.call('POST', `/v1/webhooks/${webhook}/deliveries/${delivery}/retry`, { body });

  it('are shown with the body as sent and the attempts, secrets masked', async () => {
    const [id = ''] = await triggerDtmf(api, tenant, 'shown-1');
    await recordAnswer(api, id, {
      statusCode: 500,
      verdict: 'retry',
      durationMs: 245,
      responseHeaders: { 'content-type': 'text/plain', 'set-cookie': 'session=1', 'x-auth-token': 't' },
    });
    const { status, body } = await tenant.call('GET', `/v1/webhooks/${webhook}/deliveries/${id.toUpperCase()}`);
    assert.equal(status, 200);
    const { attempts, ...delivery } = body.delivery;
    const { timestamp } = JSON.parse(delivery.body) as { timestamp: string };
    assert.deepEqual(delivery, {
      id,
      webhook_id: webhook,
      event_type: 'call.dtmf',
      event_id: 'shown-1',
      status: 'pending',
      test: false,
      attempt_count: 1,
      next_attempt_at: delivery.next_attempt_at,
      in_flight: false,
      attempt_started_at: null,
      created_at: delivery.created_at,
      finished_at: null,
      expunged_at: null,
      ordering_key: 'call-1',
      sequence: delivery.sequence,
      expires_at: null,
      batch_id: null,
      request_body_differs: false,
      status_code: 500,
      duration_ms: 245,
      response_body: 'ok',
      response_body_truncated: false,
      attempts_next_cursor: null,
      error: { class: 'http_status', message: 'the receiver answered 500' },
      body: `{"event":"call.dtmf","event_id":"shown-1","timestamp":"${timestamp}","data":{"call_sid":"call-1","digit":"5","timestamp":"2025-10-29T12:00:00Z"}}`,
    });
    assert.ok(delivery.sequence >= 1);
    assert.equal(attempts.length, 1);
    assert.deepEqual(attempts[0].request_headers, {
      'X-IRISX-Attempt': '1',
      'X-IRISX-Signature': '[masked]',
      'X-Api-Key': '[masked]',
    });
    assert.deepEqual(attempts[0].response_headers, { 'content-type': 'text/plain', 'x-auth-token': '[masked]' });
    assert.deepEqual([attempts[0].number, attempts[0].status_code, attempts[0].duration_ms], [1, 500, 245]);
  });

  it('show that a request is open, and since when', async () => {
    const [id = ''] = await triggerDtmf(api, tenant);
    const taken = await takeAttempt(api.pool, id, {
      timeoutMs: 30_000,
      processId: randomUUID(),
      keyIds: api.sealer.keyIds,
    });
    assert.equal(taken.answer, 'send');
    const shown = async () => {
      const { body } = await list();
      return [body.deliveries[0].in_flight, body.deliveries[0].attempt_started_at];
    };
    assert.deepEqual(await shown(), [true, taken.attempt.takenAt.toISOString()]);
    // nobody can still have it open
    await api.pool.query("update webhook_deliveries set in_flight_until = now() - interval '1 s' where id = $1", [id]);
    assert.deepEqual(await shown(), [false, null]);
  });

  /** Inserts `count` attempts with this response body. */
  async function insertAttempts(delivery: string, count: number, body: string): Promise<void> {
    await api.pool.query(
      `insert into webhook_attempts (delivery_id, number, request_id, started_at, duration_ms, status_code, request_headers,
                                     response_headers, response_body, error_class, error_message)
       select $1, n, gen_random_uuid(), now(), 1, 500, '{}', '{}', $3, 'http_status', 'x' from generate_series(1, $2) n`,
      [delivery, count, body],
    );
    await api.pool.query('update webhook_deliveries set attempt_count = $2 where id = $1', [delivery, count]);
  }

  it('in lists have the response body cut to 1 KB, between characters, and marked as truncated', async () => {
    const [short = '', exact = '', long = ''] = [
      ...(await triggerDtmf(api, tenant)),
      ...(await triggerDtmf(api, tenant)),
      ...(await triggerDtmf(api, tenant)),
    ];
    await insertAttempts(short, 1, 'ok');
    await insertAttempts(exact, 1, 'a'.repeat(1_024));
    await insertAttempts(long, 1, `a${'€'.repeat(20_000)}`);
    const { body } = await list();
    const shown = body.deliveries.map((delivery: { response_body: string; response_body_truncated: boolean }) => [
      delivery.response_body,
      delivery.response_body_truncated,
    ]);
    // 341 characters of three bytes, and one of one byte
    assert.deepEqual(shown, [
      [`a${'€'.repeat(341)}`, true],
      ['a'.repeat(1_024), false],
      ['ok', false],
    ]);
    const whole = (await tenant.call('GET', `/v1/webhooks/${webhook}/deliveries/${long}`)).body.delivery;
    assert.deepEqual([whole.response_body.length, whole.response_body_truncated], [20_001, false]);
  });

  it('with the largest responses fit a page of 200 in under 2 MB', async () => {
    await api.pool.query(
      `with event as (
         insert into webhook_events (tenant_id, event_type, event_id, occurred_at, body)
         select $1, 'call.dtmf', 'large-' || n, now(), '{}' from generate_series(1, 200) n returning id, event_id),
       delivery as (
         insert into webhook_deliveries (event_row_id, webhook_id, tenant_id, event_type, event_id, status, accepted_as,
                                         attempt_count, next_attempt_at)
         select id, $2, $1, 'call.dtmf', event_id, 'pending', 'pending', 1, now() from event returning id)
       insert into webhook_attempts (delivery_id, number, request_id, started_at, duration_ms, status_code, request_headers, response_body)
       select id, 1, gen_random_uuid(), now(), 1, 200, '{}', repeat(chr(1), 65536) from delivery`,
      [tenant.id, webhook],
    );
    const { body } = await list('?limit=200');
    assert.equal(body.deliveries.length, 200);
    assert.ok(JSON.stringify(body).length < 2_000_000);
  });

  it('list attempts in pages, first to last, and show the first page themselves', async () => {
    const [id = ''] = await triggerDtmf(api, tenant);
    await insertAttempts(id, 125, 'no');
    const path = `/v1/webhooks/${webhook}/deliveries/${id}`;
    const { delivery } = (await tenant.call('GET', path)).body;
    const numbers: number[] = delivery.attempts.map((attempt: { number: number }) => attempt.number);
    assert.equal(numbers.length, 50);
    let cursor: string | null = delivery.attempts_next_cursor;
    for (let page = 0; cursor !== null && page < 10; page += 1) {
      const { body } = await tenant.call('GET', `${path}/attempts?limit=30&cursor=${cursor}`);
      numbers.push(...body.attempts.map((attempt: { number: number }) => attempt.number));
      cursor = body.next_cursor as string | null;
    }
    assert.deepEqual(
      numbers,
      Array.from({ length: 125 }, (_, i) => i + 1),
    );
    assert.equal((await tenant.call('GET', `${path}/attempts?limit=125`)).body.next_cursor, null);
  });

  it('end a page of attempts early when responses are large, and leave none out', async () => {
    const [id = ''] = await triggerDtmf(api, tenant);
    await insertAttempts(id, 100, '\u0001'.repeat(65_536));
    const path = `/v1/webhooks/${webhook}/deliveries/${id}`;
    const numbers: number[] = [];
    let query = '?limit=200';
    for (let page = 0; query !== '' && page < 20; page += 1) {
      const { body } = await tenant.call('GET', `${path}/attempts${query}`);
      assert.ok(JSON.stringify(body).length < 8_000_000);
      numbers.push(...body.attempts.map((attempt: { number: number }) => attempt.number));
      query = body.next_cursor === null ? '' : `?limit=200&cursor=${body.next_cursor}`;
    }
    assert.equal(numbers.length, 100);
    assert.equal(new Set(numbers).size, 100);
  });

  it('of another tenant show no attempts, and an invalid cursor is refused', async () => {
    const [id = ''] = await triggerDtmf(api, tenant);
    const path = `/v1/webhooks/${webhook}/deliveries/${id}/attempts`;
    assert.equal((await (await createTenant(api)).call('GET', path)).status, 404);
    for (const cursor of ['', 'abc', Buffer.from('after:0').toString('base64url')]) {
      assert.equal((await tenant.call('GET', `${path}?cursor=${cursor}`)).status, 400, cursor);
    }
  });

  it('get ten retries by hand a minute, even from two processes at the same time, and only those count', async () => {
    const [id = '', other = ''] = [...(await triggerDtmf(api, tenant)), ...(await triggerDtmf(api, tenant))];
    await recordAnswer(api, id, { statusCode: 200, verdict: 'delivered' });
    assert.equal((await retry(id)).status, 409);
    const second = await startApi({ databaseUrl: api.databaseUrl });
    try {
      const path = `/v1/webhooks/${webhook}/deliveries/${id}/retry`;
      const responses = await Promise.all(
        Array.from({ length: 24 }, (_, i) =>
          (i % 2 ? api : second).call('POST', path, { key: tenant.key, body: { force: true } }),
        ),
      );
      const granted = responses.filter(({ status }) => status === 202);
      const refused = responses.filter(({ status }) => status === 429);
      assert.deepEqual([granted.length, refused.length], [10, 14]);
      for (const { headers, body } of refused) {
        const seconds = Number(headers.get('retry-after'));
        assert.ok(seconds >= 1 && seconds <= 60, `Retry-After: ${seconds}`);
        assert.match(body.detail, /retried by hand 10 times within a minute/);
      }
    } finally {
      await second.close();
    }
    assert.equal((await retry(other)).status, 202);
    await api.pool.query(
      "update webhook_deliveries set retry_minute_began_at = retry_minute_began_at - interval '1 min' where id = $1",
      [id],
    );
    assert.equal((await retry(id, { force: true })).status, 202);
  });

  it('can be filtered by status, event type, event id and time', async () => {
    const [first = ''] = await triggerDtmf(api, tenant, 'filter-1');
    const [second = ''] = await triggerDtmf(api, tenant, 'filter-2');
    await recordAnswer(api, first, { statusCode: 200, verdict: 'delivered' });
    await api.pool.query("update webhook_deliveries set created_at = created_at - interval '10 s' where id = $1", [
      first,
    ]);
    const { created_at } = (await list('?event_id=filter-2')).body.deliveries[0];
    const cases: [string, string[]][] = [
      ['', [second, first]],
      ['?status=delivered', [first]],
      ['?status=pending', [second]],
      ['?status=failed', []],
      ['?event_type=call.dtmf', [second, first]],
      ['?event_type=sms.sent', []],
      ['?event_id=filter-1', [first]],
      [`?since=${created_at}`, [second]],
      [`?until=${created_at}`, [first]],
      [
        `?since=${encodeURIComponent(created_at.replace('Z', '+00:00'))}&status=pending&event_type=call.dtmf&event_id=filter-2`,
        [second],
      ],
      ['?since=1970-01-01T00:00:00Z&until=9999-12-31T00:00:00Z', [second, first]],
    ];
    for (const [query, expected] of cases) {
      const { status, body } = await list(query);
      assert.deepEqual([status, idsOf(body.deliveries)], [200, expected], query);
    }
  });

  it('refuse unknown filters by name', async () => {
    for (const [query, path] of [
      ['?status=done', 'status'],
      ['?event_type=call.exploded', 'event_type'],
      ['?event_id=a%00b', 'event_id'],
      ['?event_id=', 'event_id'],
      ['?since=yesterday', 'since'],
      ['?until=2025-10-29', 'until'],
      ['?until=9999-12-31T23:59:59-01:00', 'until'],
      ['?limit=0', 'limit'],
      ['?limit=201', 'limit'],
      ['?limit=1e2', 'limit'],
      ['?limit=', 'limit'],
      ['?limit=1&limit=2', 'limit'],
      ['?statsu=failed', 'statsu'],
      ['?cursor=', 'cursor'],
      ['?cursor=abc', 'cursor'],
      ['?cursor=YWZ0ZXI6MQ', 'cursor'],
      ['?cursor=%ff%00', 'cursor'],
      ['?webhook_id=2', 'webhook_id'],
    ] as const) {
      const { status, body } = await list(query);
      assert.deepEqual([status, body.errors?.[0]?.path], [400, path], query);
    }
  });

  it('field case 32: of the same millisecond are listed without a gap or a repeat while others are added', async () => {
    await api.pool.query(
      `with event as (
         insert into webhook_events (tenant_id, event_type, event_id, occurred_at, body)
         select $1, 'call.dtmf', 'same-' || n, now(), '{}' from generate_series(1, 25) n returning id, event_id)
       insert into webhook_deliveries (event_row_id, webhook_id, tenant_id, event_type, event_id, status, accepted_as, next_attempt_at)
       select id, $2, $1, 'call.dtmf', event_id, 'pending', 'pending', now() from event`,
      [tenant.id, webhook],
    );
    const { rows } = await api.pool.query<{ id: string; created_at: Date }>(
      'select id, created_at from webhook_deliveries where webhook_id = $1 order by id desc',
      [webhook],
    );
    assert.equal(new Set(rows.map((row) => row.created_at.getTime())).size, 1);
    for (const addMeanwhile of [false, true]) {
      const seen: string[] = [];
      let cursor: string | null = '';
      for (let page = 0; cursor !== null && page < 10; page += 1) {
        const { body } = await list(`?limit=10${cursor && `&cursor=${cursor}`}`);
        seen.push(...idsOf(body.deliveries));
        cursor = body.next_cursor as string | null;
        if (addMeanwhile) await triggerDtmf(api, tenant);
      }
      assert.equal(cursor, null);
      assert.deepEqual(seen, idsOf(rows));
    }
  });

  it('have no next page when the last page is exactly full', async () => {
    await triggerDtmf(api, tenant);
    await triggerDtmf(api, tenant);
    assert.equal((await list('?limit=2')).body.next_cursor, null);
    assert.notEqual((await list('?limit=1')).body.next_cursor, null);
  });

  it('retried while they wait are due immediately, and the workflow is woken', async () => {
    const [id = ''] = await triggerDtmf(api, tenant);
    await recordAnswer(api, id, { statusCode: 500, verdict: 'retry' });
    const woken = api.workflows.woken.length;
    const { status, body } = await retry(id);
    assert.deepEqual([status, body.delivery.id, body.delivery.status], [202, id, 'pending']);
    assert.ok(Date.parse(body.delivery.next_attempt_at) <= Date.now());
    const { event_id } = body.delivery;
    const key = { tenantId: tenant.id, webhookId: webhook, eventType: 'call.dtmf', eventId: event_id };
    assert.deepEqual(api.workflows.woken.slice(woken), [
      { id, eventRowId: await eventRowIdOf(id), ...key, hasWorkflow: true },
    ]);
  });

  it('are woken by their id as stored, however the path spells it', async () => {
    const [id = ''] = await triggerDtmf(api, tenant);
    const { body } = await retry(id.toUpperCase());
    assert.equal(body.delivery.id, id);
    assert.equal(api.workflows.woken.at(-1)?.id, id);
  });

  it('retried after they failed start again under the same id', async () => {
    const [id = ''] = await triggerDtmf(api, tenant);
    await recordAnswer(api, id, { statusCode: 500, verdict: 'final' });
    const { status, body } = await retry(id, {});
    assert.deepEqual([status, body.delivery.status, body.delivery.attempt_count], [202, 'pending', 1]);
    const { statistics } = (await tenant.call('GET', `/v1/webhooks/${webhook}`)).body;
    assert.deepEqual([statistics.failed_deliveries, statistics.pending_deliveries], ['0', '1']);
  });

  it('that were delivered answer a retry with 409, unless it is forced', async () => {
    const [id = ''] = await triggerDtmf(api, tenant);
    await recordAnswer(api, id, { statusCode: 200, verdict: 'delivered' });
    const woken = api.workflows.woken.length;
    const refused = await retry(id, { force: false });
    assert.equal(refused.status, 409);
    assert.match(refused.body.detail, /"force": true/);
    assert.equal(api.workflows.woken.length, woken);
    const forced = await retry(id, { force: true });
    assert.deepEqual([forced.status, forced.body.delivery.status], [202, 'pending']);
    assert.equal((await retry(id, { force: 'yes' })).status, 400);
  });

  it('of a paused webhook answer a retry with 409', async () => {
    const [id = ''] = await triggerDtmf(api, tenant);
    await tenant.call('PATCH', `/v1/webhooks/${webhook}`, { body: { enabled: false } });
    assert.equal((await retry(id)).status, 409);
  });

  it("of test events are sent for the integration guide's empty body, and are counted nowhere", async () => {
    const started = api.workflows.started.length;
    const { status, body } = await tenant.call('POST', `/v1/webhooks/${webhook}/test`, {
      headers: { 'Content-Type': 'application/json' },
    });
    assert.equal(status, 202);
    const { delivery } = body;
    assert.deepEqual([delivery.event_type, delivery.test, delivery.status], ['webhook.test', true, 'pending']);
    assert.match(delivery.event_id, /^test_[0-9a-f-]{36}$/);
    assert.deepEqual(api.workflows.started.slice(started), [
      {
        id: delivery.id,
        eventRowId: await eventRowIdOf(delivery.id),
        tenantId: tenant.id,
        webhookId: webhook,
        eventType: 'webhook.test',
        eventId: delivery.event_id,
      },
    ]);
    const detail = await tenant.call('GET', `/v1/webhooks/${webhook}/deliveries/${delivery.id}`);
    assert.equal((JSON.parse(detail.body.delivery.body) as { data: { webhook_id: number } }).data.webhook_id, webhook);
    await recordAnswer(api, delivery.id, { statusCode: 200, verdict: 'delivered' });
    const shown = await tenant.call('GET', `/v1/webhooks/${webhook}`);
    assert.deepEqual([shown.body.webhook.total_deliveries, shown.body.statistics.avg_duration_ms], [0, '0']);
  });

  it('of test events can have any event type, whatever the webhook subscribes to', async () => {
    const smsOnly = await createWebhook(tenant, { events: ['sms.sent'] });
    const { status, body } = await tenant.call('POST', `/v1/webhooks/${smsOnly}/test`, {
      body: { event_type: 'call.completed' },
    });
    assert.deepEqual([status, body.delivery.event_type], [202, 'call.completed']);
    const unknown = await tenant.call('POST', `/v1/webhooks/${smsOnly}/test`, { body: { event_type: '*' } });
    assert.equal(unknown.status, 400);
  });

  it('of test events are sent to a paused webhook too: the test shows whether to resume', async () => {
    await tenant.call('PATCH', `/v1/webhooks/${webhook}`, { body: { enabled: false } });
    const { status, body } = await tenant.call('POST', `/v1/webhooks/${webhook}/test`);
    assert.deepEqual([status, body.delivery.status], [202, 'pending']);
    assert.equal(api.workflows.started.at(-1)!.id, body.delivery.id);
  });
});
