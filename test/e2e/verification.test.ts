import assert from 'node:assert/strict';
import { verificationEvent } from '../../src/delivery/challenge.js';
import { verifySignature } from '../../src/delivery/signature.js';
import { createTenantClient, type TenantClient } from '../support/api-client.js';
import { assertInvariants } from '../support/invariants.js';
import {
  holdResponse,
  startReceiver,
  type ReceivedRequest,
  type Receiver,
  type StubResponse,
} from '../support/receiver.js';
import { scenario } from '../support/scenario.js';
import { startStack, type Stack } from '../support/stack.js';
import { waitFor } from '../support/wait-for.js';

interface Envelope {
  event: string;
  event_id: string;
  timestamp: string;
  data: { challenge: string };
}

const envelopeOf = ({ body }: ReceivedRequest) => JSON.parse(body.toString()) as Envelope;
const eventsAt = ({ requests }: Receiver) => requests.map((request) => envelopeOf(request).event);
/** Answers challenges, and takes everything else. */
const echo = (request: ReceivedRequest): StubResponse => {
  const { challenge } = envelopeOf(request).data;
  return challenge === undefined ? { status: 204 } : { body: JSON.stringify({ challenge }) };
};

describe('the verification of a url', function () {
  this.timeout(60_000);
  let stack: Stack;
  const receivers: Receiver[] = [];
  before(async () => {
    stack = await startStack();
  });
  after(async () => {
    await stack.close();
    await Promise.all(receivers.map((receiver) => receiver.close()));
  });

  async function receiverThat(respond: Receiver['respond']): Promise<Receiver> {
    // Longer than a test takes on a busy machine.
    const receiver = await startReceiver(respond, { keepAliveTimeoutMs: 60_000 });
    receivers.push(receiver);
    return receiver;
  }

  async function unverified(url: string, settings: Record<string, unknown> = {}) {
    const tenant = await createTenantClient(stack);
    const { id, secret } = await tenant.createWebhook({ url, verify: true, ...settings });
    return { tenant, id, secret };
  }
  const verificationOf = async (tenant: TenantClient, id: number) => (await tenant.webhook(id)).webhook.verification;
  const isRefused = (tenant: TenantClient, id: number) =>
    waitFor(async () => (await verificationOf(tenant, id)).last_error, { what: 'a wrong answer' });
  const isVerified = (tenant: TenantClient, id: number) =>
    waitFor(async () => (await verificationOf(tenant, id)).verified_at, { what: 'a verified webhook' });

  scenario('sends nothing but the challenge until it is echoed, and then all that was held', async () => {
    const receiver = await receiverThat(401);
    const { tenant, id, secret } = await unverified(receiver.url, { headers: { 'X-Team': 'billing' } });
    const eventIds = ['first', 'second', 'third'];
    const deliveries: string[] = [];
    for (const event_id of eventIds) deliveries.push(...(await tenant.trigger({ event_id })));
    for (const each of deliveries) assert.equal((await tenant.delivery(id, each)).status, 'held');
    assert.equal(
      await isRefused(tenant, id),
      `url: The receiver answered 401; only 2xx is success. When that is corrected, call POST /v1/webhooks/${id}/verify; a new url is asked by itself.`,
    );

    const test = await tenant.post(`/v1/webhooks/${id}/test`);
    const retry = await tenant.post(`/v1/webhooks/${id}/deliveries/${deliveries[0]}/retry`);
    assert.deepEqual([test.status, retry.status], [409, 409]);
    for (const { body } of [test, retry]) assert.match(body.detail as string, /not verified.*\/verify/);

    const [request] = receiver.requests;
    assert.equal(receiver.requests.length, 1);
    const { headers, body } = request!;
    const { event, event_id, data, ...rest } = envelopeOf(request!);
    assert.deepEqual([event, headers['x-irisx-event'], Object.keys(rest)], [verificationEvent, event, ['timestamp']]);
    assert.deepEqual([headers['x-irisx-event-id'], headers['x-team']], [event_id, 'billing']);
    assert.match(data.challenge, /^[\w-]{43}$/);
    const [signature, timestamp] = [headers['x-irisx-signature'], headers['x-irisx-timestamp']];
    assert.ok(verifySignature({ rawBody: body, signature, timestamp, secret }));

    receiver.respond = echo;
    const asked = await tenant.post(`/v1/webhooks/${id}/verify`);
    assert.deepEqual([asked.status, asked.body.verification.last_error], [202, null]);
    await isVerified(tenant, id);
    const received = await receiver.waitForRequests(5);
    assert.notEqual(envelopeOf(received[1]!).data.challenge, data.challenge);
    assert.deepEqual(
      received
        .slice(2)
        .map((each) => envelopeOf(each).event_id)
        .sort(),
      eventIds,
    );

    await waitFor(async () => (await tenant.webhook(id)).webhook.successful_deliveries === 3, { what: 'its records' });
    const { webhook, statistics } = await tenant.webhook(id);
    assert.deepEqual([webhook.total_deliveries, webhook.failed_deliveries, statistics.held_deliveries], [3, 0, '0']);
    assert.deepEqual(
      [webhook.health.state, webhook.health.last_error, webhook.last_failure_at],
      ['healthy', null, null],
    );
    const log = (await tenant.get(`/v1/audit-log?subject_type=webhook&subject_id=${id}`)).body.entries as Entry[];
    assert.deepEqual(
      log.map(({ action, actor }) => `${actor.type} ${action}`),
      [
        'system webhook.verified',
        'api_key webhook.verification_requested',
        'system webhook.verification_failed',
        'api_key webhook.created',
      ],
    );
    await assertInvariants(stack.database.pool, id);
  });

  scenario('names what was wrong with the answer', async () => {
    const receiver = await receiverThat(200);
    const { tenant, id } = await unverified(receiver.url, { timeout_ms: 1_000 });
    const wrong: [Receiver['respond'], RegExp][] = [
      [200, /answered 200, but not with the challenge\. Expected: \{"challenge": "<data\.challenge/],
      [(request) => ({ body: request.body }), /answered 200, but not with the challenge/],
      [(request) => ({ ...echo(request), status: 500 }), /answered 500; only 2xx is success/],
      [(request) => ({ ...echo(request), status: 302, headers: { Location: '/' } }), /answered 302/],
      [(request) => ({ ...echo(request), delayMs: 1_500 }), /no response within 1000 ms/],
      [(_, response) => void response.destroy(), /connection closed/],
      [() => ({ body: 'x'.repeat(100_000) }), /answered 200, but not with the challenge/],
    ];
    await isRefused(tenant, id);
    for (const [respond, message] of wrong) {
      receiver.respond = respond;
      assert.equal((await tenant.post(`/v1/webhooks/${id}/verify`)).status, 202);
      assert.match(await isRefused(tenant, id), message);
    }
    assert.equal(receiver.requests.length, 1 + wrong.length, 'each was asked once');
    receiver.respond = (request) => ({ body: `${envelopeOf(request).data.challenge}\n` });
    await tenant.post(`/v1/webhooks/${id}/verify`);
    await isVerified(tenant, id);
  });

  scenario('asks once more if a connection that was kept open breaks: the receiver may not have seen it', async () => {
    const receiver = await receiverThat(200);
    const { tenant, id } = await unverified(receiver.url);
    await isRefused(tenant, id);
    receiver.respond = (request, response, index) => (index === 1 ? void response.destroy() : echo(request));
    await tenant.post(`/v1/webhooks/${id}/verify`);
    await isVerified(tenant, id);
    assert.equal(receiver.requests.length, 3);
    assert.equal(receiver.connections, 2);
  });

  scenario('does not count an answer for a url that was changed meanwhile', async () => {
    const held = holdResponse();
    const before = await receiverThat(async (request) => {
      await held.respond();
      return echo(request);
    });
    const after = await receiverThat(404);
    const { tenant, id } = await unverified(before.url);
    await before.waitForRequests(1);
    const changed = await tenant.patch(`/v1/webhooks/${id}`, { url: after.url });
    assert.equal(changed.body.webhook.verification.status, 'pending');
    held.release();
    await after.waitForRequests(1);
    assert.match(await isRefused(tenant, id), /answered 404/);
    assert.equal((await verificationOf(tenant, id)).status, 'pending');
    assert.deepEqual(eventsAt(before), [verificationEvent]);
  });

  scenario('asks a new url before anything else is sent there, and then sends it what had been under way', async () => {
    const before = await receiverThat(echo);
    const after = await receiverThat(503);
    const { tenant, id } = await unverified(before.url);
    await isVerified(tenant, id);
    before.respond = 500;
    const [delivery] = await tenant.trigger();
    await before.waitForRequests(2);
    await tenant.patch(`/v1/webhooks/${id}`, { url: after.url });
    await isRefused(tenant, id);
    const [another] = await tenant.trigger();
    for (const each of [delivery!, another!])
      await waitFor(async () => (await tenant.delivery(id, each)).status === 'held', { what: 'a held delivery' });
    assert.deepEqual(eventsAt(after), [verificationEvent]);
    after.respond = echo;
    await tenant.post(`/v1/webhooks/${id}/verify`);
    await after.waitForRequests(4);
    assert.deepEqual(eventsAt(after), [verificationEvent, verificationEvent, 'call.completed', 'call.completed']);
  });

  scenario('asks the fallback url too: both must echo, each a challenge of its own', async () => {
    const [primary, fallback] = [await receiverThat(echo), await receiverThat(200)];
    const { tenant, id } = await unverified(primary.url, { fallback_url: fallback.url });
    assert.match(await isRefused(tenant, id), /^fallback_url: The receiver answered 200, but not/);
    const challenges = [primary, fallback].map(({ requests }) => envelopeOf(requests[0]!).data.challenge);
    assert.notEqual(challenges[0], challenges[1]);
    fallback.respond = echo;
    await tenant.post(`/v1/webhooks/${id}/verify`);
    await isVerified(tenant, id);

    const another = await receiverThat(403);
    await tenant.patch(`/v1/webhooks/${id}`, { fallback_url: another.url });
    assert.match(await isRefused(tenant, id), /^fallback_url: The receiver answered 403/);
    await tenant.patch(`/v1/webhooks/${id}`, { fallback_url: null });
    await isVerified(tenant, id);
    assert.equal(another.requests.length, 1);
  });

  scenario('is started by the sweeper if its workflow was not, and respects the address guard', async () => {
    const receiver = await receiverThat(echo);
    const tenant = await createTenantClient(stack);
    const ids: number[] = [];
    // As if the process had died before it started the workflows.
    for (const url of [receiver.url, 'http://192.0.2.1/', 'http://10.0.0.1/'])
      ids.push((await stack.insertWebhook(tenant.tenantId, { url, enabled: false })).id);
    await stack.database.pool.query(
      `update webhooks set verification = 'pending', verification_checked_at = now() - interval '2 min'
        where id = any($1)`,
      [ids],
    );
    await isVerified(tenant, ids[0]!);
    for (const id of ids.slice(1)) assert.match(await isRefused(tenant, id), /^url: destination not allowed\. When/);
  });
});

interface Entry {
  action: string;
  actor: { type: string };
}
