import assert from 'node:assert/strict';
import { createSecret } from '../../src/delivery/signature.js';
import { createApiClient, createTenantClient, type TenantClient } from '../support/api-client.js';
import { startReceiver, type ReceivedRequest, type Receiver, type Respond } from '../support/receiver.js';
import { attemptSummary, followDelivery, sendEvent } from '../support/sent-delivery.js';
import { callCompleted, startStack, type Stack } from '../support/stack.js';
import {
  guideAccepts,
  startVerifiers,
  verifierNames,
  type VerifierName,
  type Verifiers,
} from '../support/verifiers.js';
import { waitFor } from '../support/wait-for.js';

describe('the signatures of deliveries', function () {
  this.timeout(60_000);
  let stack: Stack;
  let verifiers: Verifiers;
  const receivers: Receiver[] = [];
  before(async () => {
    verifiers = await startVerifiers();
    stack = await startStack();
  });
  after(async () => {
    await stack?.close();
    await verifiers?.close();
    await Promise.all(receivers.map((receiver) => receiver.close()));
  });

  async function receiverWith(respond: Respond = 200): Promise<Receiver> {
    const receiver = await startReceiver(respond);
    receivers.push(receiver);
    return receiver;
  }

  /** Every verifier answers `expected` for all requests; those in `except` answer the opposite. */
  async function assertAll(
    requests: ReceivedRequest[],
    secret: string,
    expected: boolean,
    except: VerifierName[] = [],
  ): Promise<void> {
    const verdicts = await verifiers.verify(requests, secret);
    for (const name of verifierNames) {
      const right = except.includes(name) ? !expected : expected;
      assert.deepEqual(
        verdicts[name],
        requests.map(() => right),
        name,
      );
    }
  }

  /** Changes one byte in a string of the data, so that the guide's example can still parse the JSON. */
  const tamper = (request: ReceivedRequest): ReceivedRequest => {
    const body = Buffer.from(request.body);
    const at = Math.max(body.lastIndexOf('"}'), body.lastIndexOf('",')) - 1;
    body[at] = body[at] === 0x30 ? 0x31 : 0x30;
    return { ...request, body };
  };

  it('are accepted by every verifier for every event type and for all kinds of text', async () => {
    const receiver = await receiverWith();
    const tenant = await createTenantClient(stack);
    const { id, secret } = await tenant.createWebhook({ url: receiver.url });
    const { event_types: types } = (await tenant.get('/v1/event-types')).body as {
      event_types: { name: string; example: unknown }[];
    };
    assert.ok(types.length >= 10, `${types.length} event types`);
    for (const { name, example } of types) await tenant.trigger({ event_type: name, payload: example });
    const texts = ['Zażółć 😀 </b> a/b', 'a\0b', 'a\\u0000b', '\ud83d', '\u2028"\\', ''];
    await tenant.trigger({ payload: { ...callCompleted, texts, closing: 'end' } });
    // Not in the form or order that JSON.stringify would give: the body is rendered once, before it is signed.
    const odd = '"numbers":[1.0,1E2,-0.0,1e-7],"b":1,"10":10,"2":2,"escaped":"\\u00e9\\/","end":"x"}';
    const text = JSON.stringify({
      tenant_id: tenant.tenantId,
      event_type: 'call.completed',
      event_id: 'odd',
      payload: callCompleted,
    });
    const accepted = await createApiClient(stack).post('/v1/events', Buffer.from(text.replace(/}}$/, `,${odd}}`)));
    assert.equal(accepted.status, 201);
    await tenant.post(`/v1/webhooks/${id}/test`);
    const requests = await receiver.waitForRequests(types.length + 3);
    assert.deepEqual(
      [...new Set(requests.map(({ headers }) => headers['x-irisx-event']))].sort(),
      types.map(({ name }) => name).sort(),
    );
    await assertAll(requests, secret, true);
    await assertAll(requests, createSecret(), false);
    const tampered = requests.filter(({ body }) => /"[,}]/.test(body.toString())).map(tamper);
    assert.ok(tampered.length >= types.length, `${tampered.length} changed requests`);
    await assertAll(tampered, secret, false);
  });

  it('field case 26: are made again for each attempt, with the time of that attempt, over the same bytes', async () => {
    const receiver = await receiverWith([500, 500, 200]);
    const sent = await sendEvent(stack, { url: receiver.url }, { occurred_at: '2025-10-29T12:00:00Z' });
    await sent.waitForEnd('delivered');
    const retried = await sent.tenant.post(`/v1/webhooks/${sent.webhookId}/deliveries/${sent.id}/retry`, {
      force: true,
    });
    assert.equal(retried.status, 202);
    await sent.waitForAttempts(4);
    const delivery = await sent.waitForEnd('delivered');
    assert.deepEqual(attemptSummary(delivery), ['http_status 500', 'http_status 500', 'ok 200', 'ok 200']);
    const { requests } = receiver;
    assert.equal(requests.length, 4);
    await assertAll(requests, sent.secret, true);
    const [first] = requests;
    const same = ['webhook-id', 'x-irisx-event', 'x-irisx-event-id', 'x-irisx-delivery', 'content-length'];
    requests.forEach(({ body, headers }, i) => {
      assert.ok(body.equals(first!.body));
      for (const name of same) assert.equal(headers[name], first!.headers[name], name);
      assert.equal(headers['webhook-timestamp'], headers['x-irisx-timestamp']);
      const { started_at: startedAt } = delivery.attempts[i]!;
      const signedAtMs = Number(headers['x-irisx-timestamp']) * 1000; // whole seconds
      assert.ok(
        signedAtMs <= Date.parse(startedAt),
        `attempt ${i + 1} was signed at ${signedAtMs}, began at ${startedAt}`,
      );
      if (i > 0) {
        const { started_at: beforeAt, duration_ms: beforeMs } = delivery.attempts[i - 1]!;
        const endedAtMs = Date.parse(beforeAt) + beforeMs;
        assert.ok(signedAtMs > endedAtMs - 1000, `attempt ${i + 1} was signed at ${signedAtMs}, before ${endedAtMs}`);
      }
      // What the log shows is enough to compare a signature with what arrived.
      const logged = delivery.attempts[i]!.request_headers!;
      assert.equal(logged['X-IRISX-Timestamp'], headers['x-irisx-timestamp']);
      assert.equal(
        logged['X-IRISX-Signature'],
        `${(headers['x-irisx-signature'] as string).slice(0, 'sha256='.length + 8)}…`,
      );
    });
    assert.equal((JSON.parse(first!.body.toString()) as { timestamp: string }).timestamp, '2025-10-29T12:00:00.000Z');
    assert.deepEqual(
      requests.map(({ headers }) => headers['x-irisx-attempt']),
      ['1', '2', '3', '4'],
    );
    const signatures = requests.map(({ headers }) => headers['x-irisx-signature']);
    // The last two may fall in the same second; the first three are 1 and 2 s apart.
    assert.equal(new Set(signatures.slice(0, 3)).size, 3);
  });

  describe('when the secret is rotated', () => {
    const previous = 'x-irisx-signature-previous';
    /** This one reads only the first signature, which is the new secret's during an overlap. */
    const guideOnly: VerifierName[] = ["the guide's Node example"];
    let tenant: TenantClient;
    let receiver: Receiver;
    let webhook: { id: number; secret: string };
    beforeEach(async () => {
      receiver = await receiverWith();
      tenant = await createTenantClient(stack);
      webhook = await tenant.createWebhook({ url: receiver.url });
    });

    async function rotate(overlapSeconds?: number): Promise<string> {
      const body = overlapSeconds === undefined ? undefined : { overlap_seconds: overlapSeconds };
      const response = await tenant.post(`/v1/webhooks/${webhook.id}/rotate-secret`, body);
      assert.equal(response.status, 200);
      return response.body.secret as string;
    }

    async function deliver(): Promise<ReceivedRequest> {
      const [id] = await tenant.trigger();
      await followDelivery(stack, tenant, webhook.id, id!).waitForEnd('delivered');
      return receiver.requests.at(-1)!;
    }

    async function assertOnly(request: ReceivedRequest, secret: string, olds: string[]): Promise<void> {
      await assertAll([request], secret, true);
      for (const old of olds) await assertAll([request], old, false);
      assert.equal(request.headers[previous], undefined);
      assert.equal((request.headers['webhook-signature'] as string).split(' ').length, 1);
    }

    it('verify with the old secret and the new one during the overlap, and with no third', async () => {
      const before = await deliver();
      const secret = await rotate();
      const during = await deliver();
      await assertOnly(before, webhook.secret, [secret]);
      await assertAll([during], secret, true);
      await assertAll([during], webhook.secret, true, guideOnly);
      assert.equal(
        guideAccepts(during, webhook.secret, previous),
        true,
        'the guide’s example, given the previous signature',
      );
      await assertAll([during], createSecret(), false);
      assert.equal(guideAccepts(during, createSecret(), previous), false);
      // Another rotation during the overlap drops the oldest secret.
      const third = await rotate(3600);
      const later = await deliver();
      await assertAll([later], third, true);
      await assertAll([later], secret, true, guideOnly);
      await assertAll([later], webhook.secret, false);
    });

    it('verify with the new secret alone after the overlap, or if there was none', async () => {
      const second = await rotate(1);
      const isOver = async () => (await tenant.webhook(webhook.id)).webhook.previous_secret_expires_at === null;
      await waitFor(isOver, { what: 'the overlap to be over', intervalMs: 50 });
      await assertOnly(await deliver(), second, [webhook.secret]);
      const third = await rotate(0);
      await assertOnly(await deliver(), third, [webhook.secret, second]);
    });

    it('of a retry and of a manual retry are made with the secrets current at that time', async () => {
      receiver.respond = [{ status: 500, headers: { 'Retry-After': '5' } }, 200];
      const [id] = await tenant.trigger();
      const sent = followDelivery(stack, tenant, webhook.id, id!);
      await receiver.waitForRequests(1);
      const second = await rotate();
      await sent.waitForEnd('delivered');
      const [first, retried] = receiver.requests;
      await assertOnly(first!, webhook.secret, [second]);
      await assertAll([retried!], second, true);
      await assertAll([retried!], webhook.secret, true, guideOnly);
      const third = await rotate(0);
      await tenant.post(`/v1/webhooks/${webhook.id}/deliveries/${sent.id}/retry`, { force: true });
      await receiver.waitForRequests(3);
      await assertOnly(receiver.requests[2]!, third, [webhook.secret, second]);
    });
  });
});
